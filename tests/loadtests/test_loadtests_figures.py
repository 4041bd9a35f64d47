"""The figures of a load: what is reckoned from what was sent and what came of it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.oracle.checks import Check
from loadtests.errors import LoadOptionError
from loadtests.figures import Figures, figures
from loadtests.scenarios import chosen
from loadtests.sent import Sent
from loadtests.spread import ACCURACY, Durations, Spread
from loadtests.tally import Outcome, Tally, Told
from loadtests.thresholds import Thresholds, crossed, read_thresholds

START = 1_700_000_000.0


def sent(number: int, *, late: float = 0.0, answered: float = 0.01) -> Sent:
    """The event of one account, a tenth of a second after the one before."""
    due = START + number / 10
    return Sent(
        i_account=number, intended=due, sent=due + late, ended=due + late + answered, status=200, attempt=1
    )


def durations(seconds: Iterable[float]) -> Durations:
    """Some times, added up."""
    found = Durations()
    found.extend(seconds)
    return found


def near(*seconds: float) -> Any:
    """Times as they are known from buckets."""
    return pytest.approx(seconds, rel=ACCURACY)


def outcome(number: int, *, seconds: float | None = 0.5) -> Outcome:
    """What came of one account, which the OMS kept for two seconds."""
    due = START + number / 10
    final = None if seconds is None else due + seconds + 2.0
    status = None if seconds is None else "OK"
    told = Told(group="HSS", status=status, final_at=final, seconds=seconds)
    return Outcome(i_account=number, intended=due, told=(told,))


def reckoned(
    events: Iterable[Sent],
    outcomes: Iterable[Outcome],
    *,
    scenario: str = "steady",
    missed: int = 0,
    served: float = 0.001,
    busy: float = 0.5,
) -> Figures:
    """The figures of a run in which the simulators took as long as said for each request."""
    tally = Tally(begin=START)
    tally.served.extend([served] * 10)
    for one in events:
        tally.add_sent(one)
    for each in outcomes:
        tally.add_outcome(each)
    number = len(tally.answered)
    asked = chosen(scenario, rate=10.0, duration=number / (5 if scenario == "ramp" else 10))
    return figures(asked, tally, missed=missed, busy=busy)


def test_percentiles_are_those_of_the_times() -> None:
    """Of a hundred equal steps, the 95th percentile is the 95th, as near as is promised."""
    found = durations(number / 100 for number in range(101)).spread()
    assert (found.p50, found.p95, found.highest) == near(0.5, 0.95, 1.0)
    assert durations([]).spread() == Spread()
    assert durations([-2.0]).spread() == Spread()
    alone = durations([2.0]).spread()
    assert (alone.p50, alone.p95, alone.p99, alone.highest) == near(2.0, 2.0, 2.0, 2.0)


def test_backlog_is_what_arrived_and_did_not_end() -> None:
    """Ten events in the first second, which all end in the third: ten are open in between."""
    found = reckoned([sent(n) for n in range(10)], [outcome(n, seconds=0.05) for n in range(10)])
    assert [one.arrived for one in found.seconds] == [10, 0, 0]
    assert [one.backlog for one in found.seconds][:2] == [10, 10]
    assert found.seconds[-1].backlog == 0
    assert found.recovered_after == pytest.approx(2.05, abs=0.01)


def test_account_without_a_final_status_is_lost() -> None:
    """What never came to its end is counted, and no time can be told for it."""
    found = reckoned([sent(n) for n in range(3)], [outcome(0), outcome(1), outcome(2, seconds=None)])
    assert (found.lost, found.recovered_after) == (1, None)
    assert [str(one) for one in crossed(Thresholds(), found)] == ["lost: 1, where 0 is allowed"]


@pytest.mark.parametrize(
    ("events", "missed", "named"),
    [([sent(n, late=1.0) for n in range(9)], 0, "the generator"), ([sent(0)], 5, "the journal")],
    ids=["late events", "lost records"],
)
def test_harness_that_is_too_slow_is_named(events: list[Sent], missed: int, named: str) -> None:
    """A result that the harness itself spoilt does not count."""
    found = reckoned(events, [outcome(0)], missed=missed)
    assert found.bottleneck.startswith(named)
    assert reckoned([sent(0)], [outcome(0)]).bottleneck == ""


def test_simulators_that_are_slow_or_have_a_whole_processor_are_named() -> None:
    """Who takes half a second for a request, or can be given no more, holds up the target."""
    slow = reckoned([sent(0)], [outcome(0)], served=2.0)
    busy = reckoned([sent(0)], [outcome(0)], busy=0.99)
    assert slow.bottleneck.startswith("the simulators: 1 % of the requests took them more than 2.0")
    assert busy.bottleneck.startswith("the simulators: they had 99% of a processor")


def test_events_of_a_burst_may_leave_until_it_is_over() -> None:
    """All are due at once, which no generator can do; who needs longer than the burst lasts is too slow."""
    late = [reckoned([sent(0, late=seconds)], [outcome(0)], scenario="burst") for seconds in (0.09, 0.3)]
    assert [one.arrivals.duration for one in late] == [0.1, 0.1]
    assert late[0].bottleneck == ""
    assert late[1].bottleneck.startswith("the generator: 1 % of the events left more than 0.30 s late")


def test_harness_that_is_too_slow_excuses_no_lost_status() -> None:
    """What took long was perhaps not the target's fault; what was lost was."""
    limits = Thresholds(p95_event_to_status=0.1)
    busy = reckoned([sent(n) for n in range(2)], [outcome(0), outcome(1, seconds=None)], busy=0.99)
    assert [one.name for one in crossed(limits, busy)] == ["lost"]
    assert [one.name for one in crossed(limits, replace(busy, busy=0.5))] == ["p95_event_to_status", "lost"]


