"""The rules of the OMS, without any web: orders by reference, outcomes by plan, notifications until taken."""

import itertools
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from simulators.clock import Clock
from simulators.oms.dialect import (
    Dialect,
    HttpReply,
    HttpRequest,
    Notification,
    Order,
    OrderRefusedError,
    OrderRequest,
)
from simulators.records import Plan
from simulators.transport import Answer, Outbound, Send
from simulators.world import World

# Assumed: the OMS's own schedule, since no real OMS is documented.
NOTIFY_INTERVAL: Final = 60.0
NOTIFY_LIMIT: Final = 20


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What came of an order request: the reply, and for the journal the order where there is one."""

    reply: HttpReply
    request: OrderRequest | None = None
    order: Order | None = None

    @property
    def correlation(self) -> Mapping[str, object]:
        """The journal's fields for this exchange."""
        if self.request is None:
            return {}
        return {
            "reference": self.request.reference,
            "i_account": self.request.account["i_account"],
            "order_id": self.order.order_id if self.order else None,
            "detail": {
                "action": self.request.action,
                "account": dict(self.request.account),
                "services": list(self.request.services),
            },
        }


class Oms:
    """Accepts orders at once and notifies the outcome of each service when its plan says so.

    It knows the services that are named like groups, those of its plans, and those given as `services`.
    """

    def __init__(
        self, *, world: World, clock: Clock, send: Send, dialect: Dialect, services: Iterable[str] = ()
    ) -> None:
        self._world = world
        self._clock = clock
        self._send = send
        self._dialect = dialect
        self._orders: dict[str, Order] = {}
        self._plans: dict[tuple[int | None, str], Plan] = {
            (None, plan.service): plan for plan in world.oms.plans
        }
        self._services = {*world.groups, *services, *(plan.service for plan in world.oms.plans)}
        # Order ids are new in every run: a provisioner may remember those of the last one.
        self._prefix = secrets.token_hex(3)
        self._numbers = itertools.count(1)

    def plan(self, plan: Plan, *, i_account: int) -> None:
        """Decide what becomes of a service ordered for one account from now on."""
        self._plans[i_account, plan.service] = plan

    def orders(self) -> tuple[Order, ...]:
        """The accepted orders, oldest first."""
        return tuple(self._orders.values())

    def handle(self, request: HttpRequest) -> Placed:
        """Take or refuse an order; the same reference again is the same order."""
        try:
            wanted = self._dialect.read_order(request, token=self._world.oms.token)
        except OrderRefusedError as refusal:
            return Placed(reply=self._dialect.refuse(refusal))
        try:
            order = self._place(wanted)
        except OrderRefusedError as refusal:
            return Placed(reply=self._dialect.refuse(refusal), request=wanted)
        return Placed(reply=self._dialect.answer(order), request=wanted, order=order)

    def _place(self, wanted: OrderRequest) -> Order:
        known = self._orders.get(wanted.reference)
        if known and known.request == wanted:
            return known
        if known:
            raise OrderRefusedError(
                409, "reference_conflict", f"The reference {wanted.reference!r} belongs to another order."
            )
        for service in wanted.services:
            if service not in self._services:
                raise OrderRefusedError(422, "unknown_service", f"The service {service!r} is not known.")
        number = next(self._numbers)
        order = Order(order_id=f"{self._prefix}-{number}", request=wanted, accepted_at=self._clock.now())
        self._orders[wanted.reference] = order
        for service in wanted.services:
            self._schedule(order, service)
        return order

    def _schedule(self, order: Order, service: str) -> None:
        i_account = order.request.account["i_account"]
        plan = (
            self._plans.get((i_account, service)) or self._plans.get((None, service)) or Plan(service=service)
        )
        label = f"{service} {plan.outcome} for order {order.order_id}"
        self._clock.call_later(plan.delay, partial(self._finish, order, plan), label=label)

    def _finish(self, order: Order, plan: Plan) -> None:
        notification = Notification(
            notification_id=f"{order.order_id}-{next(self._numbers)}",
            order=order,
            service=plan.service,
            state=plan.outcome,
            message=f"{plan.service} {plan.outcome}",
            occurred_at=self._clock.now(),
        )
        self._notify(notification, attempt=1)

    def _notify(self, notification: Notification, *, attempt: int) -> None:
        request = self._dialect.write_notification(notification)
        outbound = Outbound(
            source="oms",
            url=request.path,
            headers=request.headers,
            body=request.body,
            correlation={
                "operation": "notification",
                "i_account": notification.order.request.account["i_account"],
                "order_id": notification.order.order_id,
                "reference": notification.order.request.reference,
                "detail": {"service": notification.service, "state": notification.state},
            },
        )
        self._send(outbound, partial(self._answered, notification, attempt))

    def _answered(self, notification: Notification, attempt: int, answer: Answer) -> None:
        if self._dialect.is_taken(answer) or attempt >= NOTIFY_LIMIT:
            return
        again = partial(self._notify, notification, attempt=attempt + 1)
        self._clock.call_later(
            NOTIFY_INTERVAL, again, label=f"resend of notification {notification.notification_id}"
        )
