"""A story: what a scenario tells step by step, with every wait ended by the thing waited for."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from conformance.bench import Bench
from conformance.endpoints.knocking import PROBES, About
from conformance.oracle.case import Case, cases
from conformance.oracle.checks import Check
from conformance.oracle.duty_2_data import SESSIONS_ENDED
from conformance.oracle.judge import judge
from conformance.oracle.outcomes import is_settled
from conformance.oracle.reading import read_group
from conformance.oracle.trouble import STARTED, STOPPED
from conformance.oracle.whole import QUIET
from conformance.target import Action, UrlForm
from simulators.emitter.core import Event
from simulators.errors import ClockHeldError
from simulators.journal import Record
from simulators.oms.dialect import Notification
from simulators.oms.plans import Outcome, Plan, State
from simulators.records import Account, derived_account
from simulators.weather.plans import read_plan
from simulators.world import PREDEFINED_GROUPS

# The page: the OMS processes an order in ten minutes; such a system can take an hour.
TEN_MINUTES: Final = 600.0
ONE_HOUR: Final = 3600.0
LATE_MINUTES: Final = 120.0
# How far above an account's number the events of its probes begin.
UNUSED: Final = 100_000


EventForm = Literal["plain", "texts", "extra"]


class NotDeclaredError(Exception):
    """A story needs something that the target does not declare."""


class MissedWaitError(Exception):
    """What a story waited for did not come: it ends here, and the journal is judged as it is."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a story; `unsure` names the wait that ran out although no check failed."""

    checks: tuple[Check, ...]
    unsure: str | None
    virtual_seconds: float
    wall_seconds: float


