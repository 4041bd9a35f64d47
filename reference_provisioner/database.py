"""The database behind the store, SQLite or PostgreSQL: its connections, its locks, and whether it works."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from reference_provisioner.errors import StartError, StorageError
from reference_provisioner.tables import events, metadata

# Any number that no account has; two instances that start at once create the tables one after the other.
CREATING: Final = -1
# More than all threads of a process that may be in a transaction at once.
CONNECTIONS: Final = 32
# A server that is gone must not hold a thread for longer; seconds, milliseconds, milliseconds.
POSTGRESQL: Final = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "options": "-c statement_timeout=10000",
}


class Database:
    """Hands out transactions; raises StartError when the database cannot be used at all."""

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        self._engine = _engine(url)
        # SQLite has one writer at a time; waiting in line here is fairer than its own trying again.
        self._turn = threading.Lock() if self._is_sqlite else nullcontext()
        self._is_made = False
        try:
            self._create_tables()
            self._is_made = True
        except StorageError as error:
            self.close()
            raise StartError(f"{error} Set another DATABASE, or mend this one.") from error

    def __str__(self) -> str:
        """Name it as an operator knows it, without its password."""
        if self._is_sqlite:
            return str(self._url.database)
        return self._url.set(drivername="postgresql").render_as_string(hide_password=True)

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Do a block of statements all together or, when it raises, not at all.

        Raises:
            IntegrityError: a row with one of these keys is there already.
            StorageError: the database is broken, or out of reach.
        """
        # What is written into a file that was taken away is lost with the process.
        if self._is_made and self._is_sqlite and not Path(str(self)).exists():
            raise StorageError(f"The database {self} has disappeared: put it back and start again.")
        try:
            with self._turn, self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        # A driver that fails while it connects is not SQLAlchemy's to wrap.
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StorageError(f"The database {self} does not work ({_reason(error)}).") from error

    def lock(self, connection: sa.Connection, number: int) -> None:
        """Let nobody else lock this number (an i_account) until the transaction ends.

        What transactions of one account insert then also becomes visible in the order of its ids.
        """
        # In SQLite, each transaction locks out all others from its beginning.
        if not self._is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

    def problem(self) -> str | None:
        """Return a sentence about what is wrong with the database, or None while it works."""
        try:
            with self.transaction() as connection:
                connection.execute(sa.select(events.c.i_event).limit(1))
        except StorageError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Close the connections; every finished transaction is already on file."""
        self._engine.dispose()

    def _create_tables(self) -> None:
        with self.transaction() as connection:
            self.lock(connection, CREATING)
            metadata.create_all(connection)
            found = sa.inspect(connection)
            for table in metadata.sorted_tables:
                if {column["name"] for column in found.get_columns(table.name)} != set(table.columns.keys()):
                    raise StartError(
                        f"The database {self} was made by another edition: set another DATABASE."
                    )


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().split("\n", maxsplit=1)[0]


def _engine(url: sa.URL) -> sa.Engine:
    # What is stored belongs in no log: hide_parameters keeps it out of the errors' texts.
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        return engine
    try:
        return sa.create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_size=CONNECTIONS, connect_args=POSTGRESQL
        )
    except ModuleNotFoundError as error:
        raise StartError(
            "PostgreSQL needs psycopg, which is not installed: install espf-harness[postgresql]."
        ) from error


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late, at the first write: see _begin.
    connection.isolation_level = None
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # What is committed outlives a loss of power too, for one wait on the disk per transaction.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise


def _begin(connection: sa.Connection) -> None:
    # A transaction that first reads and then wants to write would fail if another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
