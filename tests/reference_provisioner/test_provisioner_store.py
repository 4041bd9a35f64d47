"""The provisioner's store and outbox on both databases: lanes, claims, leases, and what is forgotten."""

from collections.abc import Callable
from typing import Any

import pytest

from reference_provisioner.errors import LostClaimError, UnknownOrderError
from reference_provisioner.models import Action, Event, Order, Report, Status, Subscriber
from reference_provisioner.outbox import ORDER, QUERY, STATUS, Outbox, Task
from reference_provisioner.store import Store

OpenStore = Callable[..., tuple[Store, Outbox]]
A_DAY = 86_400.0


def event(i_event: int, *, i_account: int = 189, action: Action = Action.ACTIVATE) -> Event:
    """Return an event of the account."""
    return Event(i_event=i_event, i_account=i_account, action=action)


def order(i_event: int, *, i_account: int = 189) -> Order:
    """Return the order of that event, for one service."""
    subscriber = Subscriber(i_account=i_account, id=f"{i_account}@msisdn")
    return Order(
        reference=f"event-{i_event}",
        i_event=i_event,
        action=Action.ACTIVATE,
        subscriber=subscriber,
        services=("HSS",),
    )


def completed(reference: str) -> Report:
    """Return the report that HSS was completed."""
    return Report.model_validate(
        {
            "notification_id": "n-1",
            "reference": reference,
            "order_id": None,
            "service": "HSS",
            "status": Status.OK,
            "occurred_at": "2026-01-01T00:10:00Z",
        }
    )


def claimed(outbox: Outbox) -> Task:
    """Return the next task, which must be due."""
    (task,) = outbox.claim(limit=1)
    return task


def accepted(store: Store, outbox: Outbox, i_event: int) -> None:
    """Take the event as far as to the acceptance of its order."""
    store.add_event(event(i_event))
    store.make_order(claimed(outbox), order(i_event))
    store.finish_order(claimed(outbox), order(i_event), status=Status.IN_PROGRESS)


def test_an_empty_store_has_nothing_to_do(outbox: Outbox) -> None:
    """Without a task nothing is claimed, and nothing is old."""
    assert outbox.claim(limit=5) == []
    assert (outbox.backlog().tasks, outbox.backlog().oldest_seconds) == (
        {QUERY: 0, ORDER: 0, STATUS: 0},
        0.0,
    )


def test_events_of_one_account_are_taken_one_after_the_other(store: Store, outbox: Outbox) -> None:
    """While one is worked on, a second one waits; another account's does not."""
    store.add_event(event(1))
    first = claimed(outbox)
    store.add_event(event(2))
    store.add_event(event(3, i_account=190))
    assert [task.payload["i_event"] for task in outbox.claim(limit=5)] == [3]
    store.finish(first)
    assert claimed(outbox).payload["i_event"] == 2


def test_the_order_keeps_the_place_of_its_event(store: Store, outbox: Outbox) -> None:
    """A later event of the account is not queried before the earlier one's order is finished."""
    store.add_event(event(1))
    querying = claimed(outbox)
    store.add_event(event(2))
    store.make_order(querying, order(1))
    sending = claimed(outbox)
    assert (sending.kind, sending.attempts) == (ORDER, 0)
    assert Order.model_validate(sending.payload) == order(1)
    assert outbox.claim(limit=5) == []


def test_a_postponed_task_holds_up_its_lane(store: Store, outbox: Outbox, clock: Any) -> None:
    """What is behind an order that is tried again waits too, until its time has come."""
    store.add_event(event(1))
    store.make_order(claimed(outbox), order(1))
    store.add_event(event(2))
    outbox.postpone(claimed(outbox), seconds=30)
    clock.now += 29
    assert outbox.claim(limit=5) == []
    clock.now += 1
    task = claimed(outbox)
    assert (task.kind, task.attempts) == (ORDER, 1)


