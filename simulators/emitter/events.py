"""Events as values: what is written on the wire, and what became of it with each handler."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from simulators.emitter.settings import Numbers
from simulators.emitter.vocabulary import VocabularyName
from simulators.errors import EventError
from simulators.records import EventCredentials

Fate = Literal["queued", "given-up", "dropped", "superseded", "finished", "unsubscribed"]

# Bits, far above any id: Python itself refuses to write thousands of digits.
LONGEST_NUMBER: Final = 1024
# Of several handlers' fates, the first of these is the event's: it is queued until all have ended (S10).
_BY_WEIGHT: Final[tuple[Fate, ...]] = ("queued", "given-up", "dropped", "superseded", "finished")


@dataclass(frozen=True, kw_only=True)
class Handler:
    """A receiver of events: its address, what the ESPF shows to it, its vocabulary and its subscriptions.

    Without subscriptions it gets all events: a new enabled handler is subscribed to all (S7).

    Raises:
        EventError: the address is none.
    """

    name: str
    """How the journal calls it."""
    url: str
    """Where it takes events."""
    credentials: EventCredentials
    """What the ESPF shows to it."""
    vocabulary: VocabularyName = "legacy"
    """What it is told in."""
    subscriptions: tuple[str, ...] = ()
    """Event types that it wants; none means all, to which a new enabled handler is subscribed (S7)."""

    def __post_init__(self) -> None:
        """Refuse what nothing can be sent to."""
        if not _is_address(self.url):
            raise EventError(
                f"Events cannot go to {self.url!r}: give an address with http or https and a host, "
                "such as http://127.0.0.1:8080/events."
            )

    def subscribes(self, event_type: str) -> bool:
        """Whether it wants events of a type; webhook handlers may name a whole group (S3)."""
        wanted = {event_type, event_type.partition("/")[0]}
        return not self.subscriptions or not wanted.isdisjoint(self.subscriptions)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One answered attempt: its number, its virtual times, and its status (0: no answer)."""

    handler: str
    attempt: int
    sent_at: float
    answered_at: float
    status: int


@dataclass(frozen=True, kw_only=True)
class Message:
    """What an event says."""

    i_event: int
    event_type: str
    variables: Mapping[str, Any]

    def body(self, numbers: Numbers) -> bytes:
        """The documented body: `i_event` stands inside `variables` (section 5, row 6)."""
        variables = {**self.variables, "i_event": self.i_event}
        written = {name: _written(name, value, numbers) for name, value in variables.items()}
        return json.dumps({"event_type": self.event_type, "variables": written}).encode()


@dataclass(frozen=True, kw_only=True)
class Handling(Message):
    """An event as one handler is told of it; `attempts` counts those that were sent.

    `key` is what it has in common with the events that it may supersede, `cause` why it is sent first.
    """

    handler: str
    cause: str = ""
    key: tuple[str, str] | None = None
    fate: Fate = "queued"
    attempts: int = 0
    deliveries: tuple[Delivery, ...] = field(default=())

    @property
    def is_under_way(self) -> bool:
        """Whether an attempt is unanswered."""
        return self.attempts > len(self.deliveries)


@dataclass(frozen=True, kw_only=True)
class Event(Message):
    """A provisioning event as it occurred, and what became of it with each handler that it concerns."""

    handlings: tuple[Handling, ...] = field(default=())

    @property
    def fate(self) -> Fate:
        """What became of it over all handlers; `unsubscribed` when no handler was to be told."""
        fates = {handling.fate for handling in self.handlings}
        return next((fate for fate in _BY_WEIGHT if fate in fates), "unsubscribed")

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The answered attempts with all handlers, in the order of their answers."""
        told = (delivery for handling in self.handlings for delivery in handling.deliveries)
        return tuple(sorted(told, key=lambda delivery: delivery.answered_at))


def check_message(event_type: str, variables: Mapping[str, Any]) -> None:
    """Make sure that an event can be written: a type, and variables that are plain JSON values.

    Raises:
        EventError: it cannot; the message names the value.
    """
    if not event_type:
        raise EventError("The event type is empty: give one such as Account/New.")
    for name, value in variables.items():
        if not _is_plain(value):
            shown = f"a number of {value.bit_length()} bits" if isinstance(value, int) else repr(value)
            raise EventError(
                f"Variable {name} of {event_type} is {shown}: "
                "a text, a finite number, true, false or null is required."
            )


def _written(name: str, value: Any, numbers: Numbers) -> Any:
    """Write an id as the setting says; what is no id stays as it is."""
    quoted = numbers == "strings" or (numbers == "mixed" and name != "i_event")
    return str(value) if quoted and name.startswith("i_") and isinstance(value, int) else value


def _is_plain(value: Any) -> bool:
    """Every documented variable is a number or a string (1.3 to 1.5)."""
    if isinstance(value, int):
        return value.bit_length() <= LONGEST_NUMBER
    return value is None or isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
