"""The figures of a load: percentiles, rates and backlog over time, and whether the harness was too slow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from statistics import quantiles
from typing import Final

from loadtests.scenarios import LoadScenario
from loadtests.tally import WINDOW, Tally

# Real seconds: what leaves so late, or is served so slowly, shows that the machine is too small.
LATE: Final = 0.25
SLOW: Final = 0.5
# A rate holds where its events come to their end as soon as this, in real seconds, but for the OMS's delay.
KEPT_UP: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Percentiles of real seconds; all 0 where there is nothing."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    highest: float = 0.0


def spread(seconds: Iterable[float]) -> Spread:
    """The percentiles of some times."""
    found = sorted(seconds)
    if len(found) < 2:  # noqa: PLR2004 - one alone has no percentiles
        return Spread(p50=sum(found), p95=sum(found), p99=sum(found), highest=sum(found))
    cuts = quantiles(found, n=100, method="inclusive")
    return Spread(p50=cuts[49], p95=cuts[94], p99=cuts[98], highest=found[-1])


@dataclass(frozen=True, kw_only=True)
class Second:
    """One second of the run: what arrived and what came to its end in it, and what was open at its end."""

    second: int
    arrived: int
    done: int
    backlog: int


@dataclass(frozen=True, kw_only=True)
class Window:
    """What came of the events that were due within some seconds, of which `second` is the first."""

    second: int
    event_to_status: Spread
    unfinished: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All figures of a run, from which thresholds and reports are made.

    `fired` is how late the simulators were with notifications, `notified` how late these left, and `busy`
    the simulators' share of a processor.
    """

    intended: int
    sent: int
    answered: Spread
    lateness: Spread
    served: Spread
    fired: Spread
    notified: Spread
    busy: float
    event_to_status: Spread
    groups: dict[str, Spread]
    lost: int
    wrong: int
    doubled: int
    statuses: dict[str, dict[str, int]]
    seconds: tuple[Second, ...]
    windows: tuple[Window, ...]
    recovered_after: float | None
    kept_up: float | None
    missed_records: int

    @property
    def bottleneck(self) -> str:
        """What of the harness was too slow for the result to count; empty where nothing was."""
        if self.missed_records:
            return f"the journal: {self.missed_records} records of what happened could not be kept"
        if self.sent < self.intended:
            return f"the generator: it sent {self.sent} of {self.intended} events"
        if self.lateness.p99 > LATE:
            return f"the generator: 1 % of the events left more than {self.lateness.p99:.2f} s late"
        if self.served.p99 > SLOW:
            return f"the simulators: 1 % of the requests took them more than {self.served.p99:.2f} s"
        if self.fired.p99 > LATE:
            return f"the simulators: 1 % of the notifications fell due more than {self.fired.p99:.2f} s late"
        return ""


def figures(scenario: LoadScenario, tally: Tally, *, missed: int, busy: float) -> Figures:
    """Reckon all figures; `busy` is the share of a processor that the simulators had."""
    is_slow_on_purpose = bool(scenario.troubles)
    return Figures(
        intended=scenario.arrivals.number,
        sent=len(tally.answered),
        answered=spread(tally.answered),
        lateness=spread(tally.lateness),
        served=Spread() if is_slow_on_purpose else spread(tally.served),
        fired=spread(tally.fired),
        notified=spread(tally.notified),
        busy=busy,
        event_to_status=spread(chain.from_iterable(tally.groups.values())),
        groups={group: spread(seconds) for group, seconds in sorted(tally.groups.items())},
        lost=tally.lost,
        wrong=tally.wrong,
        doubled=tally.doubled,
        statuses={group: dict(found) for group, found in sorted(tally.statuses.items())},
        seconds=tuple(_seconds(tally)),
        windows=tuple(_windows(tally)),
        recovered_after=None if tally.lost else max(0.0, tally.last_end - tally.last_due),
        kept_up=_kept_up(scenario, tally),
        missed_records=missed,
    )


def _seconds(tally: Tally) -> Iterator[Second]:
    backlog = 0
    for second in range(max([*tally.arrived, *tally.done], default=-1) + 1):
        arrived, done = tally.arrived[second], tally.done[second]
        backlog += arrived - done
        yield Second(second=second, arrived=arrived, done=done, backlog=backlog)


def _windows(tally: Tally) -> Iterator[Window]:
    for window in range(max([*tally.windows, *tally.unfinished], default=-1) + 1):
        seconds = tally.windows.get(window, ())
        unfinished = tally.unfinished[window]
        yield Window(second=window * WINDOW, event_to_status=spread(seconds), unfinished=unfinished)


def _kept_up(scenario: LoadScenario, tally: Tally) -> float | None:
    """For a ramp: the rate, in events a second, of the last window in which all came to their end in time."""
    if scenario.arrivals.shape != "ramp":
        return None
    kept = 0.0
    for window in _windows(tally):
        if window.unfinished or window.event_to_status.p95 > KEPT_UP:
            break
        kept = scenario.arrivals.rate * min(1.0, (window.second + WINDOW) / scenario.arrivals.duration)
    return kept
