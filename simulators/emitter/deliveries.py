"""One handler's queue of events: when each is sent, sent again, superseded, or at its end."""

from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from typing import Final

from simulators.clock import Clock, Timer
from simulators.emitter.events import Delivery, Fate, Handler, Handling
from simulators.emitter.settings import EmitterSettings
from simulators.wire.transport import Answer, Outbound, Send
from simulators.world import read_number

OK: Final = 200


class HandlerQueue:
    """Sends events to one handler, independently of all others (S10), and sends them again (1.8).

    A queued event is in exactly one place: it waits for its turn, an attempt is under way, or its one
    timer for the next attempt is pending.
    """

    def __init__(self, handler: Handler, *, clock: Clock, send: Send, settings: EmitterSettings) -> None:
        self.handler = handler
        self._clock = clock
        self._send = send
        self._settings = settings
        self._handlings: dict[int, Handling] = {}
        # The value tells whether an attempt was demanded whatever became of the event.
        self._waiting: dict[int, bool] = {}
        self._resends: dict[int, Timer] = {}
        self._latest: dict[tuple[str, str], int] = {}
        self._unanswered = 0
        self._free_at = 0.0
        self._opening: Timer | None = None

    def put(self, handling: Handling) -> None:
        """Take an event in and send it as soon as rate and concurrency allow."""
        self._handlings[handling.i_event] = handling
        if handling.key is not None:
            self._supersede(self._latest.get(handling.key))
            self._latest[handling.key] = handling.i_event
        self._enqueue(handling.i_event)

    def resend(self, i_event: int) -> None:
        """Send an event of this queue once more whatever became of it; one that waits does so once."""
        if i_event in self._handlings:
            self._enqueue(i_event, demanded=True)

    def handling(self, i_event: int) -> Handling | None:
        """What became of an event so far; None when it never came here."""
        return self._handlings.get(i_event)

    def _supersede(self, i_event: int | None) -> None:
        """End an older event that a newer one replaces; an attempt under way cannot be called back (S5)."""
        older = self._handlings.get(i_event or 0)
        if older is None or older.fate != "queued" or older.is_under_way:
            return
        self._stop_timer(older.i_event)
        if not self._waiting.get(older.i_event, False):
            self._waiting.pop(older.i_event, None)
        self._handlings[older.i_event] = replace(older, fate="superseded")

    def _enqueue(self, i_event: int, *, demanded: bool = False) -> None:
        self._stop_timer(i_event)
        self._waiting[i_event] = demanded or self._waiting.get(i_event, False)
        self._send_what_may_go()

    def _stop_timer(self, i_event: int) -> None:
        if timer := self._resends.pop(i_event, None):
            timer.cancel()

    def _send_what_may_go(self) -> None:
        while self._waiting and self._may_send():
            i_event = next(iter(self._waiting))
            demanded = self._waiting.pop(i_event)
            # An attempt that was under way meanwhile may have ended the event.
            if demanded or self._handlings[i_event].fate == "queued":
                self._deliver(i_event, demanded=demanded)

    def _may_send(self) -> bool:
        concurrency, now = self._settings.concurrency, self._clock.now()
        if concurrency is not None and self._unanswered >= concurrency:
            return False
        if self._free_at <= now:
            return True
        if self._opening is None or self._opening.cancelled:
            label = f"next event to {self.handler.name}"
            self._opening = self._clock.call_later(self._free_at - now, self._open, label=label)
        return False

    def _open(self) -> None:
        self._opening = None
        self._send_what_may_go()

    def _deliver(self, i_event: int, *, demanded: bool) -> None:
        handling = self._handlings[i_event]
        handling = replace(handling, attempts=handling.attempts + 1)
        self._handlings[i_event] = handling
        self._unanswered += 1
        now = self._clock.now()
        if self._settings.rate is not None:
            self._free_at = now + 1 / self._settings.rate
        answered: Callable[[Answer], None] = partial(
            self._answered, i_event, attempt=handling.attempts, sent_at=now
        )
        again = "resend" if demanded else f"attempt {handling.attempts}"
        cause = handling.cause if handling.attempts == 1 else again
        self._send(self._outbound(handling, cause=cause), answered)

    def _outbound(self, handling: Handling, *, cause: str) -> Outbound:
        return Outbound(
            source="emitter",
            url=self.handler.url,
            headers=self._headers(),
            body=handling.body(self._settings.numbers),
            correlation={
                "operation": "event",
                "cause": cause,
                "i_event": handling.i_event,
                "i_account": read_number(handling.variables.get("i_account")),
                "detail": {"event_type": handling.event_type},
            },
        )

    def _headers(self) -> dict[str, str]:
        """The mandatory headers (S2); `Date` follows the provisioner's own clock."""
        credentials = self.handler.credentials
        return {
            "Date": formatdate(self._clock.wall(), usegmt=True),
            "Content-Type": "application/json",
            credentials.header: credentials.header_value,
        }

    def _answered(self, i_event: int, answer: Answer, *, attempt: int, sent_at: float) -> None:
        self._unanswered -= 1
        delivery = Delivery(
            handler=self.handler.name,
            attempt=attempt,
            sent_at=sent_at,
            answered_at=self._clock.now(),
            status=answer.status,
        )
        handling = self._handlings[i_event]
        handling = replace(handling, deliveries=(*handling.deliveries, delivery))
        if handling.fate == "queued":
            handling = replace(handling, fate=self._fate(handling, status=answer.status))
        self._handlings[i_event] = handling
        if handling.fate == "queued" and not self._is_coming(handling):
            self._resends[i_event] = self._clock.call_later(
                self._settings.resend_interval,
                partial(self._enqueue, i_event),
                label=f"resend of event {i_event} to {self.handler.name}",
            )
        self._send_what_may_go()

    def _fate(self, handling: Handling, *, status: int) -> Fate:
        """200 removes, 4xx drops for good, anything else is sent again (S20), up to a limit (S10)."""
        success = self._settings.success
        if status == OK or (success == "any-2xx" and 200 <= status < 300):  # noqa: PLR2004 - the class of success
            return "finished"
        if 400 <= status < 500:  # noqa: PLR2004 - the class of refusals
            return "dropped"
        if self._is_coming(handling):
            return "queued"
        if handling.key is not None and self._latest[handling.key] != handling.i_event:
            return "superseded"
        return "given-up" if len(handling.deliveries) >= self._settings.resend_limit else "queued"

    def _is_coming(self, handling: Handling) -> bool:
        """Whether another attempt waits, or is still to be answered."""
        return handling.is_under_way or handling.i_event in self._waiting
