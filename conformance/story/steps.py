"""Steps: what a story did, as plain data: a verb, its arguments, and names for what the story made.

A step is `{"verb": "emit", "action": "activate", "account": "account 1", "as": "event 1"}`: accounts and
events are meant by their names, so that the same steps can be played with others.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, Protocol, TypeVar, cast

from conformance.errors import StoryError
from simulators.emitter.core import Event
from simulators.records import Account

Verb = TypeVar("Verb", bound=Callable[..., Any])
Step = Mapping[str, Any]

VERB: Final = "verb"
AS: Final = "as"
_NAME: Final = re.compile(r"(account|event) [0-9]+")
_MARK: Final = "is_verb"


class Names:
    """The names of what a story made: `account 1` is its first account, `event 1` its first event."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], str] = {}

    def keep(self, made: object) -> str | None:
        """The name of what a step made, the next of its kind for a new thing; None for anything else."""
        if not isinstance(made, Account | Event):
            return None
        kind, _ = key = _key(made)
        number = 1 + sum(other == kind for other, _ in self._names)
        return self._names.setdefault(key, f"{kind} {number}")

    def written(self, value: Any) -> Any:
        """A value as a step holds it: things by their names, all else as JSON has it."""
        match value:
            case Account() | Event():
                return self._names[_key(value)]
            case Mapping():
                return {key: self.written(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.written(inner) for inner in value]
        return value


def _key(thing: Account | Event) -> tuple[str, int]:
    return ("event", thing.i_event) if isinstance(thing, Event) else ("account", thing.i_account)


class Teller(Protocol):
    """Who has verbs."""

    @property
    def names(self) -> Names:
        """The names of what it made."""

    def note(self, step: Step) -> None:
        """Record a step."""


def verb(method: Verb) -> Verb:
    """Make a method a verb: each call of it is a step of the story, also one that fails."""
    signature = inspect.signature(method)

    @wraps(method)
    def told(self: Teller, *args: Any, **kwargs: Any) -> Any:
        _, *given = signature.bind(self, *args, **kwargs).arguments.items()
        step = {VERB: method.__name__}
        for name, value in given:
            is_open = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
            step |= self.names.written(value if is_open else {name: value})
        try:
            made = method(self, *args, **kwargs)
        except BaseException:
            self.note(step)
            raise
        name_of_made = self.names.keep(made)
        self.note({**step, AS: name_of_made} if name_of_made else step)
        return made

    setattr(told, _MARK, True)
    return cast("Verb", told)


def play(teller: Teller, steps: Sequence[Step]) -> None:
    """Do what steps say, in their order, with new accounts and events.

    Raises:
        StoryError: a step cannot be played; the message names it.
    """
    made: dict[str, Any] = {}
    for number, step in enumerate(steps, start=1):
        where = f"Step {number}"
        method = _method(teller, step.get(VERB), where=where)
        arguments = {
            name: _meant(value, made, where=where) for name, value in step.items() if name not in {VERB, AS}
        }
        try:
            inspect.signature(method).bind(**arguments)
        except TypeError as error:
            raise StoryError(f"{where}, {step[VERB]}: {error}.") from error
        given = method(**arguments)
        if AS in step:
            made[step[AS]] = given


def _method(teller: Teller, name: object, *, where: str) -> Callable[..., Any]:
    known = {key: value for key in dir(type(teller)) if hasattr(value := getattr(type(teller), key), _MARK)}
    if name not in known:
        raise StoryError(f"{where}: {name!r} is no verb of a story; these are: {', '.join(sorted(known))}.")
    method: Callable[..., Any] = getattr(teller, str(name))
    return method


def _meant(value: Any, made: Mapping[str, Any], *, where: str) -> Any:
    """What a value of a step means: a name stands for what it was given to."""
    match value:
        case str() if value in made:
            return made[value]
        case str() if _NAME.fullmatch(value):
            raise StoryError(f"{where}: there is no {value} so far.")
        case Mapping():
            return {key: _meant(inner, made, where=where) for key, inner in value.items()}
        case list():
            return [_meant(inner, made, where=where) for inner in value]
    return value
