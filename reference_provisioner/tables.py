"""The tables of the store, on no side of the wire; the same in SQLite and PostgreSQL."""

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData()

# Events that were acknowledged, so that each has one effect however often it is sent.
events: Final = sa.Table(
    "events",
    metadata,
    sa.Column("i_event", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("received_at", sa.Double, nullable=False, index=True),
)

orders: Final = sa.Table(
    "orders",
    metadata,
    sa.Column("reference", sa.String, primary_key=True),
    # The OMS's own name for it, once it has answered.
    sa.Column("order_id", sa.String, index=True),
    sa.Column("i_event", sa.BigInteger, nullable=False),
    sa.Column("i_account", sa.BigInteger, nullable=False, index=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("made_at", sa.Double, nullable=False, index=True),
)

notifications: Final = sa.Table(
    "notifications",
    metadata,
    # An OMS that was set up anew may count from one again, but it then speaks of other orders.
    sa.Column("reference", sa.String, sa.ForeignKey(orders.c.reference), primary_key=True),
    sa.Column("notification_id", sa.String, primary_key=True),
    sa.Column("i_account", sa.BigInteger, nullable=False),
    sa.Column("service", sa.String, nullable=False),
    # Both together are the age of the report.
    sa.Column("occurred_at", sa.Double, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False),
    sa.Index("notifications_by_age", "i_account", "service", "occurred_at", "rank"),
)

# What is still to be done: a row is one step towards a neighbour.
tasks: Final = sa.Table(
    "tasks",
    metadata,
    # SQLite counts by itself only what it calls an integer.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("lane", sa.String, nullable=False),
    sa.Column("i_account", sa.BigInteger, nullable=False, index=True),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # Seconds since 1970: before, nobody takes it, be it that it waits or that its owner is at work.
    sa.Column("due_at", sa.Double, nullable=False, index=True),
    sa.Column("owner", sa.String),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Index("tasks_in_lane", "lane", "id"),
    # Else SQLite may give the id of a deleted row again, and the order within a lane would be lost.
    sqlite_autoincrement=True,
)
