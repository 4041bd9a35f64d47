"""The memory of the provisioner, on no side of the wire: each method is one transaction of one duty."""

import time
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from reference_provisioner.database import Database
from reference_provisioner.errors import UnknownOrderError
from reference_provisioner.models import Event, Order, Report, Status, StatusUpdate
from reference_provisioner.outbox import ORDER, QUERY, STATUS, Outbox, Task
from reference_provisioner.tables import events, notifications, orders, tasks

# So many orders and events are forgotten in one transaction: others must not wait long for their turn.
FORGOTTEN_AT_ONCE: Final = 500


class Store:
    """What was acknowledged: events, orders and notifications, and in the outbox what follows from them."""

    def __init__(self, database: Database, outbox: Outbox, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._outbox = outbox
        self._now = now

    def add_event(self, event: Event) -> bool:
        """Store the event and its first step; False, and no effect, when it was stored before.

        Another event of the account that is not being worked on yet is merged with this one.
        """
        try:
            with self._database.transaction() as connection:
                self._database.lock(connection, event.i_account)
                connection.execute(sa.insert(events).values(i_event=event.i_event, received_at=self._now()))
                if not _merge(connection, event):
                    self._outbox.put(
                        connection,
                        kind=QUERY,
                        lane=f"account:{event.i_account}",
                        i_account=event.i_account,
                        payload=event.model_dump(mode="json"),
                    )
        except IntegrityError:
            return False
        return True

    def is_late(self, event: Event) -> bool:
        """Tell whether a newer event of the account was ordered before this one."""
        newer = (orders.c.i_account == event.i_account) & (orders.c.i_event > event.i_event)
        with self._database.transaction() as connection:
            return connection.execute(sa.select(orders.c.reference).where(newer).limit(1)).first() is not None

    def make_order(self, task: Task, order: Order) -> None:
        """Turn the task of an event into that of its order, in the same place of the lane."""
        content = order.model_dump(mode="json")
        with self._database.transaction() as connection:
            # Stored before it is sent: a notification that overtakes the answer finds it (NOTICE-EARLY).
            connection.execute(
                sa.insert(orders).values(
                    reference=order.reference,
                    i_event=order.i_event,
                    i_account=order.subscriber.i_account,
                    content=content,
                    made_at=self._now(),
                )
            )
            self._outbox.replace(connection, task, kind=ORDER, payload=content)

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """End the task, and report the status of each service of which the OMS has not reported yet."""
        with self._database.transaction() as connection:
            self._database.lock(connection, order.subscriber.i_account)
            this_order = orders.c.reference == order.reference
            connection.execute(sa.update(orders).where(this_order).values(order_id=order_id))
            told = sa.select(notifications.c.service).where(notifications.c.reference == order.reference)
            known = set(connection.scalars(told))
            for service in order.services:
                if service not in known:
                    self._report(connection, order, group=service, status=status)
            self._outbox.end(connection, task)

    def add_report(self, report: Report) -> bool:
        """Store the report, and have it reported further if it is news; raises UnknownOrderError."""
        try:
            with self._database.transaction() as connection:
                order = _ordered(connection, report)
                self._database.lock(connection, order.subscriber.i_account)
                is_news = _is_newest(connection, report, i_account=order.subscriber.i_account)
                _add_notification(connection, report, order, received_at=self._now())
                if is_news:
                    self._report(connection, order, group=report.service, status=report.status)
        except IntegrityError:
            # NOTICE-DUPLICATE
            return False
        return is_news

    def finish(self, task: Task) -> None:
        """End the task: nothing follows from it."""
        with self._database.transaction() as connection:
            self._outbox.end(connection, task)

    def forget(self, *, older_than_seconds: float) -> None:
        """Forget some of what is so old and has no unfinished task; the next call forgets some more."""
        limit = self._now() - older_than_seconds
        with self._database.transaction() as connection:
            old_orders = connection.scalars(_ORDERS_WITHOUT_NEWS.params(limit=limit)).all()
            for table in (notifications, orders):
                connection.execute(sa.delete(table).where(table.c.reference.in_(old_orders)))
            old = sa.select(events.c.i_event).where(events.c.received_at < limit).limit(FORGOTTEN_AT_ONCE)
            old_events = connection.scalars(old).all()
            connection.execute(sa.delete(events).where(events.c.i_event.in_(old_events)))

    def _report(self, connection: sa.Connection, order: Order, *, group: str, status: Status) -> None:
        update = StatusUpdate(
            reference=order.reference,
            i_account=order.subscriber.i_account,
            account_id=order.subscriber.id,
            group=group,
            status=status,
        )
        self._outbox.put(
            connection,
            kind=STATUS,
            # STATUS-SEQUENCE: one lane, so that no status overtakes an older one which is still being tried.
            lane=f"status:{update.i_account}:{group}",
            i_account=update.i_account,
            payload=update.model_dump(mode="json"),
        )


_ORDERS_WITHOUT_NEWS: Final = (
    sa.select(orders.c.reference)
    .where(
        orders.c.made_at < sa.bindparam("limit"),
        ~sa.exists().where(tasks.c.i_account == orders.c.i_account),
        ~sa.exists().where(
            notifications.c.reference == orders.c.reference,
            notifications.c.received_at >= sa.bindparam("limit"),
        ),
    )
    .limit(FORGOTTEN_AT_ONCE)
)


def _merge(connection: sa.Connection, event: Event) -> bool:
    """Let the waiting event of the account, if there is one, stand for both (ORDER-ONCE)."""
    waiting = (
        sa.select(tasks.c.id, tasks.c.payload)
        .where(tasks.c.i_account == event.i_account, tasks.c.kind == QUERY, tasks.c.owner.is_(None))
        # Two wait where one was put back after the other had come; what is newest is to be done last.
        .order_by(tasks.c.id.desc())
        .limit(1)
        .with_for_update()
    )
    row = connection.execute(waiting).first()
    if row is None:
        return False
    merged = event.merged_with(Event.model_validate(row.payload)).model_dump(mode="json")
    connection.execute(sa.update(tasks).where(tasks.c.id == row.id).values(payload=merged))
    return True


def _ordered(connection: sa.Connection, report: Report) -> Order:
    named = (
        orders.c.order_id == report.order_id
        if report.reference is None
        else orders.c.reference == report.reference
    )
    # An OMS that was set up anew may give a name again; it then speaks of the newest order of that name.
    newest = sa.select(orders.c.content).where(named).order_by(orders.c.made_at.desc()).limit(1)
    content = connection.scalar(newest)
    order = None if content is None else Order.model_validate(content)
    # NOTICE-UNKNOWN
    if order is None or report.service not in order.services:
        raise UnknownOrderError(
            f"no order {report.reference or report.order_id!r} with service {report.service!r}"
        )
    return order


def _is_newest(connection: sa.Connection, report: Report, *, i_account: int) -> bool:
    """Tell whether nothing newer was reported of the account and service, by this order or another one."""
    newest = (
        sa.select(notifications.c.occurred_at, notifications.c.rank)
        .where(notifications.c.i_account == i_account, notifications.c.service == report.service)
        .order_by(notifications.c.occurred_at.desc(), notifications.c.rank.desc())
        .limit(1)
    )
    known = connection.execute(newest).first()
    # NOTICE-REORDERED
    return known is None or report.age >= tuple(known)


def _add_notification(connection: sa.Connection, report: Report, order: Order, *, received_at: float) -> None:
    occurred_at, rank = report.age
    connection.execute(
        sa.insert(notifications).values(
            reference=order.reference,
            notification_id=report.notification_id,
            i_account=order.subscriber.i_account,
            service=report.service,
            occurred_at=occurred_at,
            rank=rank,
            received_at=received_at,
        )
    )