def test_statuses_of_one_account_and_group_keep_their_order(store: Store, outbox: Outbox) -> None:
    """A newer status is not claimed before the older one was taken."""
    accepted(store, outbox, 1)
    older = claimed(outbox)
    store.add_report(completed("event-1"))
    assert outbox.claim(limit=5) == []
    store.finish(older)
    assert claimed(outbox).payload["status"] == "OK"


def test_only_what_has_a_free_thread_is_claimed(store: Store, outbox: Outbox) -> None:
    """A claim is limited to so many tasks, to some kinds, and to what is not under way."""
    for number in range(1, 5):
        store.add_event(event(number, i_account=number))
    assert outbox.claim(limit=5, kinds=(STATUS,)) == []
    assert len(outbox.claim(limit=2)) == 2
    assert [task.payload["i_event"] for task in outbox.claim(limit=2, besides=(3,))] == [4]


def test_what_a_killed_instance_was_doing_is_done_again(open_store: OpenStore, database_url: str) -> None:
    """Started again under its name, it takes its own work at once, and knows what it took before."""
    killed, its_outbox = open_store(database_url)
    killed.add_event(event(1))
    running = claimed(its_outbox)
    restarted, outbox = open_store(database_url)
    assert outbox.claim(limit=5) == []
    outbox.release()
    assert claimed(outbox) == running
    assert not restarted.add_event(event(1))


def test_another_instance_takes_over_after_the_lease(
    open_store: OpenStore, database_url: str, clock: Any
) -> None:
    """Work of an instance that does not come back falls due when its lease ends, and no sooner."""
    killed, its_outbox = open_store(database_url, owner="one")
    killed.add_event(event(1))
    abandoned = claimed(its_outbox)
    heir, outbox = open_store(database_url, owner="two")
    outbox.release()
    clock.now += 59
    assert outbox.claim(limit=5) == []
    clock.now += 1
    assert claimed(outbox).payload["i_event"] == 1
    with pytest.raises(LostClaimError):
        killed.finish(abandoned)
    assert outbox.backlog().tasks[QUERY] == 1
    assert heir.add_event(event(2))


def test_a_lease_that_is_renewed_does_not_end(open_store: OpenStore, database_url: str, clock: Any) -> None:
    """Who is still at work on a task keeps it, however long that takes."""
    store, outbox = open_store(database_url, owner="one")
    store.add_event(event(1))
    task = claimed(outbox)
    _, other = open_store(database_url, owner="two")
    for _ in range(3):
        clock.now += 40
        outbox.keep([task.id])
        assert other.claim(limit=5) == []
    store.finish(task)


def test_an_event_that_a_newer_order_overtook_is_late(store: Store, outbox: Outbox) -> None:
    """Late is what is older, by i_event, than an event of the same account that was ordered."""
    accepted(store, outbox, 5)
    assert store.is_late(event(4))
    assert not store.is_late(event(6))
    assert not store.is_late(event(4, i_account=190))


def test_what_is_old_and_finished_is_forgotten(store: Store, outbox: Outbox, clock: Any) -> None:
    """After the retention, events, orders and notifications are gone."""
    accepted(store, outbox, 1)
    store.finish(claimed(outbox))
    clock.now += A_DAY
    store.forget(older_than_seconds=A_DAY)
    assert store.add_report(completed("event-1"))
    store.finish(claimed(outbox))
    clock.now += A_DAY + 1
    store.forget(older_than_seconds=A_DAY)
    with pytest.raises(UnknownOrderError):
        store.add_report(completed("event-1"))
    assert store.add_event(event(1))


def test_what_is_unfinished_is_never_forgotten(store: Store, outbox: Outbox, clock: Any) -> None:
    """An order that is still being tried, or whose status is, stays however old it is."""
    accepted(store, outbox, 1)
    clock.now += 10 * A_DAY
    store.forget(older_than_seconds=A_DAY)
    assert store.add_report(completed("event-1"))
    assert outbox.backlog().tasks[STATUS] == 2
    assert outbox.backlog().oldest_seconds == 10 * A_DAY
