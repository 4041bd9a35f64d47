"""Plans of the OMS: which one holds for a task, which states it tells on its way, when, and how often."""

import json
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulators.clock import FIXED_START, Clock, iso
from simulators.errors import OrderError
from simulators.oms.core import Oms, Placed
from simulators.oms.dialect import HttpRequest
from simulators.oms.plans import OmsWorld, Plan
from simulators.oms.settings import OmsSettings
from simulators.oms.simple import SimpleDialect
from simulators.stack import Stack
from simulators.wire.transport import Outbound, Send
from simulators.world import World

ORDER = {
    "reference": "r-1",
    "action": "activate",
    "account": {"i_account": 189, "id": "x"},
    "services": ["HSS"],
}
# Far more than the threads of a server.
HELD = 200
AUTH = {"Authorization": "Bearer offline-oms"}


@pytest.fixture
def oms(world: World, clock: Clock, send: Send) -> Oms:
    """An OMS on a manual clock, with an address of its own for notifications."""
    settings = OmsSettings(notify_url="http://127.0.0.1:8080/notifications")
    return Oms(world=world, clock=clock, send=send, dialect=SimpleDialect(), settings=settings)


def place(
    oms: Oms, reference: str = "r-1", *, action: str = "activate", services: tuple[str, ...] = ("HSS",)
) -> Placed:
    """Order services for account 189."""
    body = json.dumps({**ORDER, "reference": reference, "action": action, "services": services}).encode()
    return oms.handle(HttpRequest(method="POST", path="/orders", headers=AUTH, body=body))


def told(sent: list[Outbound]) -> list[tuple[str, str]]:
    """When each notification's state occurred, by the hour, and the state."""
    bodies = [json.loads(outbound.body) for outbound in sent]
    return [(body["occurred_at"][11:16], body["state"]) for body in bodies]