def test_late_notifications_are_the_fault_of_the_simulators() -> None:
    """A notification that left a second after it was due falsifies what is measured."""
    tally = Tally(begin=START)
    tally.add_sent(sent(0))
    tally.fired.extend([1.0] * 10)
    found = figures(chosen("steady", rate=10.0, duration=0.1), tally, missed=0, busy=0.5)
    assert found.bottleneck.startswith("the simulators: 1 % of the notifications fell due")


def test_notifications_that_wait_for_the_target_are_no_fault_of_the_simulators() -> None:
    """The OMS sends so many at once; what waits behind unanswered ones shows, and the result counts."""
    tally = Tally(begin=START)
    tally.add_sent(sent(0))
    tally.notified.extend([9.0] * 10)
    found = figures(chosen("steady", rate=10.0, duration=0.1), tally, missed=0, busy=0.5)
    assert found.bottleneck == ""
    assert found.notified.p99 == pytest.approx(9.0, rel=ACCURACY)


def test_failures_are_counted_by_account() -> None:
    """Who was told something wrong twice is one account, and one that is lost as well is lost alone."""
    wrong = Check(requirement="STATUS-GROUP", grade="fail", expected="HSS", received="PCRF")
    doubled = replace(wrong, requirement="ORDER-ONCE")
    outcomes = [
        replace(outcome(0), failures=(wrong, wrong)),
        replace(outcome(1), failures=(wrong, doubled)),
        replace(outcome(2, seconds=None), failures=(wrong,)),
    ]
    found = reckoned([sent(n) for n in range(3)], outcomes)
    assert (found.wrong, found.doubled, found.lost) == (1, 1, 1)


def test_percentiles_go_with_the_moment_an_event_was_due() -> None:
    """Events of the second five seconds that took longer show in the second window."""
    outcomes = [outcome(n, seconds=0.5 if n < 50 else 3.0) for n in range(100)]
    found = reckoned([sent(n) for n in range(100)], outcomes)
    assert [one.second for one in found.windows] == [0, 5]
    assert [one.event_to_status.p95 for one in found.windows] == near(0.5, 3.0)
    assert found.statuses == {"HSS": {"OK": 100}}


def test_ramp_names_the_rate_that_was_kept_up_with() -> None:
    """Events that ended late from the second half on mean that half the rate was kept up with."""
    ends = [outcome(n, seconds=0.5 if n < 50 else 9.0) for n in range(100)]
    found = reckoned([sent(n) for n in range(100)], ends, scenario="ramp")
    assert found.kept_up == pytest.approx(2.5)
    assert reckoned([sent(0)], [outcome(0)]).kept_up is None


def test_thresholds_come_from_a_file(tmp_path: Path) -> None:
    """What a file names is looked at, and nothing else but what is lost, wrong or doubled."""
    path = tmp_path / "thresholds.toml"
    path.write_text("p95_event_to_status = 0.2\nkept_up = 30\nlost = 1\n")
    found = replace(reckoned([sent(0)], [outcome(0)]), lost=1)
    names = [one.name for one in crossed(read_thresholds(path), found)]
    assert names == ["p95_event_to_status", "kept_up"]


@pytest.mark.parametrize(
    ("text", "named"),
    [("p95 = 2.0", "p95"), ("lost = -1", "lost"), ("lost = ", "no TOML"), ("p95_answer = 'x'", "p95_answer")],
)
def test_mistake_in_the_thresholds_is_named(tmp_path: Path, text: str, named: str) -> None:
    """A key that is not known, or a value that cannot be, is told before anything is sent."""
    path = tmp_path / "thresholds.toml"
    path.write_text(text)
    with pytest.raises(LoadOptionError, match=named):
        read_thresholds(path)
    with pytest.raises(LoadOptionError, match="cannot be read"):
        read_thresholds(tmp_path / "nowhere.toml")
