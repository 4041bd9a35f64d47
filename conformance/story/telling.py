"""Telling: how a story waits, what it remembers, and how it is concluded and judged."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from conformance.bench import Bench
from conformance.oracle.case import Case, cases
from conformance.oracle.checks import Check
from conformance.oracle.judge import judge
from conformance.oracle.pace import step_seconds
from conformance.story.steps import Names, Step
from conformance.target import Action, UrlForm
from simulators.emitter.core import Event
from simulators.errors import ClockHeldError, EvictedError
from simulators.journal import Record
from simulators.oms.dialect import Notification
from simulators.records import Account
from simulators.world import PREDEFINED_GROUPS

# What was ordered late is notified late, and where a story ended early, much later: virtual minutes.
LATE_MINUTES: Final = (120.0, 3 * 24 * 60.0)
# What the timers are called by which something is sent again: after a refusal, or after silence.
SENT_AGAIN: Final = ("resend of", "silence about")
# By this part of a wait it grows for each of the schedules that are told at the same time.
LONGER_FOR_EACH: Final = 0.1
# Real seconds that each of many answers may take while time passes.
SLOW_ANSWER: Final = 2.0
# The fact that a story did something.
STEP: Final = "step"


class NotDeclaredError(Exception):
    """A story needs something that the target does not declare."""


class MissedWaitError(Exception):
    """What a story waited for did not come: it ends here, and the journal is judged as it is."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a story; `unsure` names the wait that ran out although no check failed.

    `waited` names the wait in vain that ended it, whatever else was found.
    """

    checks: tuple[Check, ...]
    unsure: str | None
    virtual_seconds: float
    wall_seconds: float
    waited: str | None = None


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many schedules were told at the same time, and with how many deviations each; none by default."""

    schedules: int = 0
    deviations: int = 0


NO_BATCH: Final = Batch()


