"""What the ESPF calls its events in each of its vocabularies and releases: data and pure functions."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final, Literal, Self

from pydantic import Field

from simulators.bundled import load
from simulators.errors import EventError
from simulators.release import Release
from simulators.validation import Strict

# So much alike are a name and a slip of the pen.
NEAR: Final = 0.8
VocabularyName = Literal["legacy", "webhooks"]

# The variable that names whom an internal event is about, unless the vocabulary's file says otherwise.
_ENTITIES: Final = {"Account": "i_account", "Customer": "i_customer"}


class InternalEvent(Strict):
    """An event inside PortaBilling under its newest legacy name; `fixtures/events` explains each field."""

    name: str
    since: Release = Field(Release(0), alias="from")
    webhook: str | None = None
    coalesced: bool = False
    entity: str | None = None


class FormerName(Strict):
    """What an event was called up to a release."""

    name: str
    event: str
    until: Release


class Vocabulary(Strict):
    """All event types: internal ones (1.5), and the webhook types (1.4) to which they are mapped (1.6)."""

    events: tuple[InternalEvent, ...]
    former_names: tuple[FormerName, ...]
    webhooks: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls) -> Self:
        """Read the vocabulary that comes with the harness."""
        return load("events", "vocabulary", cls)[1]

    def types(self, vocabulary: VocabularyName, *, release: Release) -> tuple[str, ...]:
        """The event types that a handler may subscribe to."""
        if vocabulary == "webhooks":
            return tuple(self.webhooks)
        names = (self.legacy_name(event.name, release=release) for event in self.events)
        # One name can stand for two events of later releases.
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def legacy_name(self, event_type: str, *, release: Release) -> str | None:
        """What a release calls an internal event; None when it does not have the event (S8, S22).

        Raises:
            EventError: no internal event has this newest name.
        """
        if release < self._event(event_type).since:
            return None
        former = (former for former in self.former_names if former.event == event_type)
        return next((name.name for name in former if release <= name.until), event_type)

    def told(
        self,
        event_type: str,
        variables: Mapping[str, Any],
        *,
        vocabulary: VocabularyName,
        release: Release,
    ) -> tuple[str, Mapping[str, Any]] | None:
        """Type and variables under which a handler is told of an internal event; None when it is not told.

        A legacy event carries what it is given, a webhook exactly the variables of its type (S3).

        Raises:
            EventError: the event is not known, or a variable that its webhook needs is not given.
        """
        name = self.legacy_name(event_type, release=release)
        if name is None or vocabulary == "legacy":
            return None if name is None else (name, variables)
        webhook = self._event(event_type).webhook
        if webhook is None:
            return None
        known = self._with_entity(event_type, variables)
        if missing := [name for name in self.webhooks[webhook] if name not in known]:
            raise EventError(f"{event_type} lacks {', '.join(missing)}: its webhook {webhook} carries them.")
        return webhook, {name: known[name] for name in self.webhooks[webhook]}

    def coalescing_key(self, event_type: str, variables: Mapping[str, Any]) -> tuple[str, str] | None:
        """What queued events have in common of which only the latest is processed; None for all others (S5).

        Type and entity must be the same: that several types are not mixed is assumed.
        """
        event = next((event for event in self.events if event.name == event_type), None)
        if event is None or not event.coalesced:
            return None
        entity = variables.get(_ENTITIES[_group(event_type)])
        return None if entity is None else (event_type, str(entity))

    def check_subscriptions(
        self, subscriptions: Iterable[str], *, vocabulary: VocabularyName, release: Release
    ) -> None:
        """Make sure that all of them exist; a webhook handler may subscribe to a whole group (S3).

        Raises:
            EventError: one does not exist in this vocabulary and release.
        """
        known = self.types(vocabulary, release=release)
        groups = sorted({_group(name) for name in known}) if vocabulary == "webhooks" else []
        for name in subscriptions:
            if name not in {*known, *groups}:
                where = f"the vocabulary {vocabulary!r} of {release}"
                nearest = _nearest(name, [*groups, *known])
                hint = (self._as_webhook(name) if vocabulary == "webhooks" else None) or nearest
                raise EventError(f"{name!r} is no event type of {where}: {hint}.")

    def meant(self, event_type: str) -> tuple[str, ...]:
        """The types of any vocabulary and release that a type looks like; none for a known one."""
        known = [*(event.name for event in self.events), *(former.name for former in self.former_names)]
        known += self.webhooks
        return () if event_type in known else tuple(get_close_matches(event_type, known, cutoff=NEAR))

    def _as_webhook(self, name: str) -> str | None:
        webhook = next((event.webhook for event in self.events if event.name == name), None)
        return webhook and f"it is told as {webhook}"

    def _event(self, event_type: str) -> InternalEvent:
        for event in self.events:
            if event.name == event_type:
                return event
        names = [event.name for event in self.events]
        raise EventError(f"{event_type!r} is no internal event: {_nearest(event_type, names)}.")

    def _with_entity(self, event_type: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        entity = self._event(event_type).entity
        if entity is None or entity not in variables:
            return variables
        return {_ENTITIES[_group(event_type)]: variables[entity], **variables}


def _group(event_type: str) -> str:
    return event_type.partition("/")[0]


def _nearest(name: str, known: list[str]) -> str:
    return f"the nearest known are {', '.join(get_close_matches(name, known, cutoff=0.0))}"
