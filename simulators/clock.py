"""The one virtual clock on which every timer of the harness stands; it plays no side of the wire.

Virtual times are seconds since 1970-01-01T00:00:00Z as floats; real times are monotonic seconds.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from simulators.aged import AgedClock
from simulators.errors import ClockError, ClockHeldError, ClockStoppedError

MODES: Final = "real, scaled:N, manual or auto"
# Virtual seconds per real one; the last time that can be written is three days away at this rate.
FASTEST: Final = 1e6
# Byte-identical timestamps in every run that does not follow the wall clock.
FIXED_START: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
# What fell due is answered within `[timeouts] silence`; a deadline beyond it means that something is stuck.
ADVANCE_DEADLINE: Final = 60.0
# Later times cannot be written on the wire.
END_OF_TIME: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()

# No exchange lasts so long, in real seconds; more is no time that a thread can wait for.
FOREVER: Final = 1e6

Action = Callable[[], None]


def iso(moment: float) -> str:
    """Write a virtual time as the wire does, in whole seconds: 2026-01-01T00:10:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class ClockMode:
    """How virtual time follows real time: its rate, and whether it jumps when nothing is in flight."""

    name: str
    rate: float
    jumps: bool

    @property
    def start(self) -> float:
        """The virtual time at which a new clock of this mode stands."""
        return time.time() if self.rate else FIXED_START


def parse_mode(text: str) -> ClockMode:
    """Read a mode as users write it.

    Raises:
        ClockError: the text names no mode.
    """
    if text in {"manual", "auto"}:
        return ClockMode(name=text, rate=0.0, jumps=text == "auto")
    try:
        rate = 1.0 if text == "real" else float(text.removeprefix("scaled:"))
    except ValueError:
        rate = 0.0
    if not 0 < rate <= FASTEST or not (text == "real" or text.startswith("scaled:")):
        raise ClockError(f"Clock mode {text!r} is not known: use {MODES}, N above 0, at most {FASTEST:.0f}.")
    return ClockMode(name=text, rate=rate, jumps=False)


def _nothing() -> None:
    """The action of a cancelled timer."""


