"""The provisioner's store and workers: lanes, restarts and back-off."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_provisioner.errors import NeighbourError
from reference_provisioner.models import Action, Event, Order, Status, Subscriber
from reference_provisioner.store import ORDER, QUERY, Store, Task
from reference_provisioner.worker import BackOff, Workers

NEVER = 1e12
PATIENCE = 10.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give the test a store of its own."""
    store = Store(tmp_path / "store.sqlite")
    yield store
    store.close()


def event(i_event: int, *, i_account: int = 189) -> Event:
    """Return an activation of the account."""
    return Event(i_event=i_event, i_account=i_account, action=Action.ACTIVATE)


def order(i_event: int, *, i_account: int = 189) -> Order:
    """Return the order of that event, for one service."""
    subscriber = Subscriber(i_account=i_account, id=f"{i_account}@msisdn")
    return Order(
        reference=f"event-{i_event}", action=Action.ACTIVATE, subscriber=subscriber, services=("HSS",)
    )


def claimed(store: Store) -> Task:
    """Return the next task, which must be due."""
    task = store.claim()
    assert isinstance(task, Task)
    return task


def accepted(store: Store, i_event: int) -> None:
    """Take the event as far as to the acceptance of its order."""
    store.add_event(event(i_event))
    store.make_order(claimed(store), order(i_event))
    store.finish_order(claimed(store), order(i_event), status=Status.IN_PROGRESS)


def test_an_empty_store_has_nothing_to_wait_for(store: Store) -> None:
    """Without a task there is no time to wake up at."""
    assert store.claim() is None


def test_events_of_one_account_are_taken_one_after_the_other(store: Store) -> None:
    """The second event waits until the first is finished; another account's does not."""
    for i_event, i_account in [(1, 189), (2, 189), (3, 190)]:
        store.add_event(event(i_event, i_account=i_account))
    first, other = claimed(store), claimed(store)
    assert (first.payload["i_event"], other.payload["i_event"]) == (1, 3)
    assert store.claim() is None
    store.finish(first)
    assert claimed(store).payload["i_event"] == 2


def test_the_order_keeps_the_place_of_its_event(store: Store) -> None:
    """A later event of the account is not queried before the earlier one's order is finished."""
    store.add_event(event(1))
    store.add_event(event(2))
    store.make_order(claimed(store), order(1))
    sending = claimed(store)
    assert (sending.kind, sending.attempts) == (ORDER, 0)
    assert Order.model_validate(sending.payload) == order(1)
    assert store.claim() is None


def test_a_postponed_task_holds_up_its_lane(store: Store) -> None:
    """What is behind a task that is tried again waits too, and the time of the next try is told."""
    store.add_event(event(1))
    store.add_event(event(2))
    store.postpone(claimed(store), due_at=NEVER)
    assert store.claim() == NEVER


def test_statuses_of_one_account_and_group_keep_their_order(store: Store) -> None:
    """A newer status is not claimed before the older one was taken."""
    accepted(store, 1)
    older = claimed(store)
    accepted(store, 2)
    assert store.claim() is None
    store.postpone(older, due_at=NEVER)
    assert store.claim() == NEVER
    store.finish(older)
    assert claimed(store).payload["reference"] == "event-2"


def test_what_a_killed_process_was_doing_is_done_again(tmp_path: Path) -> None:
    """After a restart the running task waits again, still before its successor."""
    killed = Store(tmp_path / "store.sqlite")
    killed.add_event(event(1))
    killed.add_event(event(2))
    running = claimed(killed)
    killed.close()
    restarted = Store(tmp_path / "store.sqlite")
    assert restarted.claim() is None
    restarted.recover()
    assert claimed(restarted) == running
    assert not restarted.add_event(event(1))
    restarted.close()


def test_back_off_doubles_up_to_its_cap() -> None:
    """Each wait lies in the upper half of the doubled one, and none is above the cap."""
    back_off = BackOff(base=1.0, cap=60.0)
    for attempts, longest in [(0, 1), (1, 2), (5, 32), (6, 60), (10_000, 60)]:
        assert longest / 2 <= back_off.seconds(attempts) <= longest


def test_a_worker_survives_what_goes_wrong_in_a_step(store: Store) -> None:
    """Trouble and surprises alike postpone the task; it is done when they have passed."""
    trouble: list[Exception] = [NeighbourError("silent"), KeyError("surprise")]
    done = threading.Event()

    def step(task: Task) -> None:
        if trouble:
            raise trouble.pop()
        store.finish(task)
        done.set()

    workers = Workers(store, steps={QUERY: step}, back_off=BackOff(base=0.001, cap=0.001), threads=2)
    workers.start()
    try:
        store.add_event(event(1))
        workers.wake()
        assert done.wait(PATIENCE)
    finally:
        workers.stop()
    assert store.claim() is None


def test_stopping_leaves_the_rest_for_the_next_start(store: Store) -> None:
    """A stopped worker finishes what it does and begins nothing more."""
    begun, go_on = threading.Event(), threading.Event()

    def step(task: Task) -> None:
        begun.set()
        go_on.wait(PATIENCE)
        store.finish(task)

    workers = Workers(store, steps={QUERY: step}, back_off=BackOff(base=1, cap=1), threads=1)
    store.add_event(event(1))
    store.add_event(event(2))
    workers.start()
    assert begun.wait(PATIENCE)
    workers.stop(patience=0)
    go_on.set()
    workers.stop()
    assert claimed(store).payload["i_event"] == 2


def test_many_threads_never_share_a_lane(store: Store) -> None:
    """With more workers than accounts, the events of each account are still done in their order."""
    seen: dict[int, list[int]] = {1: [], 2: []}
    remaining = threading.Semaphore(0)

    def step(task: Task) -> None:
        seen[task.payload["i_account"]].append(task.payload["i_event"])
        store.finish(task)
        remaining.release()

    workers = Workers(store, steps={QUERY: step}, back_off=BackOff(base=1, cap=1), threads=4)
    workers.start()
    for i_event in range(1, 41):
        store.add_event(event(i_event, i_account=1 + i_event % 2))
        workers.wake()
    deadline = time.monotonic() + PATIENCE
    taken = [remaining.acquire(timeout=max(0.0, deadline - time.monotonic())) for _ in range(40)]
    workers.stop()
    assert all(taken)
    assert seen == {1: list(range(2, 41, 2)), 2: list(range(1, 41, 2))}
