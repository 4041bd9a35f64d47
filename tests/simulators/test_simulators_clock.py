"""The virtual clock: its modes, its timers, what holds it and what lets it jump."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from simulators.clock import END_OF_TIME, FIXED_START, Clock, InFlight, iso, parse_mode
from simulators.errors import ClockError, ClockHeldError, ClockStoppedError

# Real seconds within which a clock that moves by itself must have moved; far above what it takes.
PATIENCE = 10.0
HOUR = 3600.0


@pytest.mark.parametrize(
    ("text", "rate", "jumps"),
    [
        ("real", 1.0, False),
        ("scaled:60", 60.0, False),
        ("scaled:0.5", 0.5, False),
        ("manual", 0.0, False),
        ("auto", 0.0, True),
    ],
)
def test_mode_is_read_as_users_write_it(text: str, rate: float, *, jumps: bool) -> None:
    """A mode has a name, a rate, and says whether it jumps."""
    mode = parse_mode(text)

    assert (mode.name, mode.rate, mode.jumps) == (text, rate, jumps)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "60",
        "Real",
        "scaled",
        *(f"scaled:{rate}" for rate in ("", "x", 0, -1, 1_000_001, "inf", "nan")),
    ],
)
def test_unknown_mode_is_refused_with_the_known_ones(text: str) -> None:
    """The error repeats what was given and lists what is possible."""
    with pytest.raises(ClockError, match="real, scaled:N, manual or auto") as refused:
        parse_mode(text)

    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_clock_without_rate_starts_with_2026(make_clock: Callable[..., Clock], mode: str) -> None:
    """Runs that do not follow the wall clock all have the same timestamps."""
    assert iso(make_clock(mode).now()) == "2026-01-01T00:00:00Z"


def test_manual_clock_stands_still(clock: Clock) -> None:
    """Nothing but `advance` moves a manual clock."""
    assert clock.now() == clock.now() == FIXED_START


def test_advance_adds_its_units(clock: Clock) -> None:
    """Seconds, minutes and hours are added up, and the new time is given back."""
    assert clock.advance(seconds=1, minutes=2, hours=3) == clock.now() == FIXED_START + 10_921


def test_timers_fire_by_due_time_then_by_making(clock: Clock) -> None:
    """Earlier timers fire first; those of one instant fire in the order in which they were made."""
    fired: list[tuple[str, float]] = []

    def note(name: str) -> None:
        fired.append((name, clock.now()))

    for name, delay in [("late", 20), ("first of two", 10), ("second of two", 10), ("at once", 0)]:
        clock.call_later(delay, partial(note, name), label=name)

    clock.advance(seconds=19)

    assert fired == [
        ("at once", FIXED_START),
        ("first of two", FIXED_START + 10),
        ("second of two", FIXED_START + 10),
    ]
    assert [timer.label for timer in clock.pending()] == ["late"]


def test_timer_made_by_a_timer_fires_in_the_same_advance(clock: Clock) -> None:
    """What a timer puts on the clock is due within the step too."""
    fired: list[float] = []

    def outer() -> None:
        clock.call_later(10, lambda: fired.append(clock.now()), label="inner")

    clock.call_later(10, outer, label="outer")

    clock.advance(seconds=20)

    assert fired == [FIXED_START + 20]


def test_cancelled_timer_never_fires(clock: Clock) -> None:
    """A cancelled timer is neither pending nor run, and others are not touched."""
    fired: list[str] = []
    timer = clock.call_later(10, lambda: fired.append("cancelled"), label="cancelled")
    clock.call_later(10, lambda: fired.append("kept"), label="kept")

    timer.cancel()

    assert [pending.label for pending in clock.pending()] == ["kept"]
    clock.advance(hours=1)
    assert fired == ["kept"]


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf"), END_OF_TIME])
def test_impossible_step_is_refused(clock: Clock, seconds: float) -> None:
    """The clock goes neither back nor beyond what can be written, and an attempt changes nothing."""
    with pytest.raises(ClockError, match="cannot be advanced"):
        clock.advance(seconds=seconds)

    assert clock.now() == FIXED_START


@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf")])
def test_impossible_delay_is_refused(clock: Clock, delay: float) -> None:
    """A timer cannot be due in the past or never, and the error names it."""
    with pytest.raises(ClockError, match="'resend'"):
        clock.call_later(delay, lambda: None, label="resend")

    assert clock.pending() == ()


def test_held_clock_names_what_holds_it(clock: Clock, in_flight: InFlight) -> None:
    """Past its deadline an advance says which exchange was never answered, and has not moved."""
    with (
        in_flight.hold("POST /events from emitter"),
        pytest.raises(ClockHeldError, match="POST /events from"),
    ):
        clock.advance(hours=1, deadline=0.01)

    assert clock.advance(hours=1) == FIXED_START + HOUR


def test_clock_waits_between_timers_for_what_the_first_one_sent(clock: Clock, in_flight: InFlight) -> None:
    """A later timer does not fire while a delivery of an earlier one is unanswered."""
    fired: list[str] = []
    clock.call_later(10, lambda: fired.append(str(in_flight.enter("delivery"))), label="first")
    clock.call_later(20, lambda: fired.append("second"), label="second")

    with pytest.raises(ClockHeldError):
        clock.advance(minutes=1, deadline=0.01)
    assert (len(fired), clock.now()) == (1, FIXED_START + 10)
    in_flight.leave(int(fired[0]))
    clock.advance(minutes=1)

    assert fired[1:] == ["second"]


def test_timers_that_never_end_meet_the_deadline(clock: Clock) -> None:
    """An advance whose timers put new ones on the clock for ever ends, and names the one that was next."""

    def again() -> None:
        clock.call_later(0, again, label="again and again")

    again()

    with pytest.raises(ClockHeldError, match="'again and again'"):
        clock.advance(hours=1, deadline=0.01)


def test_clock_is_idle_once_all_has_played_out(make_clock: Callable[..., Clock]) -> None:
    """Whoever lets an auto clock run can wait for the end of what was planned, and of what came of that."""
    clock = make_clock("auto")

    def first() -> None:
        clock.call_later(HOUR, lambda: None, label="then")

    clock.call_later(HOUR, first, label="first")
    clock.start()

    assert clock.wait_idle(deadline=PATIENCE) == FIXED_START + 2 * HOUR
    assert clock.pending() == ()


def test_clock_that_does_not_become_idle_names_the_reason(clock: Clock, in_flight: InFlight) -> None:
    """It is an exchange that is not answered, or else a timer that nobody advances to."""
    clock.call_later(HOUR, lambda: None, label="resend")

    with in_flight.hold("delivery"), pytest.raises(ClockHeldError, match="held by: delivery"):
        clock.wait_idle(deadline=0.01)
    with pytest.raises(ClockHeldError, match="timer 'resend', which is pending"):
        clock.wait_idle(deadline=0.01)


@pytest.mark.parametrize(("mode", "delay"), [("real", 0.01), ("scaled:100000", 60.0), ("auto", 3600.0)])
def test_moving_clock_fires_by_itself(make_clock: Callable[..., Clock], mode: str, delay: float) -> None:
    """Real, scaled and auto clocks need nobody to advance them, and fire no timer too early."""
    clock = make_clock(mode)
    done = threading.Event()
    fired: list[float] = []

    def fire() -> None:
        fired.append(clock.now())
        done.set()

    clock.start()
    made = clock.call_later(delay, fire, label="timer")

    assert done.wait(PATIENCE)
    assert fired[0] >= made.due


def test_auto_clock_jumps_exactly_to_the_next_timer(make_clock: Callable[..., Clock]) -> None:
    """An hour passes at once, to the second, and in order."""
    clock = make_clock("auto")
    done = threading.Event()
    fired: list[float] = []
    clock.call_later(2 * HOUR, done.set, label="end")
    clock.call_later(HOUR, lambda: fired.append(clock.now()), label="hour")
    clock.start()

    assert done.wait(PATIENCE)
    assert (fired, clock.now()) == ([FIXED_START + HOUR], FIXED_START + 2 * HOUR)


def test_auto_clock_waits_for_what_is_under_way_and_for_the_settle(
    make_clock: Callable[..., Clock], in_flight: InFlight
) -> None:
    """It jumps only when nothing is in flight, and only after the settle since the last exchange."""
    clock = make_clock("auto", settle=0.05)
    done = threading.Event()
    seen: list[tuple[tuple[str, ...], bool]] = []

    def fire() -> None:
        seen.append((in_flight.holders, in_flight.quiet_for() >= 0.05))
        done.set()

    with in_flight.hold("an exchange"):
        clock.start()
        clock.call_later(HOUR, fire, label="timer")
        assert (clock._until_next() or 0) > PATIENCE

    assert done.wait(PATIENCE)
    assert seen == [((), True)]


def test_auto_clock_lets_a_delivery_be_answered_before_the_next_of_its_instant(
    make_clock: Callable[..., Clock], in_flight: InFlight
) -> None:
    """Two timers of one instant never have their deliveries under way together."""
    clock = make_clock("auto")
    done = threading.Event()
    seen: list[tuple[str, ...]] = []

    def deliver() -> None:
        seen.append(in_flight.holders)
        threading.Thread(target=in_flight.leave, args=(in_flight.enter("delivery"),)).start()

    for _ in range(2):
        clock.call_later(HOUR, deliver, label="delivery")
    clock.call_later(HOUR, done.set, label="end")
    clock.start()

    assert done.wait(PATIENCE)
    assert seen == [(), ()]


@pytest.mark.parametrize("mode", ["real", "scaled:60", "manual", "auto"])
def test_stop_cancels_every_timer(make_clock: Callable[..., Clock], mode: str) -> None:
    """Nothing fires after a stop, what is set later neither, and no thread of the clock is left."""
    clock = make_clock(mode, settle=PATIENCE)
    fired: list[str] = []
    clock.start()
    clock.call_later(HOUR, lambda: fired.append("timer"), label="timer")

    clock.stop()

    clock.call_later(0, lambda: fired.append("late"), label="late")
    assert clock.pending() == ()
    assert "clock" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ClockStoppedError, match="was stopped: the simulators were reset, or end"):
        clock.advance(hours=2)
    assert fired == []


@pytest.mark.parametrize("mode", ["real", "auto", "manual"])
def test_surprise_in_a_timer_is_kept_and_the_clock_goes_on(
    guard: threading.Condition, in_flight: InFlight, mode: str
) -> None:
    """A defect in what a timer does is told with the timer's name, and does not end the clock."""
    surprises: list[str] = []
    clock = Clock(mode=parse_mode(mode), guard=guard, in_flight=in_flight, settle=0, surprises=surprises)
    fired = threading.Event()

    def fail() -> None:
        raise LookupError("a defect")

    clock.call_later(0, fail, label="faulty")
    clock.call_later(0, fired.set, label="sound")
    clock.start()
    clock.advance()

    assert fired.wait(PATIENCE)
    clock.stop()
    assert surprises == ["timer 'faulty': LookupError('a defect')"]


def test_stop_ends_an_advance_that_is_held(clock: Clock, in_flight: InFlight) -> None:
    """Whoever waits in `advance` while the simulators are reset is told so at once."""
    stopping = threading.Timer(0.01, clock.stop)
    stopping.start()

    with in_flight.hold("an exchange"), pytest.raises(ClockStoppedError):
        clock.advance(seconds=1, deadline=PATIENCE)
    stopping.join()


def test_clock_stands_still_for_a_time_at_most(make_clock: Callable[..., Clock], in_flight: InFlight) -> None:
    """While a call is expected virtual time does not move, and it moves on when the patience is over."""
    clock = make_clock("auto", settle=0)
    fired = threading.Event()
    with in_flight.hold("a call of the target", patience=0.05):
        clock.call_later(HOUR, fired.set, label="timer")
        clock.start()

        assert (clock.now(), in_flight.holders) == (FIXED_START, ("a call of the target",))
        assert fired.wait(PATIENCE)
        assert in_flight.holders == ()

    assert clock.now() == FIXED_START + HOUR
    clock.stop()
