"""Duty 2 of the provisioner: what becomes of events of one account that waited together."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from reference_provisioner.back_off import BackOff
from reference_provisioner.models import Action, Event
from reference_provisioner.neighbour import HttpClient
from reference_provisioner.outbox import ORDER, Outbox
from reference_provisioner.query_subscriber import AccountInfo, PortaBilling, QuerySubscriber, SimCardInfo
from reference_provisioner.session import ApiSession
from reference_provisioner.store import Store

ACTIVATE, MODIFY, DEACTIVATE = Action
Ordered = Callable[[type[PortaBilling]], list[tuple[int, str]]]
HTTP = HttpClient(timeout=1.0)
SESSION = ApiSession(
    HTTP,
    portabilling_url="http://pb",
    login="provisioner",
    password=SecretStr("offline-only"),
    back_off=BackOff(base=1.0, cap=1.0),
)


class StubPortaBilling(PortaBilling):
    """Knows every account, without a network."""

    bill_status = "O"

    def account(self, i_account: int) -> AccountInfo:
        """Return the account."""
        return AccountInfo(id=f"{i_account}@msisdn", bill_status=self.bill_status)

    def sim_card(self, i_account: int) -> SimCardInfo:
        """Return its SIM card."""
        return SimCardInfo(imsi=f"{i_account}")


class ClosedPortaBilling(StubPortaBilling):
    """Knows every account as a closed one."""

    bill_status = "C"


def event(i_event: int, action: Action) -> Event:
    """Return an event of the account."""
    return Event(i_event=i_event, i_account=189, action=action)


@pytest.fixture
def ordered(store: Store, outbox: Outbox) -> Ordered:
    """Do all that waits; gives event and action of each order that comes of it."""

    def do_all(kind: type[PortaBilling]) -> list[tuple[int, str]]:
        portabilling = kind(http=HTTP, session=SESSION, portabilling_url="http://pb")
        step = QuerySubscriber(portabilling=portabilling, store=store, services=("HSS",))
        made: list[tuple[int, str]] = []
        while found := outbox.claim(limit=1):
            if found[0].kind == ORDER:
                made.append((found[0].payload["i_event"], found[0].payload["action"]))
                store.finish(found[0])
            else:
                step(found[0])
        return made

    return do_all


@pytest.mark.parametrize("later", [MODIFY, ACTIVATE])
def test_what_was_closed_and_then_changed_is_still_deactivated(
    store: Store, ordered: Ordered, later: Action
) -> None:
    """A newer event that absorbs a termination does not keep it from the external system."""
    store.add_event(event(5, DEACTIVATE))
    store.add_event(event(6, later))
    assert ordered(ClosedPortaBilling) == [(6, DEACTIVATE)]


def test_what_was_closed_and_opened_again_is_not_deactivated(store: Store, ordered: Ordered) -> None:
    """An account that is open needs what the newest event asks for, and nothing else."""
    store.add_event(event(5, DEACTIVATE))
    store.add_event(event(6, ACTIVATE))
    assert ordered(StubPortaBilling) == [(6, ACTIVATE)]


def test_a_change_of_a_closed_account_orders_nothing(store: Store, ordered: Ordered) -> None:
    """Who was told of no termination has nothing to terminate."""
    store.add_event(event(5, ACTIVATE))
    store.add_event(event(6, MODIFY))
    assert ordered(ClosedPortaBilling) == []


def test_of_two_that_wait_the_last_one_absorbs_the_newer_event(
    store: Store, outbox: Outbox, drain: Callable[[], list[dict[str, Any]]], clock: Any
) -> None:
    """What is newest is done last, also where an older event was put back before it."""
    store.add_event(event(5, ACTIVATE))
    (querying,) = outbox.claim(limit=1)
    store.add_event(event(6, MODIFY))
    outbox.postpone(querying, seconds=1)
    store.add_event(event(7, DEACTIVATE))
    clock.now += 1
    assert [payload["i_event"] for payload in drain()] == [5, 7]


@given(
    arriving=st.lists(st.sampled_from(Action), min_size=2, max_size=5).flatmap(
        lambda actions: st.permutations([event(number, action) for number, action in enumerate(actions)])
    )
)
@example(arriving=[event(0, ACTIVATE), event(2, MODIFY), event(1, DEACTIVATE)])
def test_the_order_of_arrival_does_not_matter(arriving: list[Event]) -> None:
    """However many events are merged, the same is left to be done, open or closed as the account may be."""
    assert left_to_do(arriving) == left_to_do(sorted(arriving, key=lambda event: event.i_event))


def left_to_do(events: list[Event]) -> tuple[int, Action, bool]:
    """Merge the events one by one; gives the number, what is done if open, and whether anything if closed."""
    merged, *others = events
    for other in others:
        merged = merged.merged_with(other)
    return merged.i_event, merged.action, Action.DEACTIVATE in {merged.action, *merged.absorbed}
