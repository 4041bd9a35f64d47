"""The provisioner's workers: back-off, trouble, surprises, a broken database, and a clean stop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reference_provisioner.back_off import BackOff
from reference_provisioner.database import Database
from reference_provisioner.errors import NeighbourError, StorageError
from reference_provisioner.models import Action, Event
from reference_provisioner.outbox import ORDER, QUERY, Outbox, Task
from reference_provisioner.store import Store
from reference_provisioner.worker import Step, Workers

PATIENCE = 20.0
SOON = BackOff(base=0.001, cap=0.001)


@pytest.fixture
def opened(open_database: Callable[[str], Database], tmp_path: Path) -> tuple[Store, Outbox]:
    """Give the test a store and its outbox, with the real clock."""
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    outbox = Outbox(database)
    return Store(database, outbox), outbox


@contextmanager
def working(outbox: Outbox, step: Step, *, kind: str = QUERY, threads: int = 2) -> Iterator[Workers]:
    """Run workers that do this step."""
    workers = Workers(outbox, steps={kind: step}, back_off=SOON, threads=threads)
    workers.start()
    try:
        yield workers
    finally:
        workers.stop()


def event(i_event: int, *, i_account: int = 189) -> Event:
    """Return an activation of the account."""
    return Event(i_event=i_event, i_account=i_account, action=Action.ACTIVATE)


def test_back_off_grows_up_to_its_cap() -> None:
    """Each wait lies between half the first one and the doubled one, and none is above the cap."""
    back_off = BackOff(base=1.0, cap=60.0)
    for attempts, longest in [(0, 1), (1, 2), (5, 32), (6, 60), (10_000, 60)]:
        assert all(0.5 <= back_off.seconds(attempts) <= longest for _ in range(100))
    assert len({back_off.seconds(5) for _ in range(10)}) > 1


def test_a_worker_survives_what_goes_wrong_in_a_step(opened: tuple[Store, Outbox]) -> None:
    """Trouble, a broken database and surprises alike postpone the task; it is done when they have passed."""
    store, outbox = opened
    trouble: list[Exception] = [NeighbourError("silent"), KeyError("surprise"), StorageError("gone")]
    attempts: list[int] = []
    done = threading.Event()

    def step(task: Task) -> str:
        attempts.append(task.attempts)
        if trouble:
            raise trouble.pop()
        store.finish(task)
        done.set()
        return "done"

    store.add_event(event(1))
    with working(outbox, step):
        assert done.wait(PATIENCE)
    assert attempts == [0, 1, 2, 3]
    assert outbox.claim(limit=1) == []


def test_stopping_leaves_the_rest_for_the_next_start(opened: tuple[Store, Outbox]) -> None:
    """A stopped worker finishes what it does, begins nothing more, and lets go of what it had not begun."""
    store, outbox = opened
    begun, go_on = threading.Event(), threading.Event()

    def step(task: Task) -> str:
        begun.set()
        go_on.wait(PATIENCE)
        store.finish(task)
        return "done"

    for number in (1, 2):
        store.add_event(event(number, i_account=number))
    with working(outbox, step, threads=1) as workers:
        assert begun.wait(PATIENCE)
        workers.stop(patience=0)
        go_on.set()
    assert [task.payload["i_event"] for task in outbox.claim(limit=5)] == [2]


def test_many_threads_never_share_a_lane(opened: tuple[Store, Outbox]) -> None:
    """With more workers than accounts, the statuses of each account are still done in their order."""
    store, outbox = opened
    seen: dict[int, list[int]] = {1: [], 2: []}
    remaining = threading.Semaphore(0)

    def step(task: Task) -> str:
        seen[task.i_account].append(task.payload["number"])
        store.finish(task)
        remaining.release()
        return "done"

    with working(outbox, step, kind=ORDER, threads=4) as workers:
        for number in range(1, 41):
            put(outbox, 1 + number % 2, number)
            workers.wake()
        assert all(remaining.acquire(timeout=PATIENCE) for _ in range(40))
    assert seen == {1: list(range(2, 41, 2)), 2: list(range(1, 41, 2))}


def put(outbox: Outbox, i_account: int, number: int) -> None:
    """Add a task to an account's lane."""
    with outbox._database.transaction() as connection:
        outbox.put(
            connection, kind=ORDER, lane=f"{i_account}", i_account=i_account, payload={"number": number}
        )


def test_work_that_nobody_announced_is_found(opened: tuple[Store, Outbox]) -> None:
    """What another instance put into the database is seen within a moment, without being woken."""
    store, outbox = opened
    done = threading.Event()

    def step(task: Task) -> str:
        store.finish(task)
        done.set()
        return "done"

    with working(outbox, step):
        store.add_event(event(1))
        assert done.wait(PATIENCE)


def test_one_kind_does_not_hold_up_another(opened: tuple[Store, Outbox]) -> None:
    """While every thread of one kind waits for its neighbour, the other kinds are done."""
    store, outbox = opened
    go_on, other_done = threading.Event(), threading.Event()

    def hang(task: Task) -> str:
        go_on.wait(PATIENCE)
        store.finish(task)
        return "done"

    def finish(task: Task) -> str:
        store.finish(task)
        other_done.set()
        return "done"

    for number in range(1, 9):
        store.add_event(event(number, i_account=number))
    put(outbox, 99, 1)
    workers = Workers(outbox, steps={QUERY: hang, ORDER: finish}, back_off=SOON, threads=2)
    workers.start()
    try:
        assert other_done.wait(PATIENCE)
    finally:
        go_on.set()
        workers.stop()


def test_workers_outlive_a_database_that_breaks(
    opened: tuple[Store, Outbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing can be claimed they wait, and they go on when it works again."""
    store, outbox = opened
    claim, failed, done = outbox.claim, threading.Event(), threading.Event()

    def broken(**_options: object) -> list[Task]:
        failed.set()
        raise StorageError("gone")

    def step(task: Task) -> str:
        store.finish(task)
        done.set()
        return "done"

    monkeypatch.setattr(outbox, "claim", broken)
    with working(outbox, step) as workers:
        assert failed.wait(PATIENCE)
        store.add_event(event(1))
        monkeypatch.setattr(outbox, "claim", claim)
        workers.wake()
        assert done.wait(PATIENCE)


def test_what_is_under_way_is_kept_and_what_is_old_is_tidied(
    opened: tuple[Store, Outbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a step lasts its claim is renewed, and the tidying goes on."""
    store, outbox = opened
    for name in ("POLL", "TIDY"):
        monkeypatch.setattr(f"reference_provisioner.worker.{name}", 0.01)
    kept, tidied = threading.Event(), threading.Event()
    monkeypatch.setattr(outbox, "keep", lambda ids: kept.set() if len(ids) == 1 else None)

    def step(task: Task) -> str:
        assert kept.wait(PATIENCE)
        assert tidied.wait(PATIENCE)
        store.finish(task)
        done.set()
        return "done"

    done = threading.Event()
    store.add_event(event(1))
    workers = Workers(outbox, steps={QUERY: step}, back_off=SOON, lease_seconds=0.03, tidy=tidied.set)
    workers.start()
    try:
        assert done.wait(PATIENCE)
    finally:
        workers.stop()
