"""What the provisioner's tests share: a store on either database, and the web skin over it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from pydantic import SecretStr

from reference_provisioner.app import create_app
from reference_provisioner.database import Database
from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.metrics import Metrics
from reference_provisioner.models import Action
from reference_provisioner.outbox import Outbox, Task
from reference_provisioner.readiness import Readiness
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver
from reference_provisioner.store import Store
from reference_provisioner.tables import metadata

POSTGRES = "postgres"
ACTIONS = {
    "Account/New": Action.ACTIVATE,
    "Account/Service/Msg/QuotaExceeded": Action.MODIFY,
    "Subscriber/Updated": Action.MODIFY,
    "Account/Status/Closed": Action.DEACTIVATE,
}


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def _programs() -> Path | None:
    """The folder of PostgreSQL's own programs, which Debian keeps out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[4])
    return found[-1].parent if found else None


def _run(*command: str | Path) -> None:
    # A server refuses to run as root.
    as_owner = ["runuser", "-u", POSTGRES, "--"] if os.getuid() == 0 else []
    subprocess.run([*as_owner, *command], check=True, stdout=subprocess.DEVNULL, timeout=60, cwd="/")


@contextmanager
def _cluster(programs: Path) -> Iterator[str]:
    """Run a server of our own that listens on a socket in a folder, so that no port can be taken."""
    folder = Path(tempfile.mkdtemp(prefix="espf-postgresql-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, POSTGRES)
        data = folder / "data"
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run(programs / "initdb", "--pgdata", data, "--auth=trust", f"--username={POSTGRES}", "--no-sync")
        _run(
            programs / "pg_ctl",
            "start",
            "--wait",
            "--pgdata",
            data,
            "--options",
            options,
            "--log",
            folder / "log",
        )
        try:
            yield f"postgresql://{POSTGRES}@/{POSTGRES}?host={folder}"
        finally:
            _run(programs / "pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", data)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Give the address of a throw-away PostgreSQL; skip where the package is missing, but not in CI."""
    programs = _programs()
    if programs is None:
        reason = "The Debian package postgresql is missing: make system-packages installs it."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with _cluster(programs) as url:
        yield url


@pytest.fixture
def empty_postgresql(postgresql: str) -> str:
    """Give the address of a PostgreSQL without tables."""
    url = postgresql.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url)
    metadata.drop_all(engine)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database of either kind."""
    if request.param == "postgresql":
        address: str = request.getfixturevalue("empty_postgresql")
        return address
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture
def clock() -> Clock:
    """Give the wall clock of the test's store."""
    return Clock()


@pytest.fixture
def open_database() -> Iterator[Callable[[str], Database]]:
    """Open databases, and close them after the test."""
    opened: list[Database] = []

    def open_one(url: str) -> Database:
        opened.append(Database(sa.make_url(url)))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def open_store(open_database: Callable[[str], Database], clock: Clock) -> Callable[..., tuple[Store, Outbox]]:
    """Open a store and its outbox as an instance of that name does."""

    def open_one(url: str, *, owner: str = "one") -> tuple[Store, Outbox]:
        database = open_database(url)
        outbox = Outbox(database, owner=owner, lease_seconds=60, now=clock)
        return Store(database, outbox, now=clock), outbox

    return open_one


@pytest.fixture
def outbox_and_store(
    open_store: Callable[..., tuple[Store, Outbox]], database_url: str
) -> tuple[Store, Outbox]:
    """Open the test's own store, on either database."""
    return open_store(database_url)


@pytest.fixture
def store(outbox_and_store: tuple[Store, Outbox]) -> Store:
    """Give the test a store of its own."""
    return outbox_and_store[0]


@pytest.fixture
def outbox(outbox_and_store: tuple[Store, Outbox]) -> Outbox:
    """Give the test the outbox of its store."""
    return outbox_and_store[1]


@pytest.fixture
def drain(store: Store, outbox: Outbox) -> Callable[[], list[dict[str, Any]]]:
    """Take and finish all that is due, one after the other; gives what each task held."""

    def take_all() -> list[dict[str, Any]]:
        taken: list[Task] = []
        while found := outbox.claim(limit=1):
            taken += found
            store.finish(found[0])
        return [task.payload for task in taken]

    return take_all


@pytest.fixture
def web(open_database: Callable[[str], Database], tmp_path: Path) -> Callable[..., FlaskClient]:
    """Make the web skin over a store, without workers."""

    def make(store: Store, outbox: Outbox, **neighbours: str) -> FlaskClient:
        database = open_database(f"sqlite:///{tmp_path / 'ready.sqlite'}")
        app = create_app(
            events=EventReceiver(
                store=store,
                user="espf",
                password=SecretStr("offline-events"),
                actions=ACTIONS,
                wake_workers=lambda: None,
            ),
            notifications=NotificationReceiver(
                store=store, dialect=SimpleDialect(), wake_workers=lambda: None
            ),
            readiness=Readiness(database, neighbours=neighbours),
            metrics=Metrics(outbox.backlog),
        )
        return app.test_client()

    return make


@pytest.fixture
def client(web: Callable[..., FlaskClient], store: Store, outbox: Outbox) -> FlaskClient:
    """Give the test the web skin over its store."""
    return web(store, outbox)
