"""The memory of the provisioner, on no side of the wire: what was acknowledged and what is still to be done.

It is a transactional outbox. Each step towards a neighbour is a row of `tasks`, written in the transaction
that makes it necessary and deleted in the transaction that writes what follows from it. A process killed at
any instant therefore finds, when it starts again, each step either done or to be done, perhaps once more.

Rows of one lane are done one after the other, in the order of their ids: one lane per account for what comes
of its events, one per account and group for its statuses.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from reference_provisioner.errors import StartError, UnknownOrderError
from reference_provisioner.models import Event, Order, Report, Status, StatusUpdate

QUERY: Final = "query"
ORDER: Final = "order"
STATUS: Final = "status"

metadata: Final = sa.MetaData()

events: Final = sa.Table(
    "events", metadata, sa.Column("i_event", sa.BigInteger, primary_key=True, autoincrement=False)
)

orders: Final = sa.Table(
    "orders",
    metadata,
    sa.Column("reference", sa.String, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
)

notifications: Final = sa.Table(
    "notifications",
    metadata,
    # An OMS that was set up anew may count from one again, but it then speaks of other orders.
    sa.Column("reference", sa.String, sa.ForeignKey(orders.c.reference), primary_key=True),
    sa.Column("notification_id", sa.String, primary_key=True),
)

# The newest report of each service of each order.
reports: Final = sa.Table(
    "reports",
    metadata,
    sa.Column("reference", sa.String, sa.ForeignKey(orders.c.reference), primary_key=True),
    sa.Column("service", sa.String, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
)

tasks: Final = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("lane", sa.String, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("running", sa.Boolean, nullable=False, default=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Index("tasks_in_lane", "lane", "id"),
    sa.Index("tasks_by_due_time", "running", "due_at", "id"),
    # Else SQLite may give the id of a deleted row again, and the order within a lane would be lost.
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One step that a worker has claimed; `attempts` counts those that came before."""

    id: int
    kind: str
    lane: str
    payload: dict[str, Any]
    attempts: int


