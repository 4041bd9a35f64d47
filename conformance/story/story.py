"""A story: the verbs that a scenario tells, step by step, with every wait ended by the thing waited for."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

from conformance.endpoints.knocking import PROBES, About
from conformance.oracle.duty_2_data import SESSIONS_ENDED
from conformance.oracle.outcomes import is_settled
from conformance.oracle.reading import read_group
from conformance.oracle.trouble import STARTED, STOPPED
from conformance.oracle.whole import QUIET
from conformance.story.steps import verb
from conformance.story.telling import MissedWaitError, NotDeclaredError, Telling
from conformance.target import Action
from simulators.emitter.core import Event
from simulators.oms.plans import Outcome, Plan, State
from simulators.records import Account, derived_account
from simulators.weather.plans import read_plan

# The page: the OMS processes an order in ten minutes; such a system can take an hour.
TEN_MINUTES: Final = 600.0
ONE_HOUR: Final = 3600.0
# How far above an account's number the events of its probes begin.
UNUSED: Final = 100_000


EventForm = Literal["plain", "texts", "extra"]


class Story(Telling):
    """Tells one scenario on a bench, with accounts and events of its own; each verb is a step of it."""

    @verb
    def create_account(self, *, pattern: str | None = None) -> Account:
        """Create an account with a SIM card; `pattern` makes its ID from its number, as `str.format` does."""
        account = derived_account(next(self._bench.numbers))
        if pattern:
            account = account.model_copy(update={"id": pattern.format(account.i_account)})
        self._stack.add_account(account)
        return account

    @verb
    def unknown_account(self) -> Account:
        """An account that PortaBilling does not have."""
        return derived_account(next(self._bench.numbers))

    @verb
    def change_sim_card(self, account: Account) -> Account:
        """Give an account another SIM card, of which an event is still to tell."""
        changed = account.model_copy(
            update={name: str(int(getattr(account, name)) + 1) for name in ("imsi", "iccid")}
        )
        self._stack.change_account(changed)
        return changed

    @verb
    def close(self, account: Account) -> Account:
        """Close an account, of which an event is still to tell."""
        return self._stack.close_account(account.i_account)

    @verb
    def plan(self, account: Account, *, first: Outcome = "completed", last: Outcome = "completed") -> None:
        """Plan the OMS's outcomes: the first group's services after ten minutes, the others after an hour."""
        groups = list(self._bench.file.features.groups.values())
        for services in groups:
            outcome, delay = (first, TEN_MINUTES) if services is groups[0] else (last, ONE_HOUR)
            for service in services:
                plan = Plan(service=service, i_account=account.i_account, outcome=outcome, delay=delay)
                self._stack.oms.plan(plan)

    @verb
    def plan_service(self, account: Account, service: str, **plan: Any) -> None:
        """Plan what becomes of one service of an account, as a world file would."""
        wanted = {"service": service, "i_account": account.i_account, **plan}
        self._stack.oms.plan(Plan.model_validate(wanted))
        if plan.get("outcome") == "silent":
            self._silent.add((account.i_account, service))

    @verb
    def emit(self, action: Action, account: Account, *, form: EventForm = "plain") -> Event:
        """Send the first declared event of an action, and wait for its answer.

        `form` writes it in another legal way: ids as texts, or with variables that nobody knows yet.
        """
        event = self._emitted(self.event_types(action)[0], account, form=form)
        self._until_answered(event, times=1)
        return event

    @verb
    def send(self, action: Action, account: Account) -> Event:
        """Send the first declared event of an action, and wait for nothing: its answer may be lost."""
        return self._emitted(self.event_types(action)[0], account, form="plain")

    @verb
    def emit_type(self, event_type: str, account: Account) -> Event:
        """Send an event of one of the declared types, and wait for its answer."""
        event = self._emitted(event_type, account, form="plain")
        self._until_answered(event, times=1)
        return event

    @verb
    def emit_at_once(self, action: Action, accounts: Sequence[Account]) -> None:
        """Send an event for each of several accounts, all before the first answer."""
        event_type = self.event_types(action)[0]
        with self._stack.guard:
            events = [self._emitted(event_type, account, form="plain") for account in accounts]
        for event in events:
            self._until_answered(event, times=1)

    @verb
    def resend(self, event: Event) -> None:
        """Send an event again, as the ESPF does when the answer was lost, and wait for its answer."""
        before = self._answers(event)
        with self._stack.guard:
            self._stack.emitter.resend(event.i_event)
        self._until_answered(event, times=before + 1)

    def _emitted(self, event_type: str, account: Account, *, form: EventForm) -> Event:
        i_account: Any = str(account.i_account) if form == "texts" else account.i_account
        extra = {"harness_extra": "of a later release"} if form == "extra" else {}
        with self._stack.guard:
            return self._stack.emitter.emit(event_type, i_account=i_account, **extra)

    @verb
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

    @verb
    def repeat(self, account: Account, service: str) -> None:
        """Let the OMS send its last decision about a service once more, as if the answer had been lost."""
        self._stack.oms.notify(self._told[account.i_account, service])
        self._until_quiet()

    @verb
    def strike(
        self, point: str, fault: Mapping[str, Any], *, account: Account | None = None, **which: Any
    ) -> int:
        """Let a fault strike the exchanges at a point, of one account or all; gives the plan's number."""
        if account:
            which["i_account"] = account.i_account
        return self._stack.weather.add(read_plan({"point": point, "fault": fault, **which})).number

    @verb
    def clear_weather(self) -> None:
        """Let no planned fault strike any more."""
        self._stack.weather.clear()

    @verb
    def kill_sessions(self) -> None:
        """End every session with PortaBilling, as its restart would."""
        with self._stack.guard:
            self._stack.sessions.revoke_all()
        self._stack.journal.fact(SESSIONS_ENDED, data={})

    @verb
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

    @verb
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

    @verb
    def advance(self, *, minutes: float) -> None:
        """Let virtual time pass; what falls due is delivered and answered meanwhile."""
        self._let_pass(minutes)

    @verb
    def pause(self) -> None:
        """Give the target a moment of real time in which nothing is expected of it."""
        self._stack.journal.wait_until(lambda: False, timeout=self._bench.file.timeouts.settle)

    @verb
    def until_quiet(self) -> None:
        """Wait until the target rests, or for as long as it may take to."""
        self._until_quiet()

    @verb
    def watch(self) -> None:
        """Let nothing happen for a moment, and see what the target does by itself."""
        self._until_quiet()
        self._stack.journal.fact(QUIET, data={})
        self._stack.journal.wait_until(lambda: False, timeout=self._bench.file.timeouts.settle)

    @verb
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

    @verb
    def until_ordered_anew(self, account: Account) -> None:
        """Wait until the OMS has accepted, since the newest event, orders for all that was ordered before."""

        def ordered() -> bool:
            case = self._case(account)
            since = case.events[-1].seq
            before = {
                service
                for order in case.accepted
                if order.seq < since
                for service in order.detail["services"]
            }
            placed = {
                service
                for order in case.accepted
                if order.seq > since
                for service in order.detail["services"]
            }
            return placed >= before

        what = f"accepted orders for i_account {account.i_account} after its newest event"
        self._until(ordered, what, limit=self._bench.file.timeouts.converge)

    @verb
    def until_decided(self, accounts: Sequence[Account]) -> None:
        """Wait until the OMS has accepted or refused orders for all that the accounts need.

        Then give the target time to report IN_PROGRESS, once for all.
        """
        declared = self._bench.declared

        def is_decided(account: Account) -> bool:
            case = self._case(account)
            return case.decided_services >= set(case.needed_services(declared))

        for account in accounts:
            what = f"orders for i_account {account.i_account}"
            try:
                self._until(partial(is_decided, account), what, limit=self._bench.file.timeouts.converge)
            except MissedWaitError:
                # Who could not have its data may leave it at that.
                if self._case(account).is_at_hand:
                    raise
        self._give_time(
            lambda: all(all(map(self._case(account).stored, declared.groups)) for account in accounts)
        )

    @verb
    def until_refused(self, account: Account) -> None:
        """Wait until the OMS has refused an order of the account for good."""
        self._until(
            lambda: any(order.refused for order in self._case(account).placed),
            f"an order for i_account {account.i_account}",
            limit=self._bench.file.timeouts.converge,
        )

    @verb
    def give_time_to_report(self, account: Account) -> None:
        """Give the target time to report what was notified so far; it may do so later."""
        self._give_time(lambda: is_settled(self._case(account), self._bench.declared))

    @verb
    def until_reported(self, account: Account) -> None:
        """Wait until every group of the account shows what the facts allow at this moment."""
        self._until(
            lambda: is_settled(self._case(account), self._bench.declared),
            f"the statuses that the facts demand for i_account {account.i_account}",
            limit=self._bench.file.timeouts.converge,
        )

    @verb
    def give_time_to_repeat(self, account: Account) -> None:
        """Give the target time to send again what ESPF did not take; what it never sent is not waited for."""

        def repeated() -> bool:
            case = self._case(account)
            return all(map(case.stored, {read_group(status) for status in case.statuses}))

        self._stack.journal.wait_until(repeated, timeout=self._bench.file.timeouts.converge)

    def provision(self) -> Account:
        """Create an account, and see it through to its last status, an hour later."""
        account = self.create_account()
        self.plan(account)
        self.emit("activate", account)
        self.until_ordered(account)
        self.advance(minutes=60)
        self.until_reported(account)
        return account
