"""The figures of a load: percentiles, rates and backlog over time, and whether the harness was too slow."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from loadtests.arrivals import Arrivals
from loadtests.processor import FULL
from loadtests.scenarios import LoadScenario
from loadtests.spread import Durations, Spread
from loadtests.tally import WINDOW, Tally

# Real seconds: what leaves so late, or is served so slowly, shows that the machine is too small.
LATE: Final = 0.25
SLOW: Final = 0.5
# A rate holds where its events come to their end as soon as this, in real seconds, but for the OMS's delay.
KEPT_UP: Final = 2.0


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
    the share of a processor that the simulators had in their busiest seconds.
    """

    arrivals: Arrivals
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
        return next(self._bottlenecks(), "")

    def _bottlenecks(self) -> Iterator[str]:
        if self.missed_records:
            yield f"the journal: {self.missed_records} or more records of what happened could not be kept"
        if self.sent < self.intended:
            yield f"the generator: it sent {self.sent} of {self.intended} events; locust.log may say why"
        if self.lateness.p99 > self._late:
            yield f"the generator: 1 % of the events left more than {self.lateness.p99:.2f} s late"
        if self.served.p99 > SLOW:
            yield f"the simulators: 1 % of the requests took them more than {self.served.p99:.2f} s"
        if self.fired.p99 > LATE:
            yield f"the simulators: 1 % of the notifications fell due more than {self.fired.p99:.2f} s late"
        if self.busy > FULL:
            yield f"the simulators: they had {self.busy:.0%} of a processor for {WINDOW} s, and use no more"

    @property
    def _late(self) -> float:
        """How late an event may leave; those of a burst are all due at once."""
        return self.arrivals.duration if self.arrivals.shape == "burst" else LATE


def figures(scenario: LoadScenario, tally: Tally, *, missed: int, busy: float) -> Figures:
    """Reckon all figures; `busy` is the share of a processor that the simulators had at most."""
    return Figures(
        arrivals=scenario.arrivals,
        intended=scenario.arrivals.number,
        sent=len(tally.answered),
        answered=tally.answered.spread(),
        lateness=tally.lateness.spread(),
        served=tally.served.spread(),
        fired=tally.fired.spread(),
        notified=tally.notified.spread(),
        busy=busy,
        event_to_status=tally.event_to_status.spread(),
        groups={group: seconds.spread() for group, seconds in sorted(tally.groups.items())},
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
        seconds = tally.windows.get(window, Durations())
        unfinished = tally.unfinished[window]
        yield Window(second=window * WINDOW, event_to_status=seconds.spread(), unfinished=unfinished)


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
