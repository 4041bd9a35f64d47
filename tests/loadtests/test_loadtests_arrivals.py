"""Schedules of events, and the scenarios made of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.arrivals import Arrivals
from loadtests.errors import LoadOptionError
from loadtests.scenarios import SCENARIOS, chosen

RATES = st.floats(0.5, 200)
DURATIONS = st.floats(1, 60)


def arrivals(**changes: object) -> Arrivals:
    """Ten a second for ten seconds."""
    return Arrivals(**{"shape": "steady", "rate": 10.0, "duration": 10.0, **changes})  # type: ignore[arg-type]


def test_steady_events_are_evenly_spaced() -> None:
    """A hundred events in ten seconds leave a tenth of a second apart."""
    times = list(arrivals().times())
    assert len(times) == 100
    assert {round(later - earlier, 6) for earlier, later in pairwise(times)} == {0.1}


def test_ramp_rises_to_its_rate() -> None:
    """In a tenth of the time a hundredth of the events leaves; at the end they leave at the full rate."""
    times = list(arrivals(shape="ramp", rate=100.0).times())
    assert len(times) == 500
    assert sum(time < 1.0 for time in times) == pytest.approx(5, abs=1)
    assert sum(time >= 9.0 for time in times) == pytest.approx(95, abs=2)


def test_burst_leaves_at_once() -> None:
    """A bulk import waits for nothing."""
    assert set(arrivals(shape="burst").times()) == {0.0}


@given(shape=st.sampled_from(["steady", "ramp", "burst"]), rate=RATES, duration=DURATIONS)
def test_every_schedule_keeps_to_its_order_and_its_end(shape: str, rate: float, duration: float) -> None:
    """Events are due one after the other, the last one before the time is over, as many as were said."""
    schedule = arrivals(shape=shape, rate=rate, duration=duration)
    times = list(schedule.times())
    assert len(times) == schedule.number
    assert times == sorted(times)
    assert times[-1] <= duration + 1 / rate


def test_all_that_is_asked_for_can_be_chosen() -> None:
    """Each scenario has a name, and takes another rate and duration."""
    assert set(SCENARIOS) == {"steady", "ramp", "burst", "soak", "storm", "duplicates", "late"}
    changed = chosen("storm", rate=20.0, duration=None)
    assert (changed.arrivals.rate, changed.arrivals.duration) == (20.0, 60)
    assert changed.troubles == SCENARIOS["storm"].troubles


def test_unknown_scenario_is_told_with_the_known_ones() -> None:
    """Whoever misspells a name reads which ones there are."""
    with pytest.raises(LoadOptionError, match=r"'steedy' is no load scenario.*steady, ramp"):
        chosen("steedy", rate=None, duration=None)
