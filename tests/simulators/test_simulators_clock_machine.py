"""The virtual clock against a model: random timers, which make others, are cancelled and advanced to."""

import threading
from operator import itemgetter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from simulators.clock import FIXED_START, Clock, InFlight, Timer, parse_mode


class Timers(RuleBasedStateMachine):
    """Random timers against a list of (due, number, delay of the timer that this one makes)."""

    def __init__(self) -> None:
        super().__init__()
        guard = threading.Condition(threading.RLock())
        self.clock = Clock(mode=parse_mode("manual"), guard=guard, in_flight=InFlight(guard), settle=0.0)
        self.handles: list[Timer] = []
        self.fired: list[tuple[float, int]] = []
        self.now = FIXED_START
        self.pending: list[tuple[float, int, int | None]] = []
        self.expected: list[tuple[float, int]] = []
        self.made = 0

    def _put(self, delay: int, child: int | None) -> None:
        number = len(self.handles)

        def act() -> None:
            self.fired.append((self.clock.now(), number))
            if child is not None:
                self._put(child, None)

        self.handles.append(self.clock.call_later(delay, act, label=str(number)))

    def _expect(self, due: float, child: int | None) -> None:
        self.pending.append((due, self.made, child))
        self.made += 1

    @rule(delay=st.integers(0, 5), child=st.none() | st.integers(0, 5))
    def schedule(self, delay: int, child: int | None) -> None:
        """Put a timer on the clock, which may put another one there."""
        self._put(delay, child)
        self._expect(self.now + delay, child)

    @precondition(lambda self: self.handles)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any timer, one that has fired too."""
        number = data.draw(st.integers(0, len(self.handles) - 1))
        self.handles[number].cancel()
        self.pending = [timer for timer in self.pending if timer[1] != number]

    @rule()
    def cancel_all(self) -> None:
        """Cancel what is pending, as a reset does."""
        self.clock.cancel_all()
        self.pending.clear()

    @rule(step=st.integers(0, 7))
    def advance(self, step: int) -> None:
        """Move both on."""
        self.clock.advance(seconds=step)
        end = self.now + step
        while self.pending and min(self.pending, key=itemgetter(0, 1))[0] <= end:
            due, number, child = min(self.pending, key=itemgetter(0, 1))
            self.pending.remove((due, number, child))
            self.expected.append((due, number))
            if child is not None:
                self._expect(due + child, None)
        self.now = end

    @invariant()
    def agree(self) -> None:
        """The same timers fired at the same times, the same are pending in the same order."""
        assert self.fired == self.expected
        assert self.clock.now() == self.now
        assert [(timer.due, int(str(timer.label))) for timer in self.clock.pending()] == sorted(
            timer[:2] for timer in self.pending
        )


TestTimers = Timers.TestCase
