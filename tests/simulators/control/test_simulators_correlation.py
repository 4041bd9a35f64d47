"""Correlation: each record names its account, group, event, order and cause as far as they are known."""

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import requests

from simulators.journal import Record
from simulators.oms.plans import Plan
from simulators.questions import Where
from simulators.stack import Stack

PATIENCE = 10.0
USER = ("provisioner", "offline-only")
AUTH_INFO = {"login": USER[0], "password": USER[1]}
ORDERED = {"reference": "r", "action": "activate", "account": {"i_account": 189, "id": "a"}}


@pytest.fixture
def order(stack: Stack, http: requests.Session, provisioner_url: str) -> Callable[..., Record]:
    """Place an order for these services; gives its record."""

    def place(*services: str) -> Record:
        asked = {**ORDERED, "services": services, "notify_url": provisioner_url}
        http.post(
            f"{stack.addresses.oms}/orders", json=asked, headers={"Authorization": "Bearer offline-oms"}
        )
        return only(stack, operation="order")

    return place


def only(stack: Stack, **asked: Any) -> Record:
    """The one record that fits."""
    (record,) = stack.journal.find(Where(**asked))
    return record


def causes(stack: Stack, operation: str) -> list[str]:
    """Why each request of an operation was sent."""
    return [record.cause for record in stack.journal.find(Where(operation=operation))]


def test_event_of_a_change_names_the_call_that_made_it(stack: Stack, http: requests.Session) -> None:
    """An event that the JSON API raised is traced to the record of the call."""
    params = {"account_info": {"i_account": 189, "blocked": "Y"}}
    call = {"auth_info": AUTH_INFO, "params": params}
    http.post(f"{stack.addresses.portabilling}/rest/Account/update_account", json=call)

    called = only(stack, operation="Account/update_account")
    event = only(stack, operation="event")

    assert (called.i_account, called.cause) == (189, "")
    assert (event.i_account, event.i_event, event.cause) == (189, 1, f"record {called.seq}")


def test_event_that_is_sent_again_says_so(stack: Stack, answers: deque[int]) -> None:
    """The first attempt has the event's cause, and each further one its number, or the demand."""
    answers.extend([503, 503])
    stack.emitter.emit("Account/New", i_account=189)
    stack.clock.advance(minutes=2)
    stack.emitter.resend(1)
    stack.clock.advance()

    assert causes(stack, "event") == ["emitted", "attempt 2", "attempt 3", "resend"]


def test_notification_names_account_group_order_and_its_cause(
    stack: Stack, order: Callable[..., Record], answers: deque[int]
) -> None:
    """What comes of an order is traced to its record, and what was not taken is sent as another attempt."""
    placed = order("HSS")
    answers.append(503)
    stack.clock.advance(minutes=11)

    told = stack.journal.find(Where(operation="notification"))
    assert {(record.i_account, record.group, record.reference) for record in told} == {(189, "HSS", "r")}
    assert {record.order_id for record in told} == {placed.order_id}
    assert [record.cause for record in told] == [f"record {placed.seq}", "attempt 2"]


def test_decided_notification_says_so(stack: Stack, order: Callable[..., Record]) -> None:
    """What a test or a person decides is told from what a plan does."""
    placed = order("HSS")
    stack.oms.decide(str(placed.order_id), "HSS", state="completed")
    stack.clock.advance()

    assert causes(stack, "notification") == ["decided"]


def test_service_that_is_no_group_names_none(
    make_stack: Callable[..., Stack], http: requests.Session, provisioner_url: str
) -> None:
    """Which group such a service stands for is the provisioner's business, so nothing is claimed."""
    with make_stack(services=("SMS",)) as stack:
        stack.oms.plan(Plan(service="SMS", delay=0))
        asked = {**ORDERED, "services": ["SMS"], "notify_url": provisioner_url}
        http.post(
            f"{stack.addresses.oms}/orders", json=asked, headers={"Authorization": "Bearer offline-oms"}
        )
        stack.clock.advance()

        assert only(stack, operation="notification").group is None


@pytest.mark.parametrize(
    ("fields", "auth", "expected"),
    [
        ({"status": "OK", "group": "HSS"}, USER, (200, "HSS")),
        ({"status": "ok", "group": "HSS"}, USER, (400, "HSS")),
        ({"status": "OK", "group": "HSS"}, ("nobody", "x"), (401, "HSS")),
        ({"status": "OK", "group": "hss"}, USER, (404, None)),
    ],
)
def test_status_names_its_group_though_it_is_refused(
    stack: Stack, http: requests.Session, fields: dict[str, str], auth: Any, expected: Any
) -> None:
    """A registered group is on record whatever the answer, and another one only in the wire's words."""
    url = f"{stack.addresses.portabilling}/espf/v1/account/i/189/status"
    http.post(url, data=fields, auth=auth)

    record = only(stack, operation="status")

    assert (record.i_account, (record.status, record.group)) == (189, expected)
    assert record.detail["group"] == fields["group"]
