"""The OMS by the control API: orders, decisions about them, and plans at run time."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from simulators.oms.plans import Plan
from simulators.questions import Where
from simulators.stack import Stack

Refused = Callable[[requests.Response, int], str]


@pytest.fixture
def order(stack: Stack, http: requests.Session, provisioner_url: str) -> Callable[..., str]:
    """Place an order for HSS and PCRF; gives its number."""

    def place(reference: str = "r", i_account: int = 189) -> str:
        body = {
            "reference": reference,
            "action": "activate",
            "account": {"i_account": i_account, "id": "a"},
            "services": ["HSS", "PCRF"],
            "notify_url": provisioner_url,
        }
        headers = {"Authorization": "Bearer offline-oms"}
        return str(http.post(f"{stack.addresses.oms}/orders", json=body, headers=headers).json()["order_id"])

    return place


def told(stack: Stack) -> list[tuple[str, str]]:
    """The service and the state of each notification, once all are answered."""
    stack.clock.advance()
    records = stack.journal.find(Where(operation="notification"))
    return [(record.detail["service"], record.detail["state"]) for record in records]


def states(http: requests.Session, control: str) -> Any:
    """How far the services of the one order are."""
    (order,) = http.get(f"{control}/orders").json()["orders"]
    return order["states"]


def test_decision_is_told_at_once(
    stack: Stack, control: str, http: requests.Session, order: Callable[..., str]
) -> None:
    """Who drives the stack says what becomes of a service, and its plan says no more."""
    decision = {"service": "HSS", "state": "failed", "message": "no such SIM"}
    answer = http.post(f"{control}/orders/{order()}/notify", json=decision)

    assert answer.status_code == 200
    assert answer.json()["occurred_at"] == "2026-01-01T00:00:00Z"
    assert {name: answer.json()[name] for name in decision} == decision
    assert told(stack) == [("HSS", "failed")]
    assert states(http, control) == {"HSS": "failed", "PCRF": "accepted"}
    stack.clock.advance(hours=1)
    assert told(stack) == [("HSS", "failed"), ("PCRF", "completed")]


def test_state_on_the_way_leaves_the_plan_as_it_is(
    stack: Stack, control: str, http: requests.Session, order: Callable[..., str]
) -> None:
    """A service that is said to be in progress is completed later as planned."""
    http.post(f"{control}/orders/{order()}/notify", json={"service": "HSS", "state": "in_progress"})
    stack.clock.advance(minutes=10)

    assert told(stack) == [("HSS", "in_progress"), ("HSS", "completed")]


@pytest.mark.parametrize(
    ("decision", "status", "named"),
    [
        ({"service": "SMS", "state": "completed"}, 404, "'SMS'"),
        ({"service": "HSS", "state": "done"}, 400, "given: 'done'"),
        ({"service": "HSS"}, 400, "state: this key is required"),
        ({"service": "HSS", "state": "failed", "massage": "x"}, 400, "massage: this key is not known"),
        ([], 400, "should be an object"),
    ],
)
def test_impossible_decision_is_refused(  # noqa: PLR0917 - fixtures, which pytest passes by name
    stack: Stack,
    control: str,
    http: requests.Session,
    error: Refused,
    order: Callable[..., str],
    decision: Any,
    status: int,
    named: str,
) -> None:
    """The refusal names what is wrong, and nothing was told or changed."""
    assert named in error(http.post(f"{control}/orders/{order()}/notify", json=decision), status)
    assert told(stack) == []
    assert states(http, control) == {"HSS": "accepted", "PCRF": "accepted"}


def test_unknown_order_is_404(control: str, http: requests.Session, error: Refused) -> None:
    """An order that was never accepted cannot be decided."""
    decision = {"service": "HSS", "state": "completed"}

    assert "'nothing'" in error(http.post(f"{control}/orders/nothing/notify", json=decision), 404)


def plans(http: requests.Session, control: str) -> dict[int, Mapping[str, Any]]:
    """The plans by their numbers, those that hold first."""
    return {entry["number"]: entry["plan"] for entry in http.get(f"{control}/plans").json()["plans"]}


def test_plan_is_added_and_holds_for_what_is_ordered_then(
    stack: Stack, control: str, http: requests.Session, order: Callable[..., str]
) -> None:
    """A new plan comes before those of the world, and leaves running orders as they are."""
    order("before")
    plan = {"service": "HSS", "outcome": "failed", "delay": 60, "i_account": 189}
    added = http.post(f"{control}/plans", json=plan)
    order("after")
    stack.clock.advance(minutes=10)

    assert (added.status_code, added.json()["number"]) == (201, 3)
    assert Plan(**added.json()["plan"]) == Plan(**plan)
    assert [(number, plan["service"]) for number, plan in plans(http, control).items()] == [
        (3, "HSS"), (1, "HSS"), (2, "PCRF"),
    ]  # fmt: skip
    assert told(stack) == [("HSS", "failed"), ("HSS", "completed")]


def test_withdrawn_plan_holds_no_more(
    stack: Stack, control: str, http: requests.Session, error: Refused, order: Callable[..., str]
) -> None:
    """What was planned by it stays, further orders follow the next plan, and it is gone for good."""
    number = http.post(f"{control}/plans", json={"service": "HSS", "delay": 1}).json()["number"]
    order("before")

    assert http.delete(f"{control}/plans/{number}").json() == {}
    order("after")
    stack.clock.advance(seconds=1)

    assert told(stack) == [("HSS", "completed")]
    assert number not in plans(http, control)
    assert f"number {number}" in error(http.delete(f"{control}/plans/{number}"), 404)


@pytest.mark.parametrize(
    ("plan", "status", "named"),
    [
        ({"service": "SMS"}, 404, "The service 'SMS' is not known: it is one of HSS, "),
        ({"delay": -1}, 400, "given: -1"),
        ({"delay": {"uniform": [2, 1]}}, 400, "uniform needs the lower bound first"),
        ({"outcome": "lost"}, 400, "given: 'lost'"),
        ({"colour": "red"}, 400, "colour: this key is not known"),
        (None, 400, "Invalid JSON"),
    ],
)
def test_impossible_plan_is_refused(  # noqa: PLR0917 - fixtures, which pytest passes by name
    control: str, http: requests.Session, error: Refused, plan: Any, status: int, named: str
) -> None:
    """The refusal names what is wrong, and the plans are as they were."""
    assert named in error(http.post(f"{control}/plans", json=plan), status)
    assert list(plans(http, control)) == [1, 2]