class Story:
    """Tells one scenario on a bench, with accounts and events of its own.

    Its beginning and its end are facts of the journal, so that a saved one can be judged again.
    """

    def __init__(self, bench: Bench, *, name: str, requirements: tuple[str, ...]) -> None:
        self._bench = bench
        self._requirements = requirements
        self._stack = bench.stack
        self._stack.journal.fact("scenario", data={"name": name, "requirements": requirements})
        self.first = bench.stack.journal.last_seq
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
    def url_form(self) -> UrlForm:
        """The URL form that the target was started with."""
        return self._bench.url_form

    def create_account(self, *, pattern: str | None = None) -> Account:
        """Create an account with a SIM card; `pattern` makes its ID from its number, as `str.format` does."""
        account = derived_account(next(self._bench.numbers))
        if pattern:
            account = account.model_copy(update={"id": pattern.format(account.i_account)})
        self._stack.add_account(account)
        return account

    def unknown_account(self) -> Account:
        """An account that PortaBilling does not have."""
        return derived_account(next(self._bench.numbers))

    def plan(self, account: Account, *, first: Outcome = "completed", last: Outcome = "completed") -> None:
        """Plan the OMS's outcomes: the first group's services after ten minutes, the others after an hour."""
        groups = list(self._bench.file.features.groups.values())
        for services in groups:
            outcome, delay = (first, TEN_MINUTES) if services is groups[0] else (last, ONE_HOUR)
            for service in services:
                plan = Plan(service=service, i_account=account.i_account, outcome=outcome, delay=delay)
                self._stack.oms.plan(plan)

    def plan_service(self, account: Account, service: str, **plan: Any) -> None:
        """Plan what becomes of one service of an account, as a world file would."""
        wanted = {"service": service, "i_account": account.i_account, **plan}
        self._stack.oms.plan(Plan.model_validate(wanted))
        if plan.get("outcome") == "silent":
            self._silent.add((account.i_account, service))

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

    def emit(self, action: Action, account: Account, *, form: EventForm = "plain") -> Event:
        """Send the first declared event of an action, and wait for its answer.

        `form` writes it in another legal way: ids as texts, or with variables that nobody knows yet.
        """
        event = self._emitted(self.event_types(action)[0], account, form=form)
        self._until_answered(event, times=1)
        return event

    def emit_type(self, event_type: str, account: Account) -> Event:
        """Send an event of one of the declared types, and wait for its answer."""
        event = self._emitted(event_type, account, form="plain")
        self._until_answered(event, times=1)
        return event

    def emit_at_once(self, action: Action, accounts: Sequence[Account]) -> None:
        """Send an event for each of several accounts, all before the first answer."""
        event_type = self.event_types(action)[0]
        with self._stack.guard:
            events = [self._emitted(event_type, account, form="plain") for account in accounts]
        for event in events:
            self._until_answered(event, times=1)

    def event_types(self, action: Action) -> tuple[str, ...]:
        """The declared event types of an action.

        Raises:
            NotDeclaredError: there are none.
        """
        declared = self._bench.file.features.actions.get(action)
        if not declared:
            raise NotDeclaredError(f"the target declares no event type for {action}")
        return declared

    def _emitted(self, event_type: str, account: Account, *, form: EventForm) -> Event:
        i_account: Any = str(account.i_account) if form == "texts" else account.i_account
        extra = {"harness_extra": "of a later release"} if form == "extra" else {}
        with self._stack.guard:
            return self._stack.emitter.emit(event_type, i_account=i_account, **extra)

    def strike(
        self, point: str, fault: Mapping[str, Any], *, account: Account | None = None, **which: Any
    ) -> int:
        """Let a fault strike the exchanges at a point, of one account or all; gives the plan's number."""
        if account:
            which["i_account"] = account.i_account
        return self._stack.weather.add(read_plan({"point": point, "fault": fault, **which})).number

    def clear_weather(self) -> None:
        """Let no planned fault strike any more."""
        self._stack.weather.clear()

    def kill_sessions(self) -> None:
        """End every session with PortaBilling, as its restart would."""
        with self._stack.guard:
            self._stack.sessions.revoke_all()
        self._stack.journal.fact(SESSIONS_ENDED, data={})

    def change_sim_card(self, account: Account) -> Account:
        """Give an account another SIM card, of which an event is still to tell."""
        changed = account.model_copy(
            update={name: str(int(getattr(account, name)) + 1) for name in ("imsi", "iccid")}
        )
        self._stack.change_account(changed)
        return changed

    def close(self, account: Account) -> Account:
        """Close an account, of which an event is still to tell."""
        return self._stack.close_account(account.i_account)

    def decide(self, account: Account, service: str, state: State) -> None:
        """Let the OMS say now what becomes of a service of the account's newest order."""
        order = next(
            order
            for order in reversed(self._stack.oms.orders())
            if order.request.account.get("i_account") == account.i_account
            and service in order.request.services
        )
        told = self._stack.oms.decide(order.order_id, service, state=state)
        self._told[account.i_account, service] = told
        self._until_quiet()

    def repeat(self, account: Account, service: str) -> None:
        """Let the OMS send its last decision about a service once more, as if the answer had been lost."""
        self._stack.oms.notify(self._told[account.i_account, service])
        self._until_quiet()

    def kill(self) -> None:
        """Kill the target as a power cut does, and start it again.

        Raises:
            NotDeclaredError: the target does not declare `restart`.
        """
        if not (self._bench.file.features.restart and self._bench.target):
            raise NotDeclaredError("the target does not declare restart")
        self._stack.journal.fact(STOPPED, data={})
        self._bench.target.restart()
        self._stack.journal.fact(STARTED, data={})

    def watch(self) -> None:
        """Let nothing happen for a moment, and see what the target does by itself."""
        self._until_quiet()
        self._stack.journal.fact(QUIET, data={})
        self._stack.journal.wait_until(lambda: False, timeout=self._bench.file.timeouts.settle)

    def pause(self) -> None:
        """Give the target a moment of real time in which nothing is expected of it."""
        self._stack.journal.wait_until(lambda: False, timeout=self._bench.file.timeouts.settle)

    def until_refused(self, account: Account) -> None:
        """Wait until the OMS has refused an order of the account for good."""
        self._until(
            lambda: any(order.refused for order in self._case(account).placed),
            f"an order for i_account {account.i_account}",
            limit=self._bench.file.timeouts.converge,
        )

    def _until_quiet(self) -> None:
        timeouts = self._bench.file.timeouts
        self._stack.in_flight.wait_quiet(timeouts.settle, timeout=timeouts.converge)

    def resend(self, event: Event) -> None:
        """Send an event again, as the ESPF does when the answer was lost, and wait for its answer."""
        before = self._answers(event)
        with self._stack.guard:
            self._stack.emitter.resend(event.i_event)
        self._until_answered(event, times=before + 1)

    def until_ordered(self, account: Account) -> None:
        """Wait until the OMS has accepted orders for all that the account needs.

        Then give the target time to report IN_PROGRESS, which it may leave out.
        """
        declared = self._bench.declared

        def ordered() -> bool:
            case = self._case(account)
            placed = {service for order in case.accepted for service in order.detail["services"]}
            return placed >= set(case.needed_services(declared))

        what = f"accepted orders for i_account {account.i_account}"
        self._until(ordered, what, limit=self._bench.file.timeouts.converge)
        self._give_time(lambda: all(map(self._case(account).stored, declared.groups)))

    def provision(self) -> Account:
        """Create an account, and see it through to its last status, an hour later."""
        account = self.create_account()
        self.plan(account)
        self.emit("activate", account)
        self.until_ordered(account)
        self.advance(minutes=60)
        self.until_reported(account)
        return account

    def send_probes(self, name: str, account: Account) -> None:
        """Send what the target must refuse or pass over: one of the collections of `PROBES`."""
        for probe in PROBES[name](self._about(account)):
            self._bench.doors[probe.operation].knock(probe, self._stack.journal)

    def _about(self, account: Account) -> About:
        orders = [
            {"order_id": order.order_id, "reference": order.request.reference, "service": service}
            for order in self._stack.oms.orders()
            for service in order.request.services
            if order.request.account.get("i_account") == account.i_account
        ]
        doors, features = self._bench.doors, self._bench.file.features
        return About(
            i_account=account.i_account,
            # Of an event that the emitter never sends in this run.
            i_event=account.i_account + UNUSED,
            declared=tuple(name for names in features.actions.values() for name in names),
            events_url=doors["event"].url,
            notify_url=doors["notification"].url,
            order=orders[-1] if orders else {},
            seed=self._bench.seed,
        )

    def advance(self, *, minutes: float) -> None:
        """Let virtual time pass; what falls due is delivered and answered meanwhile."""
        timeouts = self._bench.file.timeouts
        # Long enough for an answer that stays out, and too short for one that does so minute by minute.
        limit = max(timeouts.converge, 2 * timeouts.silence)
        try:
            self._stack.clock.advance(minutes=minutes, deadline=limit)
        except ClockHeldError as error:
            raise MissedWaitError(str(error)) from error

    def give_time_to_report(self, account: Account) -> None:
        """Give the target time to report what was notified so far; it may do so later."""
        self._give_time(lambda: is_settled(self._case(account), self._bench.declared))

    def until_reported(self, account: Account) -> None:
        """Wait until every group of the account shows what the facts allow at this moment."""
        self._until(
            lambda: is_settled(self._case(account), self._bench.declared),
            f"the statuses that the facts demand for i_account {account.i_account}",
            limit=self._bench.file.timeouts.converge,
        )

    def give_time_to_repeat(self, account: Account) -> None:
        """Give the target time to send again what ESPF did not take; what it never sent is not waited for."""

        def repeated() -> bool:
            case = self._case(account)
            return all(map(case.stored, {read_group(status) for status in case.statuses}))

        self._stack.journal.wait_until(repeated, timeout=self._bench.file.timeouts.converge)

    def leave_out(self, why: str) -> None:
        """End without a result: the target does not declare what the story needs."""
        self._stack.journal.fact("end", data={"left_out": why})

    def conclude(self, *, missed: MissedWaitError | None = None) -> Result:
        """Let the target come to rest, once, and judge all that happened."""
        quiet = self._comes_to_rest()
        # Neither faults nor timers of one story must reach the next.
        self._stack.weather.clear()
        if quiet and self._unnotified():
            # What was ordered late is notified late.
            self.advance(minutes=LATE_MINUTES)
            quiet = self._comes_to_rest()
        self._stack.clock.cancel_all()
        checks = judge(self._records(), self._bench.declared)
        # What was found wrong with the story's own subject is as good as told.
        told = any(
            check.grade == "fail" or (check.grade == "warn" and check.requirement in self._requirements)
            for check in checks
        )
        unsure = str(missed) if missed else self._unnotified() if quiet else "the target to come to rest"
        result = Result(
            checks=checks,
            unsure=None if told else unsure,
            virtual_seconds=self._stack.clock.now() - self._virtual_start,
            wall_seconds=time.monotonic() - self._real_start,
        )
        end = {name: value for name, value in vars(result).items() if name != "checks"}
        self._stack.journal.fact("end", data=end)
        return result

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
        steps = [
            case.orders[0].real_time - case.events[0].real_time
            for case in cases(self._records())
            if case.events and case.orders
        ]
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
        return self._stack.journal.records(since=self.first)

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
        until = time.monotonic() + limit
        while (left := until - time.monotonic()) > 0:
            if journal.wait_until(condition, timeout=min(settle, left)):
                return True
            self._send_again()
        return bool(journal.wait_until(condition, timeout=0))

    def _send_again(self) -> None:
        """Let virtual time go to the next timer, if that is one that sends something again."""
        _, timers = self._stack.clock.upcoming(1)
        if timers and str(timers[0].label).startswith("resend of") and self._stack.in_flight.quiet_for() > 0:
            self._stack.clock.advance(seconds=timers[0].due - self._stack.clock.now())
