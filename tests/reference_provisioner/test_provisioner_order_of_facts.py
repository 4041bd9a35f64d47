"""The provisioner reports each account and group in the order of the facts, however they arrive."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from reference_provisioner.database import Database
from reference_provisioner.models import Action, Event, Order, Report, Status, Subscriber
from reference_provisioner.outbox import Outbox
from reference_provisioner.store import Store

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# Minute and status of each report; one has happened at each minute.
Facts = list[tuple[int, Status]]
facts = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(Status)), min_size=1, unique_by=lambda fact: fact[0]
)
numbers = count(1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Outbox]]:
    """Give the module a store; each example uses an account of its own."""
    folder: Path = tmp_path_factory.mktemp("facts")
    database = Database(sa.make_url(f"sqlite:///{folder / 'store.sqlite'}"))
    outbox = Outbox(database)
    yield Store(database, outbox), outbox
    database.close()


def sent_order(store: Store, outbox: Outbox) -> Order:
    """Order service HSS for a new account."""
    number = next(numbers)
    store.add_event(Event(i_event=number, i_account=number, action=Action.ACTIVATE))
    order = Order(
        reference=f"event-{number}",
        i_event=number,
        action=Action.ACTIVATE,
        subscriber=Subscriber(i_account=number, id=f"{number}@msisdn"),
        services=("HSS",),
    )
    store.make_order(outbox.claim(limit=1)[0], order)
    store.finish_order(outbox.claim(limit=1)[0], order, status=Status.IN_PROGRESS)
    return order


def report(order: Order, minute: int, status: Status) -> Report:
    """Return what the OMS reports of that minute."""
    return Report(
        notification_id=f"n-{minute}",
        reference=order.reference,
        order_id=None,
        service="HSS",
        status=status,
        occurred_at=EPOCH + timedelta(minutes=minute),
    )


def reported(store: Store, outbox: Outbox) -> list[Status]:
    """Take all statuses that are to be reported, in their order."""
    found = []
    while tasks := outbox.claim(limit=1):
        found.append(Status(tasks[0].payload["status"]))
        store.finish(tasks[0])
    return found


@given(delivered=facts.flatmap(lambda told: st.permutations(told + told)))
@example(delivered=[(1, Status.OK), (0, Status.FAILED), (1, Status.OK), (0, Status.FAILED)])
def test_only_news_is_reported(opened: tuple[Store, Outbox], delivered: Facts) -> None:
    """In any order and twice each, a report is news if it is newer than all before it, and else nothing."""
    store, outbox = opened
    order = sent_order(store, outbox)
    for minute, status in delivered:
        store.add_report(report(order, minute, status))
    news = [fact for place, fact in enumerate(delivered) if fact[0] > newest(delivered[:place])]
    assert reported(store, outbox) == [Status.IN_PROGRESS, *(status for _minute, status in news)]


def newest(told: Facts) -> int:
    """Return the latest minute of which something was told; -1 for none."""
    return max((minute for minute, _status in told), default=-1)


def test_reports_that_come_at_once_end_with_the_newest(
    open_store: Callable[..., tuple[Store, Outbox]], database_url: str
) -> None:
    """Two instances that take reports of one account at the same time keep one order between them."""
    (store, outbox), (other, _) = (open_store(database_url, owner=name) for name in ("one", "two"))
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            order = sent_order(store, outbox)
            reports = [report(order, minute, Status.RETRY) for minute in range(20)]
            reports += [report(order, 20, Status.OK)]
            turns = zip(reversed(reports), cycle((store, other)))
            list(threads.map(lambda turn: turn[1].add_report(turn[0]), turns))
            assert reported(store, outbox)[-1] == Status.OK
