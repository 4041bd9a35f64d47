"""The ESPF's event emitter, without any web: numbers what occurs and hands it to each handler's queue."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from simulators.clock import Clock
from simulators.emitter.deliveries import HandlerQueue
from simulators.emitter.events import Event, Handler, Handling, check_message
from simulators.emitter.settings import EmitterSettings, Success
from simulators.emitter.vocabulary import Vocabulary
from simulators.errors import EventError
from simulators.records import EventCredentials
from simulators.wire.transport import Send

__all__ = ["FIRST_HANDLER", "Emitter", "EmitterSettings", "Event", "Handler", "Success"]

# The name of the handler at the events URL.
FIRST_HANDLER: Final = "provisioner"

Told = tuple[str, Mapping[str, Any]]


class Emitter:
    """Tells handlers of events, each in its own vocabulary, and gives every event one i_event.

    The first handler is at `url` and follows the settings; `handlers` are further ones.

    Raises:
        EventError: an address is none, a name is used twice, or a subscription does not exist.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        send: Send,
        url: str,
        credentials: EventCredentials,
        settings: EmitterSettings,
        vocabulary: Vocabulary,
        handlers: tuple[Handler, ...] = (),
        first_i_event: int = 1,
    ) -> None:
        first = Handler(
            name=FIRST_HANDLER,
            url=url,
            credentials=credentials,
            vocabulary=settings.vocabulary,
            subscriptions=settings.subscriptions,
        )
        self.settings = settings
        self.vocabulary = vocabulary
        self._clock = clock
        self._queues = [
            HandlerQueue(handler, clock=clock, send=send, settings=settings) for handler in (first, *handlers)
        ]
        self._check_handlers()
        self.next_i_event = first_i_event
        self._events: dict[int, Event] = {}
        self._cause = "emitted"

    def emit(self, event_type: str, /, **variables: Any) -> Event:
        """Send an event of any type, known or not, with these variables and no translation.

        It goes to every handler that subscribes to the type, whatever vocabulary the handler speaks.
        Else it is an event like all others: answered, sent again and coalesced by the same rules.

        Raises:
            EventError: it cannot be written.
        """
        with self._clock.guard:
            return self._put(
                event_type, variables, told=((queue, (event_type, variables)) for queue in self._queues)
            )

    @contextmanager
    def because(self, cause: str) -> Iterator[None]:
        """Say why the events of a block occur; to be called with the guard held."""
        before, self._cause = self._cause, cause
        try:
            yield
        finally:
            self._cause = before

    def occurred(self, event_type: str, /, **variables: Any) -> Event:
        """Tell of an internal event, named by its newest legacy name, as the imitated release does.

        A handler is told in its own vocabulary, or not at all if that has no such event (1.6), or if the
        handler does not subscribe to it.

        Raises:
            EventError: the event is not known, cannot be written, or lacks a variable that its webhook needs.
        """
        release = self.settings.release
        told = [
            (
                queue,
                self.vocabulary.told(
                    event_type, variables, vocabulary=queue.handler.vocabulary, release=release
                ),
            )
            for queue in self._queues
        ]
        name = self.vocabulary.legacy_name(event_type, release=release) or event_type
        with self._clock.guard:
            return self._put(name, variables, told=told)

    def resend(self, i_event: int) -> None:
        """Send an event once more whatever became of it, as after an answer that was lost on its way.

        Raises:
            EventError: no event has this number.
        """
        if i_event not in self._events:
            raise EventError(f"No event has i_event {i_event}, so none can be sent again.")
        with self._clock.guard:
            for queue in self._queues:
                queue.resend(i_event)

    def event(self, i_event: int) -> Event | None:
        """An event with what became of it so far; None when there is none of this number."""
        with self._clock.guard:
            occurred = self._events.get(i_event)
            return occurred and self._with_handlings(occurred)

    def events(self, *, since: int = 0, limit: int) -> tuple[Event, ...]:
        """The first `limit` events whose number is above `since`, each with what became of it so far."""
        with self._clock.guard:
            # Numbers are given one after the other.
            before = since - next(iter(self._events), 0) + 1
            begin = min(max(0, before), len(self._events))
            return tuple(map(self._with_handlings, islice(self._events.values(), begin, begin + limit)))

    def _put(
        self,
        event_type: str,
        variables: Mapping[str, Any],
        *,
        told: Iterable[tuple[HandlerQueue, Told | None]],
    ) -> Event:
        check_message(event_type, variables)
        event = Event(i_event=self.next_i_event, event_type=event_type, variables=variables)
        self.next_i_event += 1
        self._events[event.i_event] = event
        for queue, message in told:
            if message is not None and queue.handler.subscribes(message[0]):
                queue.put(self._handling(event, queue.handler, told=message))
        return self._with_handlings(event)

    def _handling(self, event: Event, handler: Handler, *, told: Told) -> Handling:
        event_type, variables = told
        key = self.vocabulary.coalescing_key(event.event_type, event.variables)
        return Handling(
            i_event=event.i_event,
            event_type=event_type,
            variables={**self._circumstances(event_type), **variables},
            handler=handler.name,
            cause=self._cause,
            key=key if self.settings.coalesce else None,
        )

    def _circumstances(self, event_type: str) -> dict[str, Any]:
        """What a legacy event carries beside its own variables; webhooks have neither (S3, S11)."""
        if event_type in self.vocabulary.webhooks:
            return {}
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return {
            **({} if self.settings.i_env is None else {"i_env": self.settings.i_env}),
            **({"event_time": now.strftime("%Y-%m-%d %H:%M:%S")} if self.settings.event_time else {}),
        }

    def _with_handlings(self, event: Event) -> Event:
        handlings = (queue.handling(event.i_event) for queue in self._queues)
        return Event(
            i_event=event.i_event,
            event_type=event.event_type,
            variables=event.variables,
            handlings=tuple(handling for handling in handlings if handling is not None),
        )

    def _check_handlers(self) -> None:
        names = [queue.handler.name for queue in self._queues]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise EventError(f"Handlers need names of their own; used twice: {', '.join(twice)}.")
        for queue in self._queues:
            self.vocabulary.check_subscriptions(
                queue.handler.subscriptions,
                vocabulary=queue.handler.vocabulary,
                release=self.settings.release,
            )
