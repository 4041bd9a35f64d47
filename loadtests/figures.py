"""The figures of a load: percentiles, rates and backlog over time, and whether the harness was too slow."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from loadtests.judging import Judged, Told
from loadtests.scenarios import LoadScenario
from loadtests.sent import Sent

# Real seconds: what leaves so late, or is served so slowly, shows that the machine is too small.
LATE: Final = 0.25
SLOW: Final = 0.5
# A rate holds where its events come to their end as soon as this, in real seconds, but for the OMS's delay.
KEPT_UP: Final = 2.0
# So many real seconds are looked at together.
WINDOW: Final = 5.0


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
class Figures:
    """All figures of a run, from which thresholds and reports are made."""

    intended: int
    sent: int
    answered: Spread
    lateness: Spread
    served: Spread
    event_to_status: Spread
    groups: dict[str, Spread]
    lost: int
    wrong: int
    doubled: int
    statuses: dict[str, int]
    seconds: tuple[Second, ...]
    recovered_after: float | None
    kept_up: float | None
    missed_records: int

    @property
    def bottleneck(self) -> str:
        """What of the harness was too slow for the result to count; empty where nothing was."""
        if self.sent < self.intended:
            return f"the generator: it sent {self.sent} of {self.intended} events"
        if self.lateness.p99 > LATE:
            return f"the generator: 1 % of the events left more than {self.lateness.p99:.2f} s late"
        if self.served.p99 > SLOW:
            return f"the simulators: 1 % of the requests took them more than {self.served.p99:.2f} s"
        if self.missed_records:
            return f"the journal: {self.missed_records} records were gone before they could be kept"
        return ""


def figures(scenario: LoadScenario, sent: Sequence[Sent], judged: Judged, *, missed: int) -> Figures:
    """Reckon all figures."""
    first = [one for one in sent if one.attempt == 1]
    finals = [told for told in judged.told if told.seconds is not None]
    failed = [check.requirement for check in judged.failures]
    doubled = {c.i_account for c in judged.failures if c.requirement == "ORDER-ONCE"}
    lost = {told.i_account for told in judged.told if told.final_at is None}
    is_slow_on_purpose = bool(scenario.troubles)
    return Figures(
        intended=scenario.arrivals.number,
        sent=len(first),
        answered=spread(one.ended - one.intended for one in first),
        lateness=spread(one.lateness for one in first),
        served=Spread() if is_slow_on_purpose else spread(judged.served),
        event_to_status=spread(told.seconds or 0.0 for told in finals),
        groups={
            group: spread(told.seconds or 0.0 for told in finals if told.group == group)
            for group in sorted({told.group for told in judged.told})
        },
        lost=len(lost),
        wrong=len({c.i_account for c in judged.failures} - lost - doubled),
        doubled=len(doubled) if failed else 0,
        statuses=dict(Counter(told.status or "none" for told in judged.told)),
        seconds=tuple(_seconds(first, judged.told)),
        recovered_after=_recovered(first, judged.told),
        kept_up=_kept_up(scenario, judged.told),
        missed_records=missed,
    )


def _ends(told: Iterable[Told]) -> dict[int, float | None]:
    """When each account came to its end: with the last of its groups."""
    ends: dict[int, float | None] = {}
    for one in told:
        known = ends.get(one.i_account, 0.0)
        ends[one.i_account] = None if one.final_at is None or known is None else max(known, one.final_at)
    return ends


def _seconds(sent: Sequence[Sent], told: Sequence[Told]) -> Iterable[Second]:
    if not sent:
        return
    start = min(one.intended for one in sent)
    arrived = Counter(int(one.intended - start) for one in sent)
    done = Counter(int(end - start) for end in _ends(told).values() if end is not None)
    backlog = 0
    for second in range(max([*arrived, *done]) + 1):
        backlog += arrived[second] - done[second]
        yield Second(second=second, arrived=arrived[second], done=done[second], backlog=backlog)


def _recovered(sent: Sequence[Sent], told: Sequence[Told]) -> float | None:
    """Real seconds from the last event to the end of all; None where something never came to it."""
    ends = _ends(told).values()
    if not sent or not ends or None in ends:
        return None
    return max(0.0, max(end for end in ends if end is not None) - max(one.intended for one in sent))


def _kept_up(scenario: LoadScenario, told: Sequence[Told]) -> float | None:
    """For a ramp: the rate, in events a second, of the last window in which all came to their end in time."""
    if scenario.arrivals.shape != "ramp" or not told:
        return None
    start = min(one.intended for one in told)
    windows: dict[int, list[float | None]] = {}
    for one in told:
        windows.setdefault(int((one.intended - start) / WINDOW), []).append(one.seconds)
    kept = 0.0
    for window in sorted(windows):
        seconds = windows[window]
        if None in seconds or spread(one for one in seconds if one is not None).p95 > KEPT_UP:
            break
        kept = scenario.arrivals.rate * min(1.0, (window + 1) * WINDOW / scenario.arrivals.duration)
    return kept
