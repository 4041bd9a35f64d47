"""The rules of the OMS, without any web: orders by reference, outcomes by plan, notifications until taken."""

import itertools
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from simulators.clock import Clock, Timer
from simulators.errors import OrderError
from simulators.oms.dialect import (
    Dialect,
    HttpReply,
    HttpRequest,
    Hub,
    Notification,
    Order,
    OrderRefusedError,
    OrderRequest,
)
from simulators.oms.notifier import Answered, Notifier
from simulators.oms.plans import FINAL, Plan, State, Step
from simulators.oms.settings import OmsSettings
from simulators.wire.transport import Send
from simulators.world import World

DEFAULTS: Final = OmsSettings()
# What becomes of a task that no plan names.
NO_PLAN: Final = Plan()


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What came of an order request: the reply, and for the journal the order where there is one.

    `early` are the notifications that are to be sent, and answered, before the reply leaves.
    """

    reply: HttpReply
    request: OrderRequest | None = None
    order: Order | None = None
    early: tuple[Notification, ...] = ()

    @property
    def correlation(self) -> Mapping[str, object]:
        """The journal's fields for this exchange."""
        if self.request is None:
            return {}
        order_id = self.order.order_id if self.order else None
        return {**_correlation(self.request), "order_id": order_id}


# With slots, as are orders and steps: a million of them may be pending.
@dataclass(kw_only=True, slots=True)
class Task:
    """One service of an order: how far it is, by which plan, and what is still to come.

    `cause` is the request that placed the order.
    """

    order: Order
    service: str
    plan: Plan
    cause: str = ""
    state: str = "accepted"
    timers: tuple[Timer, ...] = ()

    def cancel(self) -> None:
        """Tell no more of it."""
        for timer in self.timers:
            timer.cancel()
        self.timers = ()


@dataclass(frozen=True, slots=True)
class _Happening:
    """A step of a task on the clock: what is done when it is due, and its name, which is rarely asked for."""

    done: Callable[[Task, Step], None]
    task: Task
    step: Step

    def __call__(self) -> None:
        self.done(self.task, self.step)

    def __str__(self) -> str:
        return f"{self.task.service} {self.step.state} for order {self.task.order.order_id}"


