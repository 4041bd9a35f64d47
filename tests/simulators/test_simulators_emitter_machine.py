"""The emitter under any interleaving of emissions, answers, time and resends: no event is ever lost."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simulators.clock import Clock, InFlight, parse_mode
from simulators.emitter.core import Emitter, EmitterSettings, Event, Handler
from simulators.emitter.deliveries import HandlerQueue
from simulators.emitter.events import Handling
from simulators.emitter.vocabulary import Vocabulary
from simulators.records import EventCredentials
from simulators.wire.transport import Answer, Outbound

VOCABULARY = Vocabulary.load()
CREDENTIALS = EventCredentials(user="espf", password="offline-events")
TYPES = (
    "Account/New",
    "Account/Service/QuotaExceeded",
    "Account/ProductAddon/Changed",
    "Product/Discount/Changed",
)
LIMIT = 3
INTERVAL = 60.0
ENDS = {"finished", "dropped", "given-up", "superseded"}


class EmitterLife(RuleBasedStateMachine):
    """Two handlers, one of each vocabulary, and a wire on which answers come in any order, or never."""

    @initialize(
        rate=st.sampled_from([None, 0.02, 1.0]),
        concurrency=st.sampled_from([None, 1, 2]),
        coalesce=st.booleans(),
        subscriptions=st.sampled_from([(), ("Account/New",)]),
    )
    def start(self, **options: Any) -> None:
        """Start with settings that the machine has drawn."""
        guard = threading.Condition(threading.RLock())
        self.clock = Clock(mode=parse_mode("manual"), guard=guard, in_flight=InFlight(guard), settle=0)
        self.settings = EmitterSettings(resend_limit=LIMIT, resend_interval=INTERVAL, **options)
        webhooks = Handler(
            name="webhooks", url="http://127.0.0.1:2", credentials=CREDENTIALS, vocabulary="webhooks"
        )
        self.emitter = Emitter(
            clock=self.clock,
            send=self._send,
            url="http://127.0.0.1:1",
            credentials=CREDENTIALS,
            settings=self.settings,
            vocabulary=VOCABULARY,
            handlers=(webhooks,),
        )
        self.unanswered: list[tuple[str, Callable[[Answer], None]]] = []
        self.bodies: dict[tuple[str, int], bytes] = {}
        self.last_sent: dict[str, float] = {}
        self.ended: dict[tuple[str, int], str] = {}
        self.count = 0

    def _send(self, outbound: Outbound, on_answer: Callable[[Answer], None]) -> None:
        """Stand for the wire, and check what must hold of every delivery."""
        i_event = json.loads(outbound.body)["variables"]["i_event"]
        assert i_event == outbound.correlation["i_event"]
        assert self.bodies.setdefault((outbound.url, i_event), outbound.body) == outbound.body
        now, rate = self.clock.now(), self.settings.rate
        if rate is not None and outbound.url in self.last_sent:
            assert now >= self.last_sent[outbound.url] + 1 / rate
        self.last_sent[outbound.url] = now
        self.unanswered.append((outbound.url, on_answer))

    @rule(event_type=st.sampled_from(TYPES), i_account=st.integers(1, 2), verbatim=st.booleans())
    def emit(self, *, event_type: str, i_account: int, verbatim: bool) -> None:
        """Let something occur, or send it as it is."""
        tell = self.emitter.emit if verbatim else self.emitter.occurred
        self.count += 1
        assert tell(event_type, i_account=i_account).i_event == self.count

    @precondition(lambda self: self.unanswered)
    @rule(data=st.data(), status=st.sampled_from([200, 202, 302, 404, 500, 0]))
    def answer(self, data: st.DataObject, status: int) -> None:
        """Answer any delivery that is under way; 0 is silence."""
        _, on_answer = self.unanswered.pop(data.draw(st.integers(0, len(self.unanswered) - 1)))
        on_answer(Answer(status=status))

    @rule(status=st.sampled_from([200, 500, 0]))
    def answer_all(self, status: int) -> None:
        """Answer all that is under way alike, as a provisioner that is well, or down, does."""
        for _ in range(len(self.unanswered)):
            self.unanswered.pop(0)[1](Answer(status=status))

    @precondition(lambda self: self.count)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        """Send any event once more, as after a lost answer."""
        self.emitter.resend(data.draw(st.integers(1, self.count)))

    @rule(seconds=st.sampled_from([0.0, 1.0, INTERVAL - 1, INTERVAL, 3600.0]))
    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds=seconds)

    @invariant()
    def queued_event_is_in_exactly_one_place(self) -> None:
        """It waits, is under way, or has one timer; an event that has ended has none."""
        timers = Counter(timer.label for timer in self.clock.pending())
        for queue, handling in self._handlings():
            count = timers[f"resend of event {handling.i_event} to {handling.handler}"]
            moving = handling.is_under_way or handling.i_event in queue._waiting
            assert count == (handling.fate == "queued" and not moving)

    @invariant()
    def concurrency_is_bounded(self) -> None:
        """No handler has more unanswered deliveries than it may."""
        unanswered = Counter(url for url, _ in self.unanswered)
        if self.settings.concurrency is not None:
            assert max(unanswered.values(), default=0) <= self.settings.concurrency

    @invariant()
    def end_is_final(self) -> None:
        """What has ended never changes its fate, and ended for a reason."""
        for queue, handling in self._handlings():
            where = (handling.handler, handling.i_event)
            if handling.fate == "queued":
                # One more attempt may have been demanded, and wait for its turn.
                assert queue._is_coming(handling) or len(handling.deliveries) < LIMIT
            else:
                assert self.ended.setdefault(where, handling.fate) == handling.fate
                assert self._has_reason(handling), handling

    def teardown(self) -> None:
        """Whatever happened, events that are all taken from now on all come to their end."""
        if not hasattr(self, "emitter"):
            return
        for _ in range(20 * (self.count + 1)):
            while self.unanswered:
                self.unanswered.pop(0)[1](Answer(status=200))
            self.clock.advance(seconds=INTERVAL)
        for event in self._events():
            assert event.fate in (ENDS if event.handlings else {"unsubscribed"})
        self.end_is_final()
        assert self.clock.pending() == ()

    def _events(self) -> list[Event]:
        events = map(self.emitter.event, range(1, self.count + 1))
        return [event for event in events if event is not None]

    def _handlings(self) -> list[tuple[HandlerQueue, Handling]]:
        queues = {queue.handler.name: queue for queue in self.emitter._queues}
        return [
            (queues[handling.handler], handling) for event in self._events() for handling in event.handlings
        ]

    def _has_reason(self, handling: Handling) -> bool:
        statuses = [delivery.status for delivery in handling.deliveries]
        if handling.fate == "superseded":
            return self._has_successor(handling)
        reasons = {
            "finished": 200 in statuses,
            "dropped": 404 in statuses,
            "given-up": len(statuses) >= LIMIT,
        }
        return reasons[handling.fate]

    def _has_successor(self, handling: Handling) -> bool:
        return any(
            other.key == handling.key is not None
            and other.handler == handling.handler
            and other.i_event > handling.i_event
            for _, other in self._handlings()
        )


TestEmitterLife = EmitterLife.TestCase