class Store:
    """A database file; every public method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._engine = _engine(path)
        # SQLite has one writer at a time; waiting in line here is fairer than its own trying again.
        self._writing = threading.Lock()
        try:
            metadata.create_all(self._engine)
        except (DatabaseError, sqlite3.Error) as error:
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise StartError(
                f"The database {path} cannot be used ({reason}): set another DATABASE."
            ) from error

    def close(self) -> None:
        """Close the connections; every finished call is already on file."""
        self._engine.dispose()

    def recover(self) -> None:
        """Make those tasks wait again that a killed process left running (WHOLE-RESTART)."""
        with self._transaction() as connection:
            connection.execute(sa.update(tasks).where(tasks.c.running).values(running=False))

    def add_event(self, event: Event) -> bool:
        """Store the event and its first step; False, and no effect, when it was stored before."""
        try:
            with self._transaction() as connection:
                connection.execute(sa.insert(events).values(i_event=event.i_event))
                _add_task(
                    connection,
                    kind=QUERY,
                    lane=f"account:{event.i_account}",
                    payload=event.model_dump(mode="json"),
                )
        except IntegrityError:
            return False
        return True

    def make_order(self, task: Task, order: Order) -> None:
        """Turn the task of an event into that of its order, in the same place of the lane."""
        content = order.model_dump(mode="json")
        with self._transaction() as connection:
            # Stored before it is sent: a notification that overtakes the answer finds it (NOTICE-EARLY).
            connection.execute(sa.insert(orders).values(reference=order.reference, content=content))
            step = {"kind": ORDER, "payload": content, "running": False, "attempts": 0, "due_at": time.time()}
            connection.execute(sa.update(tasks).where(tasks.c.id == task.id).values(step))

    def finish_order(self, task: Task, order: Order, *, status: Status) -> None:
        """End the task, and report the status of each service of which the OMS has not reported yet."""
        with self._transaction() as connection:
            reported = sa.select(reports.c.service).where(reports.c.reference == order.reference)
            known = set(connection.scalars(reported))
            for service in order.services:
                if service not in known:
                    _add_status(connection, order, group=service, status=status)
            _delete(connection, task)

    def add_report(self, report: Report) -> bool:
        """Store the report, and have it reported further if it is news; raises UnknownOrderError."""
        try:
            with self._transaction() as connection:
                order = _ordered(connection, report)
                key = {"reference": report.reference, "notification_id": report.notification_id}
                connection.execute(sa.insert(notifications).values(key))
                is_news = _keep_newest(connection, report)
                if is_news:
                    _add_status(connection, order, group=report.service, status=report.status)
        except IntegrityError:
            # NOTICE-DUPLICATE
            return False
        return is_news

    def claim(self) -> Task | float | None:
        """Return the next task that is due, else the time when one falls due, else None."""
        with self._transaction() as connection:
            row = connection.execute(_NEXT).first()
            if row is None or row.due_at > time.time():
                return None if row is None else float(row.due_at)
            connection.execute(sa.update(tasks).where(tasks.c.id == row.id).values(running=True))
        return Task(id=row.id, kind=row.kind, lane=row.lane, payload=row.payload, attempts=row.attempts)

    def postpone(self, task: Task, *, due_at: float) -> None:
        """Have the task tried again at that time; whatever is behind it in its lane waits too."""
        with self._transaction() as connection:
            again = {"running": False, "attempts": task.attempts + 1, "due_at": due_at}
            connection.execute(sa.update(tasks).where(tasks.c.id == task.id).values(again))

    def finish(self, task: Task) -> None:
        """End the task: nothing follows from it."""
        with self._transaction() as connection:
            _delete(connection, task)

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._writing, self._engine.begin() as connection:
            yield connection


_earlier = tasks.alias("earlier")
# The head of a lane is its first unfinished row, whether that one is running or waits for another try.
_NEXT: Final = (
    sa.select(tasks)
    .where(
        tasks.c.running.is_(sa.false()),
        ~sa.exists().where(_earlier.c.lane == tasks.c.lane, _earlier.c.id < tasks.c.id),
    )
    .order_by(tasks.c.due_at, tasks.c.id)
    .limit(1)
)


def _ordered(connection: sa.Connection, report: Report) -> Order:
    content = connection.scalar(sa.select(orders.c.content).where(orders.c.reference == report.reference))
    order = None if content is None else Order.model_validate(content)
    # NOTICE-UNKNOWN
    if order is None or report.service not in order.services:
        raise UnknownOrderError(f"no order {report.reference!r} with service {report.service!r}")
    return order


def _keep_newest(connection: sa.Connection, report: Report) -> bool:
    this_service = (reports.c.reference == report.reference) & (reports.c.service == report.service)
    known = connection.scalar(sa.select(reports.c.content).where(this_service))
    # NOTICE-REORDERED
    if known is not None and report.age < Report.model_validate(known).age:
        return False
    content = report.model_dump(mode="json")
    connection.execute(sa.delete(reports).where(this_service))
    connection.execute(
        sa.insert(reports).values(reference=report.reference, service=report.service, content=content)
    )
    return True


def _add_status(connection: sa.Connection, order: Order, *, group: str, status: Status) -> None:
    update = StatusUpdate(
        reference=order.reference,
        i_account=order.subscriber.i_account,
        account_id=order.subscriber.id,
        group=group,
        status=status,
    )
    # STATUS-SEQUENCE: one lane, so that no status overtakes an older one which is still being tried.
    lane = f"status:{update.i_account}:{group}"
    _add_task(connection, kind=STATUS, lane=lane, payload=update.model_dump(mode="json"))


def _add_task(connection: sa.Connection, *, kind: str, lane: str, payload: dict[str, Any]) -> None:
    connection.execute(sa.insert(tasks).values(kind=kind, lane=lane, payload=payload, due_at=time.time()))


def _delete(connection: sa.Connection, task: Task) -> None:
    connection.execute(sa.delete(tasks).where(tasks.c.id == task.id))


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late, at the first write: see _begin.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL: what is committed outlives the process, killed or not. Only a loss of power could undo the last
    # transactions; FULL would outlive that too, for one wait on the disk per transaction.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: sa.Connection) -> None:
    # A transaction that first reads and then wants to write would fail if another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
