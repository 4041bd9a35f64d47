"""What is under way: it is counted, named and waited for."""

import threading

import pytest

from simulators.clock import InFlight

PATIENCE = 10.0


def test_holders_are_named_oldest_first(in_flight: InFlight) -> None:
    """Exchanges are named from their beginning to their end, whatever the order of the ends."""
    first, second = in_flight.enter("first"), in_flight.enter("second")
    seen = [in_flight.holders]
    for number in (first, second):
        in_flight.leave(number)
        seen.append(in_flight.holders)

    assert seen == [("first", "second"), ("second",), ()]


def test_equal_names_are_counted_apart(in_flight: InFlight) -> None:
    """Two exchanges of one name are two."""
    seen = []
    with in_flight.hold("same"):
        with in_flight.hold("same"):
            seen.append(in_flight.holders)
        seen.append(in_flight.holders)

    assert seen == [("same", "same"), ("same",)]


def test_hold_ends_with_an_error_too(in_flight: InFlight) -> None:
    """An exchange that breaks is no longer under way."""
    with pytest.raises(OSError, match="broken"), in_flight.hold("exchange"):
        raise OSError("broken")

    assert in_flight.holders == ()


def test_quiet_time_is_below_zero_while_something_is_under_way(in_flight: InFlight) -> None:
    """Quiet begins when the last exchange ends."""
    with in_flight.hold("exchange"):
        assert in_flight.quiet_for() < 0

    assert in_flight.quiet_for() >= 0


def test_wait_quiet_returns_once_the_settle_has_passed(in_flight: InFlight) -> None:
    """It is quiet when nothing was under way for as long as asked."""
    with in_flight.hold("exchange"):
        pass

    assert in_flight.wait_quiet(0.01, timeout=PATIENCE)
    assert in_flight.quiet_for() >= 0.01


@pytest.mark.parametrize("settle", [0.0, PATIENCE])
def test_wait_quiet_gives_up_at_its_timeout(in_flight: InFlight, settle: float) -> None:
    """An exchange that does not end, or ended too short a time ago, makes it say no."""
    number = in_flight.enter("exchange")
    if settle:
        in_flight.leave(number)

    assert not in_flight.wait_quiet(settle, timeout=0.01)


def test_wait_quiet_sees_an_end_in_another_thread(in_flight: InFlight) -> None:
    """The end of the last exchange wakes up whoever waits for quiet."""
    thread = threading.Thread(target=in_flight.leave, args=(in_flight.enter("exchange"),))
    thread.start()

    assert in_flight.wait_quiet(0.0, timeout=PATIENCE)
    thread.join()
