"""The OMS: orders by reference, what is refused, outcomes by plan, notifications until they are taken."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
import requests

from simulators.clock import FIXED_START, Clock
from simulators.oms.core import DEFAULTS, Oms
from simulators.oms.dialect import HttpReply, HttpRequest
from simulators.oms.plans import Plan
from simulators.oms.simple import SimpleDialect
from simulators.stack import Stack
from simulators.wire.transport import Outbound, Send
from simulators.world import World

AUTH = {"Authorization": "Bearer offline-oms"}
ORDER = {
    "reference": "event-1",
    "action": "activate",
    "account": {"i_account": 189, "id": "12065550189@msisdn", "imsi": "001010000000189"},
    "services": ["HSS", "PCRF"],
    "notify_url": "http://127.0.0.1:8080/notifications",
}


@pytest.fixture
def oms(world: World, clock: Clock, send: Send) -> Oms:
    """An OMS on a manual clock."""
    return Oms(world=world, clock=clock, send=send, dialect=SimpleDialect())


def place(oms: Oms, *, headers: Mapping[str, str] = AUTH, **changes: Any) -> HttpReply:
    """Place the order, with some fields changed."""
    body = json.dumps({**ORDER, **changes}).encode()
    return oms.handle(HttpRequest(method="POST", path="/orders", headers=headers, body=body)).reply


def told(sent: list[Outbound]) -> list[tuple[str, str]]:
    """Service and state of each notification."""
    return [(body["service"], body["state"]) for body in (json.loads(outbound.body) for outbound in sent)]


@pytest.mark.parametrize("action", ["activate", "modify", "deactivate"])
def test_order_is_accepted_at_once(oms: Oms, clock: Clock, sent: list[Outbound], action: str) -> None:
    """The answer is 200 with the order's number and the reference, long before any outcome."""
    reply = place(oms, action=action)

    (order,) = oms.orders()
    assert (reply.status, reply.headers) == (200, {"Content-Type": "application/json"})
    assert json.loads(reply.body) == {
        "order_id": order.order_id,
        "reference": "event-1",
        "state": "accepted",
    }
    assert (order.request.action, order.request.services) == (action, ("HSS", "PCRF"))
    assert (order.accepted_at, len(clock.pending()), sent) == (FIXED_START, 2, [])


