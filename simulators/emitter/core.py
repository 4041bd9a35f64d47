"""The rules of event delivery, without any web: at least once, the same i_event on every attempt."""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import partial
from typing import Any, Final, Literal

from simulators.clock import Clock
from simulators.records import EventCredentials
from simulators.transport import Answer, Outbound, Send
from simulators.world import read_number

Fate = Literal["queued", "finished", "dropped", "given-up"]
Success = Literal["200", "any-2xx"]
Numbers = Literal["ints", "strings", "mixed"]

OK: Final = 200


@dataclass(frozen=True, kw_only=True)
class EmitterSettings:
    """What differs between installations, or is not public.

    `success`: which answers take an event; by the letter 200 alone (S20). `numbers`: the type tables say
    ints, the examples quote them (section 5, row 7); mixed quotes all ids but `i_event`. `resend_interval`
    (virtual seconds) and `resend_limit` are assumed: a limit exists, its value is not public (S10).
    """

    success: Success = "200"
    numbers: Numbers = "ints"
    resend_interval: float = 60.0
    resend_limit: int = 100


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One attempt: when it was answered in virtual time, and how (0: not at all)."""

    answered_at: float
    status: int


@dataclass(frozen=True, kw_only=True)
class Event:
    """A provisioning event in the emitter's queue."""

    i_event: int
    event_type: str
    variables: Mapping[str, Any]
    fate: Fate = "queued"
    deliveries: tuple[Delivery, ...] = field(default=())

    def body(self, numbers: Numbers) -> bytes:
        """The documented body: `i_event` stands inside `variables` (section 5, row 6)."""
        variables = {**self.variables, "i_event": self.i_event}
        written = {name: _written(name, value, numbers) for name, value in variables.items()}
        return json.dumps({"event_type": self.event_type, "variables": written}).encode()


class Emitter:
    """Sends events to one provisioner and sends them again as the ESPF does (1.8)."""

    def __init__(
        self,
        *,
        clock: Clock,
        send: Send,
        url: str,
        credentials: EventCredentials,
        settings: EmitterSettings,
        first_i_event: int = 1,
    ) -> None:
        self._clock = clock
        self._send = send
        self._url = url
        self._credentials = credentials
        self.settings = settings
        self._numbers = itertools.count(first_i_event)
        self._events: dict[int, Event] = {}

    def emit(self, event_type: str, /, **variables: Any) -> Event:
        """Put a new event into the queue and send it."""
        event = Event(i_event=next(self._numbers), event_type=event_type, variables=variables)
        self._events[event.i_event] = event
        self._deliver(event.i_event)
        return event

    def resend(self, i_event: int) -> None:
        """Send an event once more whatever became of it, as after an answer that was lost on its way."""
        self._deliver(i_event)

    def event(self, i_event: int) -> Event | None:
        """An event with its deliveries so far."""
        return self._events.get(i_event)

    def _deliver(self, i_event: int) -> None:
        event = self._events[i_event]
        i_account = read_number(event.variables.get("i_account"))
        outbound = Outbound(
            source="emitter",
            url=self._url,
            headers=self._headers(),
            body=event.body(self.settings.numbers),
            correlation={
                "operation": "event",
                "i_event": i_event,
                "i_account": i_account,
                "detail": {"event_type": event.event_type},
            },
        )
        self._send(outbound, partial(self._answered, i_event))

    def _headers(self) -> dict[str, str]:
        """The mandatory headers (S2); `Date` follows the wall clock, which is the provisioner's own."""
        return {
            "Date": formatdate(usegmt=True),
            "Content-Type": "application/json",
            self._credentials.header: self._credentials.header_value,
        }

    def _answered(self, i_event: int, answer: Answer) -> None:
        event = self._events[i_event]
        delivery = Delivery(answered_at=self._clock.now(), status=answer.status)
        deliveries = (*event.deliveries, delivery)
        fate = event.fate if event.fate != "queued" else self._fate(answer.status, attempts=len(deliveries))
        self._events[i_event] = replace(event, deliveries=deliveries, fate=fate)
        if fate == "queued":
            again: Callable[[], None] = partial(self._deliver_queued, i_event)
            self._clock.call_later(self.settings.resend_interval, again, label=f"resend of event {i_event}")

    def _deliver_queued(self, i_event: int) -> None:
        # Another delivery, as by `resend`, may have taken the event out of the queue meanwhile.
        if self._events[i_event].fate == "queued":
            self._deliver(i_event)

    def _fate(self, status: int, *, attempts: int) -> Fate:
        """200 removes, 4xx drops for good, anything else is sent again (S20)."""
        if status == OK or (self.settings.success == "any-2xx" and 200 <= status < 300):  # noqa: PLR2004 - the class of success
            return "finished"
        if 400 <= status < 500:  # noqa: PLR2004 - the class of refusals
            return "dropped"
        return "given-up" if attempts >= self.settings.resend_limit else "queued"


def _written(name: str, value: Any, numbers: Numbers) -> Any:
    """Write an id as the setting says; what is no id stays as it is."""
    quoted = numbers == "strings" or (numbers == "mixed" and name != "i_event")
    return str(value) if quoted and name.startswith("i_") and isinstance(value, int) else value