# With slots, since a million of them may be pending.
@dataclass(order=True, slots=True)
class Timer:
    """An entry on the clock, ordered by due time, then by the order of its making."""

    due: float
    number: int
    action: Action = field(compare=False)
    # Whatever `str` makes a name of: most are never asked for.
    label: object = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Make sure that the action never runs."""
        self.cancelled = True
        # A cancelled timer may stay on the clock until it is due; what it would have done need not.
        self.action = _nothing


@dataclass(frozen=True, slots=True)
class _Holder:
    """What is under way, and until which real, monotonic time it counts."""

    label: str
    until: float


class InFlight:
    """Counts the exchanges that are under way and names them, so that time never jumps past them."""

    def __init__(self, guard: threading.Condition) -> None:
        self._guard = guard
        self._holders: dict[int, _Holder] = {}
        self._numbers = itertools.count()
        self._last_change = time.monotonic()

    def enter(self, label: str, *, patience: float = FOREVER) -> int:
        """Count one more, for so many real seconds at most; the number given back is for `leave`."""
        with self._guard:
            number = next(self._numbers)
            self._holders[number] = _Holder(label, time.monotonic() + patience)
            return number

    def leave(self, number: int) -> None:
        """Count it out."""
        with self._guard:
            # One whose patience ran out before stopped counting then.
            self._last_change = max(self._last_change, min(time.monotonic(), self._holders.pop(number).until))
            self._guard.notify_all()

    @contextmanager
    def hold(self, label: str, *, patience: float = FOREVER) -> Iterator[None]:
        """Count something in for the length of a block, or for `patience` real seconds if that is less.

        Time stands still meanwhile, as while a target starts again or while a call of its is expected.
        """
        number = self.enter(label, patience=patience)
        try:
            yield
        finally:
            self.leave(number)

    @property
    def holders(self) -> tuple[str, ...]:
        """What is under way, oldest first."""
        now = time.monotonic()
        return tuple(holder.label for holder in self._holders.values() if holder.until > now)

    def held_for(self) -> float:
        """Real seconds after which what is under way counts no longer, unless it ends; 0 while nothing is."""
        longest = max((holder.until for holder in self._holders.values()), default=0.0)
        return max(0.0, longest - time.monotonic())

    def quiet_for(self) -> float:
        """Real seconds since the last exchange ended; below 0 while one is under way."""
        if self.held_for():
            return -1.0
        ended = (self._last_change, *(holder.until for holder in self._holders.values()))
        return time.monotonic() - max(ended)

    def wait_quiet(self, settle: float, *, timeout: float) -> bool:
        """Wait until nothing was under way for `settle` real seconds; False after `timeout` of them."""
        until = time.monotonic() + timeout
        with self._guard:
            while (quiet := self.quiet_for()) < settle:
                remaining = until - time.monotonic()
                if remaining <= 0:
                    return False
                pause = self.held_for() if quiet < 0 else settle - quiet
                self._guard.wait(min(remaining, pause))
            return True


class Clock:
    """Virtual time and its timers.

    One `guard` (a re-entrant condition) is shared with everything that has state in a stack; actions
    run with it held, so they must hand requests to a transport instead of sending them themselves.
    What an action raises is kept in `surprises`, and the clock goes on.
    """

    def __init__(
        self,
        *,
        mode: ClockMode,
        guard: threading.Condition,
        in_flight: InFlight,
        settle: float,
        surprises: list[str] | None = None,
        aged: AgedClock | None = None,
    ) -> None:
        self.mode = mode
        self._aged = aged
        self.guard = self._guard = guard
        self._in_flight = in_flight
        self._settle = settle
        self._surprises = [] if surprises is None else surprises
        # One value, so that whoever asks without the guard never sees one half of it changed.
        self._base = (mode.start, time.monotonic(), mode.rate)
        self._heap: list[Timer] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def now(self) -> float:
        """The virtual time."""
        virtual, real, rate = self._base
        return virtual + (time.monotonic() - real) * rate

    def wall(self) -> float:
        """The wall clock as the provisioner sees it, in seconds since 1970: its own if it ages."""
        return self._aged.now() if self._aged else time.time()

    def call_later(self, delay: float, action: Action, *, label: object) -> Timer:
        """Run an action after `delay` virtual seconds.

        Raises:
            ClockError: the delay is below zero, or no number.
        """
        if not 0 <= delay < float("inf"):
            raise ClockError(f"Timer '{label}' was given a delay of {delay} s: it must be 0 or more.")
        with self._guard:
            timer = Timer(self.now() + delay, next(self._numbers), action, label)
            if self._stopping:
                timer.cancel()
                return timer
            heapq.heappush(self._heap, timer)
            self._guard.notify_all()
            return timer

    def upcoming(self, limit: int) -> tuple[int, tuple[Timer, ...]]:
        """How many timers are pending, and those that fire first, at most `limit` of them."""
        with self._guard:
            pending = [timer for timer in self._heap if not timer.cancelled]
            return len(pending), tuple(heapq.nsmallest(limit, pending))

    @property
    def held_by(self) -> tuple[str, ...]:
        """The exchanges under way, past which no time moves."""
        with self.guard:
            return self._in_flight.holders

    def pending(self) -> tuple[Timer, ...]:
        """The timers that have not fired, in the order in which they will."""
        with self._guard:
            return tuple(sorted(timer for timer in self._heap if not timer.cancelled))

    def advance(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, deadline: float = ADVANCE_DEADLINE
    ) -> float:
        """Move virtual time on and return when all that fell due was delivered and answered.

        Returns the new virtual time. `deadline` is in real seconds.

        Raises:
            ClockError: the step is below zero, or leads beyond the year 9999.
            ClockHeldError: an exchange was still under way at the deadline, or a timer was due.
            ClockStoppedError: the clock was stopped, as by a reset.
        """
        step = seconds + 60 * minutes + 3600 * hours
        if not 0 <= step < float("inf"):
            raise ClockError(
                f"The clock cannot be advanced by {step} s: it never runs backwards, so give 0 or more."
            )
        until = time.monotonic() + deadline
        with self._guard:
            # Compared before it is added: an integer may be too large for that.
            if step > END_OF_TIME - self.now():
                raise ClockError(f"The clock cannot be advanced by {step} s: it ends with the year 9999.")
            target = self.now() + step
            self._drain(until)
            while (due := self._next_due()) is not None and due <= target:
                if time.monotonic() > until:
                    raise ClockHeldError(self._held_by(f"timer '{self._heap[0].label}', which is due"))
                self._fire(due)
                self._drain(until)
            self._check_running()
            self._move_to(target)
            # The clock's own thread must reckon anew how long it may wait.
            self._guard.notify_all()
            return self.now()

    def wait_idle(self, *, deadline: float = ADVANCE_DEADLINE) -> float:
        """Wait until no timer is pending and nothing under way: a clock that jumps comes to that by itself.

        Returns the virtual time. `deadline` is in real seconds.

        Raises:
            ClockHeldError: it did not come to that; the message names what holds it, or the next timer.
            ClockStoppedError: the clock was stopped, as by a reset.
        """
        until = time.monotonic() + deadline
        with self._guard:
            self._drain(until)
            while self._next_due() is not None:
                if (remaining := until - time.monotonic()) <= 0:
                    raise ClockHeldError(self._held_by(f"timer '{self._heap[0].label}', which is pending"))
                self._guard.wait(remaining)
                self._drain(until)
            return self.now()

    def switch(self, mode: ClockMode) -> None:
        """Let time go on in another mode, from where it stands; all timers stay as they are.

        Raises:
            ClockStoppedError: the clock was stopped, as by a reset.
        """
        with self._guard:
            self._check_running()
            self._base = (self.now(), time.monotonic(), mode.rate)
            self.mode = mode
            self.start()
            self._guard.notify_all()

    def cancel_all(self) -> None:
        """Cancel every pending timer; whoever keeps one can see so."""
        with self._guard:
            for timer in self._heap:
                timer.cancel()
            self._heap.clear()

    def start(self) -> None:
        """Let a clock that moves by itself begin to do so."""
        if (self.mode.rate or self.mode.jumps) and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Cancel every timer for good, those that are made later too, and end the clock's thread."""
        with self._guard:
            self._stopping = True
            self.cancel_all()
            self._guard.notify_all()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        with self._guard:
            while not self._stopping:
                wait = self._until_next()
                if wait is None or wait > 0:
                    self._guard.wait(wait)
                else:
                    self._fire_instant()

    def _until_next(self) -> float | None:
        """Real seconds until the clock may fire; None when only a change can tell."""
        due = self._next_due()
        if due is None:
            return None
        if self.mode.rate:
            return (due - self.now()) / self.mode.rate
        if not self.mode.jumps:
            return None
        quiet = self._in_flight.quiet_for()
        return self._in_flight.held_for() if quiet < 0 else self._settle - quiet

    def _fire_instant(self) -> None:
        """Fire all that is due at one instant, each delivery answered before the next one leaves."""
        instant = self._next_due()
        while instant is not None and self._next_due() == instant and not self._stopping:
            self._fire(instant)
            while self.mode.jumps and not self._stopping and (held := self._in_flight.held_for()):
                self._guard.wait(held)

    def _next_due(self) -> float | None:
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else None

    def _fire(self, due: float) -> None:
        timer = heapq.heappop(self._heap)
        self._move_to(due)
        try:
            timer.action()
        except Exception as error:  # noqa: BLE001 - any surprise must reach the one who runs the harness
            self._surprises.append(f"timer '{timer.label}': {error!r}")
        self._guard.notify_all()

    def _move_to(self, moment: float) -> None:
        before = self.now()
        self._base = (max(moment, before), time.monotonic(), self.mode.rate)
        if self._aged and moment > before:
            self._aged.step(moment - before)

    def _drain(self, until: float) -> None:
        """Wait for the exchanges under way; `until` is a real, monotonic time."""
        while not self._stopping and (held := self._in_flight.held_for()):
            if (remaining := until - time.monotonic()) <= 0:
                raise ClockHeldError(self._held_by(*self._in_flight.holders))
            self._guard.wait(min(held, remaining))
        self._check_running()

    def _held_by(self, *holders: str) -> str:
        names = ", ".join(holders)
        return f"The clock stands at {iso(self.now())}, held by: {names}. It moves on when that is over."

    def _check_running(self) -> None:
        if self._stopping:
            raise ClockStoppedError("The clock was stopped: the simulators were reset, or end.")