def test_each_service_is_notified_by_its_plan(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """HSS completes after ten minutes and PCRF after an hour, as the documented story tells."""
    place(oms)

    clock.advance(minutes=10)
    assert told(sent) == [("HSS", "completed")]
    clock.advance(minutes=49)
    assert len(sent) == 1
    clock.advance(minutes=1)

    assert told(sent) == [("HSS", "completed"), ("PCRF", "completed")]


def test_notification_has_the_documented_body(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """It goes to the address that the order gave, and names order, reference, service, state and time."""
    place(oms)
    clock.advance(minutes=10)

    (outbound,) = sent
    body = json.loads(outbound.body)
    assert (outbound.url, outbound.source) == (ORDER["notify_url"], "oms")
    assert outbound.headers == {"Content-Type": "application/json"}
    detail = {"service": "HSS", "state": "completed", "notification_id": body.pop("notification_id")}
    assert body == {
        "order_id": oms.orders()[0].order_id,
        "reference": "event-1",
        "service": "HSS",
        "state": "completed",
        "message": "HSS completed",
        "occurred_at": "2026-01-01T00:10:00Z",
    }
    assert outbound.correlation["i_account"] == 189
    assert outbound.correlation["detail"] == {**detail, "occurred_at": clock.now()}


def test_same_reference_is_the_same_order(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """A repeated order is answered alike and makes no second notification, after the outcome too."""
    first = place(oms)
    second = place(oms)
    clock.advance(hours=1)
    third = place(oms)
    clock.advance(hours=1)

    assert first == second == third
    assert (len(oms.orders()), len(sent)) == (1, 2)


def test_services_are_the_same_in_any_order(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """Who keeps services in a set may name them in another order when it repeats its order."""
    first = place(oms)
    again = place(oms, services=["PCRF", "HSS", "HSS"])
    clock.advance(hours=1)

    assert first == again
    assert (len(oms.orders()), len(sent)) == (1, 2)


def test_reference_of_another_order_is_a_conflict(oms: Oms) -> None:
    """Under a known reference nothing else can be ordered, and what was ordered stays as it is."""
    place(oms)
    other = place(oms, services=["HSS"])

    assert (other.status, json.loads(other.body)["error"]) == (409, "reference_conflict")
    assert [order.request.services for order in oms.orders()] == [("HSS", "PCRF")]


def test_order_is_listed_with_all_its_tasks_or_not_at_all(
    oms: Oms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for the orders while one is being taken waits until it is there as a whole."""
    with ThreadPoolExecutor(1) as other:
        asked: list[Future[Any]] = []

        def fits(_plan: Plan, **_task: Any) -> bool:
            asked.append(other.submit(lambda: [oms.states(order) for order in oms.orders()]))
            wait(asked, timeout=0.1)
            return False

        monkeypatch.setattr(Plan, "fits", fits)
        with clock.guard:
            place(oms, services=["HSS"])

        assert asked[0].result(10) == [{"HSS": "accepted"}]


def test_other_reference_is_another_order(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """Two orders for one account have numbers and notifications of their own."""
    place(oms)
    place(oms, reference="event-2", services=["HSS"])
    clock.advance(minutes=10)

    bodies = [json.loads(outbound.body) for outbound in sent]
    assert [body["reference"] for body in bodies] == ["event-1", "event-2"]
    assert len({body["order_id"] for body in bodies}) == 2
    assert len({body["notification_id"] for body in bodies}) == 2


def test_plan_of_an_account_comes_before_the_world_s(oms: Oms, clock: Clock, sent: list[Outbound]) -> None:
    """A plan for one account changes its outcome and time alone; a service without plan completes."""
    oms.plan(Plan(service="HSS", i_account=189, outcome="failed", delay=5))
    other = {**ORDER["account"], "i_account": 190}  # type: ignore[dict-item]
    place(oms)
    place(oms, reference="event-2", account=other, services=["HSS", "VoIP"])

    clock.advance(seconds=5)
    assert told(sent) == [("HSS", "failed")]
    clock.advance(minutes=10)

    assert told(sent)[1:] == [("HSS", "completed"), ("VoIP", "completed")]


@pytest.mark.parametrize("status", [500, 0, 404, 302])
def test_notification_is_sent_again_until_it_is_taken(
    oms: Oms, clock: Clock, sent: list[Outbound], answer: Callable[[int], None], status: int
) -> None:
    """Anything but 2xx is no receipt: the same notification comes again after the OMS's interval."""
    place(oms, services=["HSS"])
    clock.advance(minutes=10)
    answer(status)
    clock.advance(seconds=DEFAULTS.notify_interval - 1)
    assert len(sent) == 1

    clock.advance(seconds=1)
    answer(204)
    clock.advance(hours=1)

    assert [outbound.body for outbound in sent] == [sent[0].body] * 2
    assert clock.pending() == ()


def test_notification_is_given_up_at_the_limit(
    oms: Oms, clock: Clock, sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """A notification that nobody takes is sent a limited number of times."""
    place(oms, services=["HSS"])
    clock.advance(minutes=10)
    for _ in range(DEFAULTS.notify_limit):
        answer(500)
        clock.advance(seconds=DEFAULTS.notify_interval)

    assert (len(sent), clock.pending()) == (DEFAULTS.notify_limit, ())


@pytest.mark.parametrize("value", [None, "Bearer wrong", "Bearer", "offline-oms", "Basic offline-oms"])
def test_order_without_the_token_is_401(oms: Oms, value: str | None) -> None:
    """The OMS has a token of its own, and says so before it reads the order."""
    reply = place(oms, headers={} if value is None else {"Authorization": value}, reference="")

    assert (reply.status, json.loads(reply.body)["error"]) == (401, "unauthorized")
    assert oms.orders() == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"reference": ""}, "reference: "),
        ({"reference": None}, "reference: "),
        ({"action": "Account/New"}, "action: "),
        ({"account": {"id": "x"}}, "account.i_account: this key is required"),
        ({"account": {"i_account": 189}}, "account.id: this key is required"),
        ({"account": {"i_account": "189", "id": "x"}}, "account.i_account: "),
        ({"services": []}, "services: "),
        ({"services": "HSS"}, "services: "),
        ({"services": [5]}, "services.0: "),
        ({"notify_url": "127.0.0.1/notifications"}, "notify_url: "),
        ({"notify_url": "http:///notifications"}, "notify_url: "),
    ],
)
def test_malformed_order_is_refused_by_field(
    oms: Oms, clock: Clock, changes: dict[str, Any], named: str
) -> None:
    """The refusal names the field and the mistake, and nothing is ordered."""
    reply = place(oms, **changes)

    body = json.loads(reply.body)
    assert (reply.status, body["error"]) == (400, "malformed")
    assert body["message"].startswith(named)
    assert (oms.orders(), clock.pending()) == ((), ())


def test_every_mistake_of_an_order_is_named_at_once(oms: Oms) -> None:
    """An empty order is told all that it lacks."""
    reply = oms.handle(HttpRequest(method="POST", path="/orders", headers=AUTH, body=b"{}")).reply

    message = json.loads(reply.body)["message"]
    assert message == "; ".join(f"{field}: this key is required" for field in ORDER if field != "notify_url")


def test_order_without_an_address_needs_one_of_the_oms(oms: Oms, clock: Clock) -> None:
    """Where neither the order nor the OMS says where to notify, the order is refused."""
    reply = place(oms, notify_url="")

    assert (reply.status, json.loads(reply.body)["error"]) == (400, "malformed")
    assert json.loads(reply.body)["message"].startswith("notify_url: ")
    assert (oms.orders(), clock.pending()) == ((), ())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
def test_body_that_is_no_order_is_refused(oms: Oms, body: bytes) -> None:
    """No body makes the simulator fail."""
    reply = oms.handle(HttpRequest(method="POST", path="/orders", headers=AUTH, body=body)).reply

    assert (reply.status, json.loads(reply.body)["error"]) == (400, "malformed")


def test_unknown_service_is_refused_for_good(oms: Oms, clock: Clock) -> None:
    """One unknown service refuses the order as a whole, and the reference stays free."""
    reply = place(oms, services=["HSS", "hss"])

    assert (reply.status, json.loads(reply.body)["error"]) == (422, "unknown_service")
    assert "'hss'" in json.loads(reply.body)["message"]
    assert (oms.orders(), clock.pending()) == ((), ())
    assert place(oms).status == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/orders"), ("POST", "/"), ("POST", "/orders/1")])
def test_other_address_is_404(oms: Oms, method: str, path: str) -> None:
    """The dialect serves one address and says which."""
    reply = oms.handle(HttpRequest(method=method, path=path, headers=AUTH, body=b"{}")).reply

    assert (reply.status, json.loads(reply.body)["error"]) == (404, "not_found")
    assert "POST /orders" in json.loads(reply.body)["message"]


def test_story_of_an_order_over_http(
    stack: Stack,
    http: requests.Session,
    provisioner_url: str,
    received: list[tuple[Mapping[str, str], Any]],
    answers: deque[int],
) -> None:
    """Ordered over a socket, notified, refused once, notified again, and all of it is in the journal."""
    answers.append(500)
    order = {**ORDER, "notify_url": provisioner_url, "services": ["HSS"]}

    reply = http.post(f"{stack.addresses.oms}/orders", json=order, headers=AUTH)
    stack.clock.advance(hours=1)

    assert (reply.status_code, reply.json()["state"]) == (200, "accepted")
    assert [body["state"] for _, body in received] == ["completed"] * 2
    assert received[0][1] == received[1][1]
    ordered, *notified = stack.journal.exchanges()
    assert (ordered.operation, ordered.i_account, ordered.reference) == ("order", 189, "event-1")
    assert ordered.detail["services"] == ["HSS"]
    assert [(record.operation, record.status) for record in notified] == [
        ("notification", 500),
        ("notification", 200),
    ]
    assert {record.order_id for record in notified} == {ordered.order_id, reply.json()["order_id"]}


def test_refused_order_stands_in_the_journal(stack: Stack, http: requests.Session) -> None:
    """An order that was read but not taken is still evidence, and of one that was not its text."""
    for order in ({**ORDER, "services": ["hss"]}, {}):
        http.post(f"{stack.addresses.oms}/orders", json=order, headers=AUTH)

    unknown, malformed = stack.journal.exchanges()
    assert (unknown.status, unknown.reference, unknown.order_id) == (422, "event-1", None)
    assert (malformed.status, malformed.reference, malformed.request_body) == (400, None, "{}")