def test_states_on_the_way_are_told_before_the_outcome(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """A task that is in progress and tries again twice tells each of it, evenly spread."""
    oms.plan(Plan(service="HSS", delay=7200, in_progress=1, retrying=2, outcome="failed"))
    place(oms)

    clock.advance(hours=3)

    assert told(sent) == [
        ("00:30", "in_progress"),
        ("01:00", "retrying"),
        ("01:30", "retrying"),
        ("02:00", "failed"),
    ]


def test_reordered_states_come_last_first(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """Messages that overtake each other keep the time of what they tell, and no task is undone by one."""
    oms.plan(Plan(service="HSS", delay=3600, in_progress=1, reordered=True))
    place(oms)

    clock.advance(minutes=59)
    assert sent == []
    clock.advance(minutes=1)

    assert told(sent) == [("01:00", "completed"), ("00:30", "in_progress")]
    assert oms.states(oms.orders()[0]) == {"HSS": "completed"}


def test_copies_are_the_same_notification(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """A duplicate has the number and the body of the first one."""
    oms.plan(Plan(service="HSS", copies=3))
    place(oms)

    clock.advance(minutes=10)

    assert len(sent) == 3
    assert len({outbound.body for outbound in sent}) == 1


@pytest.mark.parametrize("outcome", ["silent", "manual"])
def test_some_tasks_are_never_told_of_by_themselves(
    oms: Oms, clock: Clock, sent: list[Outbound], outcome: Any
) -> None:
    """A silent task stays open for ever, and a manual one until it is decided."""
    oms.plan(Plan(service="HSS", outcome=outcome))
    place(oms)

    clock.advance(hours=24 * 365)

    assert (sent, clock.pending()) == ([], ())
    assert oms.states(oms.orders()[0]) == {"HSS": "accepted"}


def test_decision_replaces_the_plan(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """Whoever drives the OMS may say what becomes of a task, at any time; the plan's outcome is off."""
    place(oms)
    (order,) = oms.orders()
    clock.advance(minutes=5)

    oms.decide(order.order_id, "HSS", state="retrying")
    oms.decide(order.order_id, "HSS", state="failed", message="no such subscriber")
    clock.advance(hours=1)

    assert told(sent) == [("00:05", "retrying"), ("00:05", "failed")]
    assert json.loads(sent[-1].body)["message"] == "no such subscriber"


@pytest.mark.parametrize(("order_id", "service"), [("x", "HSS"), (None, "PCRF")])
def test_decision_on_no_task_is_an_error(
    oms: Oms, sent: list[Outbound], order_id: str | None, service: str
) -> None:
    """The message names the order and the service, and nothing is sent."""
    place(oms)

    with pytest.raises(OrderError, match=service):
        oms.decide(order_id or oms.orders()[0].order_id, service, state="completed")

    assert sent == []


@pytest.mark.parametrize(
    ("plan", "holds"),
    [
        ({}, True),
        ({"service": "HSS"}, True),
        ({"service": "PCRF"}, False),
        ({"i_account": 189, "action": "modify", "nth": 2}, True),
        ({"i_account": 190}, False),
        ({"action": "activate"}, False),
        ({"nth": 1}, False),
    ],
)
def test_plan_holds_for_the_tasks_that_it_names(
    oms: Oms, clock: Clock, sent: list[Outbound], plan: dict[str, Any], *, holds: bool
) -> None:
    """By service, account, action and the order's place among those of the account."""
    oms.plan(Plan(**plan, outcome="failed", delay=1))
    place(oms)
    clock.advance(hours=1)
    sent.clear()

    place(oms, "r-2", action="modify")
    clock.advance(hours=1)

    assert [state for _, state in told(sent)] == ["failed" if holds else "completed"]


@pytest.mark.parametrize("supersede", [True, False])
def test_newer_order_may_supersede_an_older_one(
    world: World, clock: Clock, send: Send, sent: list[Outbound], *, supersede: bool
) -> None:
    """By setting, what is still open of the older order is never told of; else both are finished."""
    world.oms = OmsWorld(token="offline-oms", supersede=supersede)
    settings = OmsSettings(notify_url="http://127.0.0.1:8080/notifications")
    oms = Oms(world=world, clock=clock, send=send, dialect=SimpleDialect(), settings=settings)
    place(oms, "r-1", services=("HSS", "PCRF"))
    place(oms, "r-2", action="deactivate", services=("HSS",))

    clock.advance(hours=1)

    notified = {(body["reference"], body["service"]) for body in (json.loads(one.body) for one in sent)}
    assert notified == {("r-1", "PCRF"), ("r-2", "HSS"), *([] if supersede else [("r-1", "HSS")])}
    assert oms.states(oms.orders()[0])["HSS"] == ("cancelled" if supersede else "completed")


delays = st.one_of(
    st.floats(0, 1e6).map(lambda fixed: {"delay": fixed}),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=4).map(lambda some: {"delay": some}),
    st.tuples(st.floats(0, 100), st.floats(100, 1e6)).map(lambda ends: {"delay": {"uniform": ends}}),
    st.builds(
        lambda median, sigma: {"delay": {"median": median, "sigma": sigma}},
        st.floats(0.1, 1e6),
        st.floats(0, 10),
    ),
)


@given(given_delay=delays, seed=st.integers(), on_the_way=st.integers(0, 5))
def test_chance_follows_the_seed_alone(given_delay: dict[str, Any], seed: int, on_the_way: int) -> None:
    """Equal seeds draw equal steps, in order, within the bounds of what a clock can hold."""
    plan = Plan(**given_delay, in_progress=on_the_way)

    steps = plan.steps(Random(seed))

    assert steps == plan.steps(Random(seed))
    assert [step.told for step in steps] == sorted(step.told for step in steps)
    assert 0 <= steps[-1].told <= 1e9
    if isinstance(given_delay["delay"], list):
        assert steps[-1].told in given_delay["delay"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"delay": -1}, "delay"),
        ({"delay": []}, "delay"),
        ({"delay": {"uniform": [5, 1]}}, "uniform"),
        ({"outcome": "lost"}, "outcome"),
        ({"early": True, "outcome": "silent"}, "silent tells none"),
        ({"early": True, "outcome": "manual", "in_progress": 1}, "manual tells none"),
        ({"copies": 0}, "copies"),
        ({"nth": 0}, "nth"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_plan_is_refused(changes: dict[str, Any], named: str) -> None:
    """A mistake in a plan is named by its key."""
    with pytest.raises(ValidationError, match=named):
        Plan(**changes)


@pytest.mark.parametrize("reordered", [False, True])
def test_early_outcome_waits_for_the_skin(
    oms: Oms, clock: Clock, sent: list[Outbound], *, reordered: bool
) -> None:
    """An outcome that is to overtake the order's answer is given out with the answer, and on no timer."""
    oms.plan(Plan(service="HSS", early=True, in_progress=3, reordered=reordered))

    (early,) = place(oms).early

    assert (early.state, iso(early.occurred_at)) == ("completed", iso(FIXED_START))
    assert (sent, clock.pending()) == ([], ())


def test_early_outcome_is_answered_before_the_order(
    oms: Oms, sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """Whoever holds the order's answer back is told as soon as the notification was answered."""
    oms.plan(Plan(service="HSS", early=True))
    answered: list[str] = []
    (early,) = place(oms).early

    oms.notify(early, on_answer=lambda: answered.append("yes"))
    assert (len(sent), answered) == (1, [])
    answer(200)

    assert answered == ["yes"]


def test_notification_overtakes_the_answer_of_its_order(
    make_stack: Callable[..., Stack],
    http: requests.Session,
    provisioner_url: str,
    received: list[tuple[Mapping[str, str], Any]],
) -> None:
    """The order's answer is held back until the provisioner has answered the notification of its outcome."""
    with make_stack(oms=OmsSettings(notify_url=provisioner_url, early=5.0)) as stack:
        stack.oms.plan(Plan(service="HSS", early=True))

        accepted = http.post(f"{stack.addresses.oms}/orders", json=ORDER, headers=AUTH)

        assert [body["state"] for _, body in received] == ["completed"]
        assert received[0][1]["order_id"] == accepted.json()["order_id"]
        ordered, notified = stack.journal.exchanges()
        assert (ordered.operation, notified.operation, notified.status) == ("order", "notification", 200)


def test_order_is_answered_although_its_notification_is_not(
    make_stack: Callable[..., Stack], http: requests.Session
) -> None:
    """A provisioner that answers notifications only after its order's answer gets that answer in time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with make_stack(oms=OmsSettings(notify_url=address, early=0.05)) as stack:
            stack.oms.plan(Plan(service="HSS", early=True))

            accepted = http.post(f"{stack.addresses.oms}/orders", json=ORDER, headers=AUTH)

            assert accepted.status_code == 200
            notified = stack.journal.records()[-1]
            assert (notified.operation, notified.status) == ("notification", None)


def test_hundreds_of_early_outcomes_keep_no_other_order_waiting(make_stack: Callable[..., Stack]) -> None:
    """An order whose answer is held back for its outcome gives its thread's place to the next one."""
    with socket.create_server(("127.0.0.1", 0), backlog=HELD) as silent, ThreadPoolExecutor(HELD) as clients:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with make_stack(oms=OmsSettings(notify_url=address, early=2.0)) as stack:
            stack.oms.plan(Plan(service="HSS", early=True))
            url = f"{stack.addresses.oms}/orders"
            for number in range(HELD):
                body = {**ORDER, "reference": f"r-{number}"}
                clients.submit(requests.post, url, json=body, headers=AUTH, timeout=60)

            assert stack.journal.wait_until(lambda: len(stack.oms.orders()) == HELD, timeout=10)
