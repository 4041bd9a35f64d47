"""The outbox, on no side of the wire: the steps towards neighbours that are still to be done, one a row.

A row is written in the transaction that makes its step necessary and deleted in the one that writes what
follows from it. A process killed at any instant therefore leaves each step either done or to be done,
perhaps once more.

Rows of one lane are done one after the other, in the order of their ids: one lane per account for what comes
of its events, one per account and group for its statuses.

Whoever takes a task owns it until a lease ends, and keeps renewing the lease while it is at work. What an
instance owned when it was killed is taken by another one once the lease has ended, or by itself when it is
started again. The clocks of instances that share a database must agree much better than a lease is long.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from reference_provisioner.database import Database
from reference_provisioner.errors import LostClaimError
from reference_provisioner.tables import tasks

QUERY: Final = "query"
ORDER: Final = "order"
STATUS: Final = "status"
KINDS: Final = (QUERY, ORDER, STATUS)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One step that was claimed; `attempts` counts those that came before."""

    id: int
    kind: str
    i_account: int
    payload: dict[str, Any]
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What is unfinished: how many tasks of each kind, and since how many seconds the oldest of all."""

    tasks: Mapping[str, int]
    oldest_seconds: float


class Outbox:
    """The tasks of a database, as one instance (`owner`) sees them; times are seconds since 1970."""

    def __init__(
        self,
        database: Database,
        *,
        owner: str = "one",
        lease_seconds: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._owner = owner
        self._lease = lease_seconds
        self._now = now

    def put(
        self, connection: sa.Connection, *, kind: str, lane: str, i_account: int, payload: dict[str, Any]
    ) -> None:
        """Add a task as a part of the transaction that makes it necessary; its account must be locked."""
        now = self._now()
        task = {"kind": kind, "lane": lane, "i_account": i_account, "payload": payload}
        connection.execute(sa.insert(tasks).values(**task, due_at=now, created_at=now))

    def replace(self, connection: sa.Connection, task: Task, *, kind: str, payload: dict[str, Any]) -> None:
        """Turn a claimed task into what follows from it, in the same place of the lane."""
        following = {"kind": kind, "payload": payload, "attempts": 0, "due_at": self._now(), "owner": None}
        _one(connection.execute(sa.update(tasks).where(self._is_ours(task)).values(following)))

    def end(self, connection: sa.Connection, task: Task) -> None:
        """Take a claimed task away as a part of the transaction that writes what follows from it."""
        _one(connection.execute(sa.delete(tasks).where(self._is_ours(task))))

    def claim(
        self, *, limit: int, kinds: Collection[str] = KINDS, besides: Collection[int] = ()
    ) -> list[Task]:
        """Take at most so many tasks that are due, but none `besides` which this process is still at work."""
        now = self._now()
        due = _HEADS.where(tasks.c.due_at <= now, tasks.c.kind.in_(kinds), tasks.c.id.not_in(besides))
        with self._database.transaction() as connection:
            rows = connection.execute(due.limit(limit)).all()
            if rows:
                claim = {"owner": self._owner, "due_at": now + self._lease}
                ids = [row.id for row in rows]
                connection.execute(sa.update(tasks).where(tasks.c.id.in_(ids)).values(claim))
        return [
            Task(
                id=row.id, kind=row.kind, i_account=row.i_account, payload=row.payload, attempts=row.attempts
            )
            for row in rows
        ]

    def keep(self, ids: Collection[int]) -> None:
        """Renew the leases of these tasks, on which this process is at work."""
        with self._database.transaction() as connection:
            ours = (tasks.c.owner == self._owner) & tasks.c.id.in_(ids)
            connection.execute(sa.update(tasks).where(ours).values(due_at=self._now() + self._lease))

    def release(self, *, besides: Collection[int] = ()) -> None:
        """Let go of all tasks of this instance, but those at which it is still at work (WHOLE-RESTART)."""
        with self._database.transaction() as connection:
            ours = (tasks.c.owner == self._owner) & tasks.c.id.not_in(besides)
            connection.execute(sa.update(tasks).where(ours).values(owner=None, due_at=self._now()))

    def postpone(self, task: Task, *, seconds: float) -> None:
        """Have the task tried again later; whatever is behind it in its lane waits too."""
        again = {"owner": None, "attempts": task.attempts + 1, "due_at": self._now() + seconds}
        with self._database.transaction() as connection:
            _one(connection.execute(sa.update(tasks).where(self._is_ours(task)).values(again)))

    def backlog(self) -> Backlog:
        """Return what is unfinished."""
        counted = sa.select(tasks.c.kind, sa.func.count(), sa.func.min(tasks.c.created_at))
        with self._database.transaction() as connection:
            rows = connection.execute(counted.group_by(tasks.c.kind)).all()
        now = self._now()
        oldest = min((created_at for _kind, _count, created_at in rows), default=now)
        counts = {kind: count for kind, count, _created_at in rows}
        return Backlog(
            tasks={kind: counts.get(kind, 0) for kind in KINDS}, oldest_seconds=max(0.0, now - oldest)
        )

    def _is_ours(self, task: Task) -> sa.ColumnElement[bool]:
        return (tasks.c.id == task.id) & (tasks.c.owner == self._owner)


_earlier = tasks.alias("earlier")
# The head of a lane is its first unfinished row, whether somebody is at work on it or it waits. Rows that
# another instance is just claiming are passed over; SQLite, where nobody else can, leaves that clause out.
_HEADS: Final = (
    sa.select(tasks)
    .where(~sa.exists().where(_earlier.c.lane == tasks.c.lane, _earlier.c.id < tasks.c.id))
    .order_by(tasks.c.due_at, tasks.c.id)
    .with_for_update(skip_locked=True, of=tasks)
)


def _one(result: sa.CursorResult[Any]) -> None:
    if result.rowcount != 1:
        raise LostClaimError("the task was taken over by another instance")
