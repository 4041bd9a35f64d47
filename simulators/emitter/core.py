"""The rules of event delivery, without any web: at least once, the same i_event on every attempt."""

import itertools
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import partial
from typing import Any, Final, Literal

from simulators.clock import Clock
from simulators.transport import Answer, Outbound, Send
from simulators.world import EventCredentials, read_i_account

Fate = Literal["queued", "finished", "dropped", "given-up"]
Success = Literal["200", "any-2xx"]

OK: Final = 200
# Assumed: the real interval and limit are not public (section 7).
RESEND_INTERVAL: Final = 60.0
RESEND_LIMIT: Final = 100


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

    def body(self) -> bytes:
        """The documented body: `i_event` stands inside `variables` (section 5, row 6)."""
        variables = {**self.variables, "i_event": self.i_event}
        return json.dumps({"event_type": self.event_type, "variables": variables}).encode()


class Emitter:
    """Sends events to one provisioner and sends them again as the ESPF does (1.8)."""

    def __init__(
        self,
        *,
        clock: Clock,
        send: Send,
        url: str,
        credentials: EventCredentials,
        success: Success = "200",
        first_i_event: int = 1,
    ) -> None:
        self._clock = clock
        self._send = send
        self._url = url
        self._credentials = credentials
        self._success: Success = success
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
        i_account = read_i_account(event.variables.get("i_account"))
        outbound = Outbound(
            source="emitter",
            url=self._url,
            headers=self._headers(),
            body=event.body(),
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
        pair = f"{self._credentials.user}:{self._credentials.password}".encode()
        return {
            "Date": formatdate(usegmt=True),
            "Content-Type": "application/json",
            "Authorization": f"Basic {b64encode(pair).decode()}",
        }

    def _answered(self, i_event: int, answer: Answer) -> None:
        event = self._events[i_event]
        delivery = Delivery(answered_at=self._clock.now(), status=answer.status)
        deliveries = (*event.deliveries, delivery)
        fate = event.fate if event.fate != "queued" else self._fate(answer.status, attempts=len(deliveries))
        self._events[i_event] = replace(event, deliveries=deliveries, fate=fate)
        if fate == "queued":
            again: Callable[[], None] = partial(self._deliver_queued, i_event)
            self._clock.call_later(RESEND_INTERVAL, again, label=f"resend of event {i_event}")

    def _deliver_queued(self, i_event: int) -> None:
        # Another delivery, as by `resend`, may have taken the event out of the queue meanwhile.
        if self._events[i_event].fate == "queued":
            self._deliver(i_event)

    def _fate(self, status: int, *, attempts: int) -> Fate:
        """200 removes, 4xx drops for good, anything else is sent again (S20)."""
        if status == OK or (self._success == "any-2xx" and 200 <= status < 300):  # noqa: PLR2004 - the class of success
            return "finished"
        if 400 <= status < 500:  # noqa: PLR2004 - the class of refusals
            return "dropped"
        return "given-up" if attempts >= RESEND_LIMIT else "queued"
