"""The tally of a load: numbers alone, added account by account, so that a million fit into memory."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

from conformance.oracle.checks import Check
from loadtests.sent import Sent
from loadtests.spread import Durations

# So many real seconds are looked at together.
WINDOW: Final = 5
# So many failures are kept to be told one by one; the accounts of all of them are counted.
KEPT: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of one group of an account; `final_at` is in real seconds since 1970.

    `seconds` is the time from the moment the event was due to the last final status, without the OMS's own
    delay. Both are None where there was no final status.
    """

    group: str
    status: str | None
    final_at: float | None
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one account, and what the oracle found wrong; its event was due at `intended`."""

    i_account: int
    intended: float
    told: tuple[Told, ...]
    failures: tuple[Check, ...] = ()

    @property
    def ended_at(self) -> float | None:
        """When the last of its groups came to its end; None if one never did."""
        ends = [one.final_at for one in self.told]
        return max((end for end in ends if end is not None), default=None) if None not in ends else None


@dataclass(kw_only=True)
class Tally:
    """What is added up; `begin` is the moment at which the first event was due. Times are real seconds."""

    begin: float
    answered: Durations = field(default_factory=Durations)
    lateness: Durations = field(default_factory=Durations)
    # What the simulators took for each request of the provisioner, unless they were slow on purpose.
    served: Durations = field(default_factory=Durations)
    # By how much the simulators were late with each notification, and how late it left: in between it may
    # have waited behind others that the target had not answered.
    fired: Durations = field(default_factory=Durations)
    notified: Durations = field(default_factory=Durations)
    # From event to status: of all, by group, and by the window in which the event was due.
    event_to_status: Durations = field(default_factory=Durations)
    groups: defaultdict[str, Durations] = field(default_factory=lambda: defaultdict(Durations))
    windows: defaultdict[int, Durations] = field(default_factory=lambda: defaultdict(Durations))
    unfinished: Counter[int] = field(default_factory=Counter)
    statuses: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Events by the second.
    arrived: Counter[int] = field(default_factory=Counter)
    done: Counter[int] = field(default_factory=Counter)
    last_due: float = 0.0
    last_end: float = 0.0
    lost: int = 0
    wrong: int = 0
    doubled: int = 0
    failures: list[Check] = field(default_factory=list)

    def add_sent(self, one: Sent) -> None:
        """Add the first attempt to deliver an event."""
        self.answered.add(one.ended - one.intended)
        self.lateness.add(one.lateness)
        self.arrived[int(one.intended - self.begin)] += 1
        self.last_due = max(self.last_due, one.intended)

    def add_outcome(self, outcome: Outcome) -> None:
        """Add what came of an account."""
        ended_at, window = outcome.ended_at, int((outcome.intended - self.begin) // WINDOW)
        for one in outcome.told:
            self.statuses[one.group][one.status or "none"] += 1
            if one.seconds is not None:
                self.event_to_status.add(one.seconds)
                self.groups[one.group].add(one.seconds)
                self.windows[window].add(one.seconds)
        if ended_at is None:
            self.unfinished[window] += 1
        else:
            self.done[int(ended_at - self.begin)] += 1
            self.last_end = max(self.last_end, ended_at)
        self._count(outcome, is_lost=ended_at is None)

    def _count(self, outcome: Outcome, *, is_lost: bool) -> None:
        is_doubled = any(check.requirement == "ORDER-ONCE" for check in outcome.failures)
        self.lost += is_lost
        self.doubled += is_doubled
        self.wrong += bool(outcome.failures) and not is_lost and not is_doubled
        self.failures += outcome.failures[: KEPT - len(self.failures)]