class Telling:
    """Waits for what the target does, on a bench; ends with a result.

    Its beginning and its end are facts of the journal, so that a saved one can be judged again.
    """

    def __init__(
        self, bench: Bench, *, name: str, requirements: tuple[str, ...], batch: Batch = NO_BATCH
    ) -> None:
        self._bench = bench
        self.requirements = requirements
        self.name = name
        self._stack = bench.stack
        self.batch = batch
        about = {"name": name, "requirements": requirements, "batch": asdict(batch)}
        self._stack.journal.fact("scenario", data=about)
        self.first = bench.stack.journal.last_seq
        self.names = Names()
        self._steps: list[Step] = []
        self._told: dict[tuple[int, str], Notification] = {}
        # Accounts and services of which nothing is to be notified.
        self._silent: set[tuple[int, str]] = set()
        self._virtual_start = bench.stack.clock.now()
        self._real_start = time.monotonic()

    @property
    def last(self) -> int:
        """The number of the newest record."""
        return self._stack.journal.last_seq

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done so far."""
        return tuple(self._steps)

    @property
    def url_form(self) -> UrlForm:
        """The URL form that the target was started with."""
        return self._bench.url_form

    @property
    def services(self) -> tuple[str, ...]:
        """The services of the declared groups, those of the first group first."""
        groups = self._bench.file.features.groups.values()
        return tuple(service for services in groups for service in services)

    @property
    def groups(self) -> Mapping[str, Sequence[str]]:
        """The declared groups, each with its services."""
        return self._bench.file.features.groups

    @property
    def custom_groups(self) -> Sequence[str]:
        """The declared groups that ESPF does not know by itself.

        Raises:
            NotDeclaredError: the target does not declare custom-groups, or none of its groups is one.
        """
        own = [group for group in self.groups if group not in PREDEFINED_GROUPS]
        if not (self._bench.file.features.custom_groups and own):
            raise NotDeclaredError("the target does not declare custom-groups")
        return own

    def event_types(self, action: Action) -> tuple[str, ...]:
        """The declared event types of an action.

        Raises:
            NotDeclaredError: there are none.
        """
        declared = self._bench.file.features.actions.get(action)
        if not declared:
            raise NotDeclaredError(f"the target declares no event type for {action}")
        return declared

    def note(self, step: Step) -> None:
        """Record a step; it is a fact of the journal too."""
        self._steps.append(step)
        self._stack.journal.fact(STEP, data=step)

    def leave_out(self, why: str) -> None:
        """End without a result: the target does not declare what the story needs."""
        self._stack.journal.fact("end", data={"left_out": why})

    def conclude(self, *, missed: MissedWaitError | None = None) -> Result:
        """Let the target come to rest, once, and judge all that happened, if it is still known."""
        checks: tuple[Check, ...] = ()
        try:
            unsure = self._rest() or self._bench.death()
            checks = judge(self._records(), self._bench.declared)
        except MissedWaitError as error:
            unsure = str(error)
        finally:
            # Nothing of one story must reach the next.
            self._stack.weather.clear()
            self._stack.clock.cancel_all()
        result = Result(
            checks=checks,
            unsure=None if self._is_told(checks) else str(missed or unsure or "") or None,
            virtual_seconds=self._stack.clock.now() - self._virtual_start,
            wall_seconds=time.monotonic() - self._real_start,
            waited=str(missed) if missed else None,
        )
        end = {name: value for name, value in vars(result).items() if name != "checks"}
        self._stack.journal.fact("end", data=end)
        return result

    def _is_told(self, checks: Sequence[Check]) -> bool:
        """Whether what was found wrong is as good as told: a failure, or a warning of the story's subject."""
        return any(
            check.grade == "fail" or (check.grade == "warn" and check.requirement in self.requirements)
            for check in checks
        )

    def _rest(self) -> str | None:
        """Let the target come to rest; gives what was waited for in vain."""
        quiet = self._comes_to_rest()
        self._stack.weather.clear()
        for minutes in LATE_MINUTES:
            if quiet and self._unnotified():
                self._let_pass(minutes)
                quiet = self._comes_to_rest()
        return self._unnotified() if quiet else "the target to come to rest"

    def _comes_to_rest(self) -> bool:
        """Wait until nothing happens any more; who asks PortaBilling about no account rests all the same."""
        settle, limit = self._settle_seconds(), self._bench.file.timeouts.converge
        if self._stack.in_flight.wait_quiet(settle, timeout=limit):
            return True
        latest = [record for record in self._records() if record.real_time > time.time() - settle]
        return all(record.destination == "portabilling" and record.i_account is None for record in latest)

    def _settle_seconds(self) -> float:
        """How long nothing may happen before the target is at rest: longer for one that takes long steps."""
        timeouts = self._bench.file.timeouts
        steps = [step_seconds(case) for case in cases(self._records()) if case.events and case.orders]
        return min(timeouts.converge, max(timeouts.settle, *(2 * step for step in steps), 0.0))

    def _unnotified(self) -> str | None:
        """What was ordered and never notified: about it nothing can be known."""
        for case in cases(self._records()):
            ordered = {service for order in case.accepted for service in order.detail["services"]}
            told = {news.detail["service"] for news in case.notifications}
            silent = {name for name in ordered - told if (case.i_account, name) not in self._silent}
            if silent:
                return f"notifications about {', '.join(sorted(silent))} of i_account {case.i_account}"
        return None

    def _records(self) -> tuple[Record, ...]:
        try:
            return self._stack.journal.records(since=self.first)
        except EvictedError as error:
            raise MissedWaitError(str(error)) from error

    def _let_pass(self, minutes: float) -> None:
        timeouts = self._bench.file.timeouts
        pending, _ = self._stack.clock.upcoming(0)
        # Long enough for an answer that stays out, and too short for one that does so minute by minute.
        limit = max(timeouts.converge, 2 * timeouts.silence, pending * SLOW_ANSWER)
        try:
            self._stack.clock.advance(minutes=minutes, deadline=limit)
        except ClockHeldError as error:
            raise MissedWaitError(str(error)) from error

    def _until_quiet(self) -> None:
        timeouts = self._bench.file.timeouts
        self._stack.in_flight.wait_quiet(timeouts.settle, timeout=timeouts.converge)

    def _give_time(self, done: Callable[[], bool]) -> None:
        # In the story minutes pass; a virtual jump must not rob the target of all of them.
        self._stack.journal.wait_until(done, timeout=self._bench.file.timeouts.settle)

    def _case(self, account: Account) -> Case:
        found = cases(self._records())
        return next(case for case in found if case.i_account == account.i_account)

    def _answers(self, event: Event) -> int:
        known = self._stack.emitter.event(event.i_event)
        return len(known.deliveries) if known else 0

    def _until_answered(self, event: Event, *, times: int) -> None:
        # An unanswered delivery counts as failed after `silence`; a little later even that has been noted.
        limit = self._bench.file.timeouts.silence + 1
        self._until(
            lambda: self._answers(event) >= times, f"an answer to i_event {event.i_event}", limit=limit
        )

    def _until(self, condition: Callable[[], bool], what: str, *, limit: float) -> None:
        if not self._seen(condition, limit=limit):
            death = self._bench.death()
            raise MissedWaitError(f"{what} (waited {limit:g} s)" + (f"\n{death}" if death else ""))

    def _seen(self, condition: Callable[[], bool], *, limit: float) -> bool:
        """Wait for a condition; where all is at rest, what was not taken is sent again meanwhile.

        Who answers 500 in trouble waits for just that. Nothing else of the story falls due by it.
        """
        journal, settle = self._stack.journal, self._bench.file.timeouts.settle
        start = time.monotonic()
        while (left := self._left(start, limit=limit)) > 0:
            if journal.wait_until(condition, timeout=min(settle, left)):
                return True
            self._send_again()
        return bool(journal.wait_until(condition, timeout=0))

    def _left(self, start: float, *, limit: float) -> float:
        """Real seconds that are left to wait; who is told many schedules at once has longer, if it works."""
        now = time.monotonic()
        last_seen = max(start, now - max(0.0, self._stack.in_flight.quiet_for()))
        most = limit * (1 + self.batch.schedules * LONGER_FOR_EACH)
        return min(last_seen + limit, start + most) - now if self.batch.schedules > 1 else start + limit - now

    def _send_again(self) -> None:
        """Let virtual time go to the next timer, if that is one by which something is sent again."""
        _, timers = self._stack.clock.upcoming(1)
        is_such = bool(timers) and str(timers[0].label).startswith(SENT_AGAIN)
        if is_such and self._stack.in_flight.quiet_for() > 0:
            self._stack.clock.advance(seconds=timers[0].due - self._stack.clock.now())