class Oms:
    """Accepts orders at once and tells what becomes of each service when its plan says so.

    It knows the services that are named like groups, those of its plans, and those given as `services`.
    """

    def __init__(
        self,
        *,
        world: World,
        clock: Clock,
        send: Send,
        dialect: Dialect,
        services: Iterable[str] = (),
        settings: OmsSettings = DEFAULTS,
    ) -> None:
        self._world = world
        self._clock = clock
        self._dialect = dialect
        self.settings = settings
        self._notifier = Notifier(clock=clock, send=send, dialect=dialect, settings=settings)
        self._orders: dict[str, Order] = {}
        self._orders_of: dict[int, tuple[Order, ...]] = {}
        self._tasks: dict[str, dict[str, Task]] = {}
        # Numbered as they were given, those of the world first.
        self._plans: dict[int, Plan] = dict(enumerate(world.oms.plans, start=1))
        # Those that fit an account, or any (None), by their numbers, the first that holds first.
        self._ranks: defaultdict[int | None, list[int]] = defaultdict(list)
        for number, plan in self._plans.items():
            self._ranks[plan.i_account].append(number)
        self._plan_numbers = itertools.count(len(self._plans) + 1)
        named = (plan.service for plan in world.oms.plans if plan.service)
        self._services = {*world.groups, *services, *named}
        # Order ids are new in every run: a provisioner may remember those of the last one.
        self._prefix = secrets.token_hex(3)
        self._numbers = itertools.count(1)

    def plan(self, plan: Plan) -> int:
        """Decide what becomes of the tasks that fit, from now on; gives the plan's number.

        The newest plan comes first, but one that names an account before all that do not.

        Raises:
            OrderError: it names a service that no order can have.
        """
        if plan.service is not None and plan.service not in self._services:
            known = ", ".join(sorted(self._services))
            raise OrderError(f"The service {plan.service!r} is not known: it is one of {known}.")
        with self._clock.guard:
            number = next(self._plan_numbers)
            self._plans[number] = plan
            self._ranks[plan.i_account].insert(0, number)
            return number

    def plans(self) -> Mapping[int, Plan]:
        """The plans by their numbers, those first that hold before others."""
        with self._clock.guard:
            named = (rank for i_account, rank in self._ranks.items() if i_account is not None)
            return {number: self._plans[number] for rank in (*named, self._ranks[None]) for number in rank}

    def withdraw(self, number: int) -> None:
        """Let a plan hold for no further task; those that it was made for keep it.

        Raises:
            OrderError: there is no such plan.
        """
        with self._clock.guard:
            plan = self._plans.pop(number, None)
            if plan is None:
                raise OrderError(f"No plan has the number {number}: GET /_sim/plans lists them.")
            self._ranks[plan.i_account].remove(number)

    def orders(self) -> tuple[Order, ...]:
        """The accepted orders, oldest first."""
        # Not while one is half accepted, and its tasks are still to be made.
        with self._clock.guard:
            return tuple(self._orders.values())

    def states(self, order: Order) -> Mapping[str, str]:
        """How far each service of an order is: accepted, a state that was told, or cancelled."""
        return {service: task.state for service, task in self._tasks[order.order_id].items()}

    def is_open(self, order: Order) -> bool:
        """Whether a service of an order awaits its outcome."""
        return any(task.state not in (*FINAL, "cancelled") for task in self._tasks[order.order_id].values())

    def handle(self, request: HttpRequest, *, cause: str = "") -> Placed:
        """Take or refuse an order; the same reference again is the same order.

        `cause` names the request in the journal, to which all that comes of the order is traced.
        """
        try:
            wanted = self._dialect.read_order(request, token=self._world.oms.token)
        except OrderRefusedError as refusal:
            return Placed(reply=self._dialect.refuse(refusal))
        if isinstance(wanted, Hub):
            self._notifier.hub = wanted.notify_url
            return Placed(reply=self._dialect.answer(wanted))
        try:
            known = self._known(wanted)
        except OrderRefusedError as refusal:
            return Placed(reply=self._dialect.refuse(refusal), request=wanted)
        order, early = (known, ()) if known else self._accept(wanted, cause)
        return Placed(reply=self._dialect.answer(order), request=wanted, order=order, early=early)

    def meant(self, request: HttpRequest) -> Mapping[str, object]:
        """What an order is about, by the journal's fields, before it is taken or refused."""
        try:
            wanted = self._dialect.read_order(request, token=self._world.oms.token)
        except OrderRefusedError:
            return {}
        return {} if isinstance(wanted, Hub) else _correlation(wanted)

    def unavailable(self, status: int) -> HttpReply:
        """Say that an order can be neither taken nor refused for good."""
        refusal = OrderRefusedError(status, "unavailable", "The order could not be processed.")
        return self._dialect.refuse(refusal)

    def notify(self, notification: Notification, *, on_answer: Answered | None = None) -> None:
        """Send a notification until it is taken; `on_answer` is told when it was answered first."""
        plan = self._tasks[notification.order.order_id][notification.service].plan
        self._notifier.notify(notification, copies=plan.copies, on_answer=on_answer)

    def decide(self, order_id: str, service: str, *, state: State, message: str = "") -> Notification:
        """Say what becomes of a task now, whatever its plan says; gives the notification that is sent.

        Raises:
            OrderError: there is no such task.
        """
        with self._clock.guard:
            task = self._tasks.get(order_id, {}).get(service)
            if task is None:
                raise OrderError(
                    f"No order {order_id!r} has the service {service!r}: espf-simulators orders lists them."
                )
            if state in FINAL:
                task.cancel()
            notification = self._told(
                task, state, occurred_at=self._clock.now(), message=message, cause="decided"
            )
            self.notify(notification)
            return notification

    def _known(self, wanted: OrderRequest) -> Order | None:
        """The order that a request repeats; None for a new one that can be taken."""
        known = self._orders.get(wanted.reference)
        if known and not _is_repeated(known.request, wanted):
            raise OrderRefusedError(
                409, "reference_conflict", f"The reference {wanted.reference!r} belongs to another order."
            )
        for service in wanted.services:
            if service not in self._services:
                raise OrderRefusedError(422, "unknown_service", f"The service {service!r} is not known.")
        if not wanted.notify_url and not self._notifier.hub:
            raise OrderRefusedError(
                400, "malformed", "notify_url: this key is required, since the OMS has no address of its own"
            )
        return known

    def _accept(self, wanted: OrderRequest, cause: str) -> tuple[Order, tuple[Notification, ...]]:
        """Begin a new order; gives it, and what is to be told before it is answered."""
        order_id = f"{self._prefix}-{next(self._numbers)}"
        order = Order(order_id=order_id, request=wanted, accepted_at=self._clock.now())
        if self._world.oms.supersede:
            self._supersede(wanted)
        self._orders[wanted.reference] = order
        i_account = wanted.account["i_account"]
        self._orders_of[i_account] = (*self._orders_of.get(i_account, ()), order)
        # A service that is listed twice is one task.
        self._tasks[order_id] = {service: self._task(order, service, cause) for service in wanted.services}
        early = [self._begin(task) for task in self._tasks[order_id].values()]
        return order, tuple(notification for notification in early if notification)

    def _supersede(self, wanted: OrderRequest) -> None:
        """Cancel what is still open of the account's older orders for the same services."""
        for order in self._orders_of.get(wanted.account["i_account"], ()):
            for service in set(wanted.services) & self._tasks[order.order_id].keys():
                task = self._tasks[order.order_id][service]
                if task.state not in FINAL:
                    task.cancel()
                    task.state = "cancelled"

    def _task(self, order: Order, service: str, cause: str) -> Task:
        i_account = order.request.account["i_account"]
        nth = len(self._orders_of[i_account])
        ranks = (self._ranks.get(i_account, ()), self._ranks.get(None, ()))
        ranked = (self._plans[number] for number in itertools.chain(*ranks))
        fits = (
            plan
            for plan in ranked
            if plan.fits(service=service, i_account=i_account, action=order.request.action, nth=nth)
        )
        return Task(order=order, service=service, plan=next(fits, NO_PLAN), cause=cause)

    def _begin(self, task: Task) -> Notification | None:
        """Set a task's timers; gives the outcome that is to be told before the order is answered."""
        # A stream of its own for each task, so that no task's chance depends on another's.
        chance = Random(f"{self.settings.seed}:{task.order.request.reference}:{task.service}")  # noqa: S311 - a simulation
        if task.plan.early and task.plan.outcome in ("completed", "failed"):
            return self._told(task, task.plan.outcome, occurred_at=self._clock.now())
        task.timers = tuple(self._later(task, step) for step in task.plan.steps(chance))
        return None

    def _later(self, task: Task, step: Step) -> Timer:
        happening = _Happening(self._happen, task, step)
        return self._clock.call_later(step.told, happening, label=happening)

    def _happen(self, task: Task, step: Step) -> None:
        occurred_at = task.order.accepted_at + step.occurs
        self.notify(self._told(task, step.state, occurred_at=occurred_at))

    def _told(
        self, task: Task, state: State, *, occurred_at: float, message: str = "", cause: str = ""
    ) -> Notification:
        """The notification of a task's state; one that is told late does not undo a final one."""
        if task.state not in FINAL:
            task.state = state
        return Notification(
            notification_id=f"{task.order.order_id}-{next(self._numbers)}",
            order=task.order,
            service=task.service,
            state=state,
            message=message or task.plan.message or f"{task.service} {state}",
            occurred_at=occurred_at,
            states=self.states(task.order),
            cause=cause or task.cause,
            group=task.service if task.service in self._world.groups else None,
        )


def _is_repeated(first: OrderRequest, second: OrderRequest) -> bool:
    """Whether both ask for the same; services are a set, whose order may change with each repetition."""
    return set(first.services) == set(second.services) and replace(first, services=second.services) == second


def _correlation(wanted: OrderRequest) -> dict[str, object]:
    return {
        "reference": wanted.reference,
        "i_account": wanted.account["i_account"],
        "detail": {
            "action": wanted.action,
            "account": dict(wanted.account),
            "services": list(wanted.services),
        },
    }
