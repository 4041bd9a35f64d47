"""Duty 4 of the provisioner: what it answers to a notification, and which statuses it has reported."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.errors import MalformedError
from reference_provisioner.models import Action, Event, Order, Status, Subscriber
from reference_provisioner.outbox import Outbox, Task
from reference_provisioner.store import Store

ORDER = Order(
    reference="event-5",
    i_event=5,
    action=Action.ACTIVATE,
    subscriber=Subscriber(i_account=189, id="12065550189@msisdn"),
    services=("HSS", "PCRF"),
)
Reported = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def sending(store: Store, outbox: Outbox) -> Task:
    """Give the test the claimed task of an order that is just being sent."""
    return send_order(store, outbox, 5)


def order_of(i_event: int) -> Order:
    """Return the order of that event of account 189."""
    return ORDER.model_copy(update={"reference": f"event-{i_event}", "i_event": i_event})


def send_order(store: Store, outbox: Outbox, i_event: int) -> Task:
    """Take an event of account 189 as far as to the sending of its order; gives the claimed task."""
    store.add_event(Event(i_event=i_event, i_account=189, action=Action.ACTIVATE))
    store.make_order(outbox.claim(limit=1)[0], order_of(i_event))
    return outbox.claim(limit=1)[0]


def notice(state: str = "completed", *, number: int = 1, minute: int = 10, **other: Any) -> dict[str, Any]:
    """Return a notification about service HSS of the order."""
    return {
        "notification_id": f"n-{number}",
        "order_id": "o-1",
        "reference": "event-5",
        "service": "HSS",
        "state": state,
        "message": "",
        "occurred_at": f"2026-01-01T00:{minute:02}:00Z",
    } | other


@pytest.fixture
def reported(drain: Callable[[], list[dict[str, Any]]]) -> Callable[[], list[tuple[str, str]]]:
    """Take the statuses that are to be reported; gives group and status of each, in their order."""
    return lambda: [(payload["group"], payload["status"]) for payload in drain()]


STATES = [
    ("in_progress", Status.IN_PROGRESS),
    ("completed", Status.OK),
    ("failed", Status.FAILED),
    ("retrying", Status.RETRY),
]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize(("state", "status"), STATES)
def test_each_state_has_its_status(
    client: FlaskClient, reported: Reported, state: str, status: Status
) -> None:
    """A notification is answered 200 and leads to the status that its state stands for."""
    assert client.post("/notifications", json=notice(state)).status_code == 200
    assert reported() == [("HSS", status)]


@pytest.mark.usefixtures("sending")
def test_a_duplicate_has_no_effect(client: FlaskClient, reported: Reported) -> None:
    """The same notification_id is answered 200 again, and reports nothing more."""
    for _ in range(2):
        assert client.post("/notifications", json=notice()).status_code == 200
    assert reported() == [("HSS", "OK")]


@pytest.mark.usefixtures("sending")
def test_an_older_report_is_ignored(client: FlaskClient, reported: Reported) -> None:
    """What occurred before the newest report of the same order and service is no news."""
    for number, (state, minute) in enumerate([("completed", 10), ("retrying", 5), ("failed", 11)]):
        reply = client.post("/notifications", json=notice(state, number=number, minute=minute))
        assert reply.status_code == 200
    assert reported() == [("HSS", "OK"), ("HSS", "FAILED")]


@pytest.mark.usefixtures("sending")
def test_reports_are_compared_as_instants(client: FlaskClient, reported: Reported) -> None:
    """Another zone's clock shows another hour of the same day, not another order of things."""
    client.post("/notifications", json=notice("completed", number=1))
    client.post("/notifications", json=notice("failed", number=2, occurred_at="2026-01-01T02:05:00.5+02:00"))
    assert reported() == [("HSS", "OK")]


@pytest.mark.usefixtures("sending")
def test_work_under_way_comes_before_its_outcome(client: FlaskClient, reported: Reported) -> None:
    """Of two reports of the same instant, in_progress is the older one, whichever arrives first."""
    client.post("/notifications", json=notice("failed", number=1))
    client.post("/notifications", json=notice("in_progress", number=2))
    assert reported() == [("HSS", "FAILED")]


@pytest.mark.usefixtures("sending")
def test_services_do_not_age_each_other(client: FlaskClient, reported: Reported) -> None:
    """A report of one service says nothing of the age of another's."""
    client.post("/notifications", json=notice("completed", number=1, minute=10))
    client.post("/notifications", json=notice("failed", number=2, minute=5, service="PCRF"))
    assert reported() == [("HSS", "OK"), ("PCRF", "FAILED")]


def test_an_early_notification_is_not_overwritten(
    client: FlaskClient, store: Store, reported: Reported, sending: Task
) -> None:
    """Once the outcome is known, the order's acceptance reports IN_PROGRESS only for the other group."""
    assert client.post("/notifications", json=notice()).status_code == 200
    store.finish_order(sending, ORDER, status=Status.IN_PROGRESS)
    assert reported() == [("HSS", "OK"), ("PCRF", "IN_PROGRESS")]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("other", [{"reference": "event-6"}, {"service": "IPTV"}])
def test_an_unknown_order_sets_no_status(
    client: FlaskClient, reported: Reported, other: dict[str, Any]
) -> None:
    """A notification about what was never ordered is answered 404, each time."""
    for _ in range(2):
        assert client.post("/notifications", json=notice(**other)).status_code == 404
    assert reported() == []


WRONG = [
    {"notification_id": None},
    {"reference": None, "order_id": None},
    {"notification_id": 1},
    {"reference": 5},
    {"service": ""},
    {"state": "done"},
    {"state": "completed "},
    {"occurred_at": "yesterday"},
    {"occurred_at": 1767226200},
    {"occurred_at": "1767226200"},
    {"occurred_at": "2026-01-01T00:10:00"},
    # PostgreSQL holds no text with this character.
    {"notification_id": "n\0"},
    {"reference": "event-5\0"},
    {"order_id": "o\0"},
    {"service": "HSS\0"},
]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_malformed_notification_sets_no_status(
    client: FlaskClient, reported: Reported, wrong: dict[str, Any]
) -> None:
    """A missing or ill-typed field is answered 400."""
    assert client.post("/notifications", json=notice(**wrong)).status_code == 400
    assert reported() == []


def test_a_malformed_notification_is_told_with_its_mistakes(client: FlaskClient) -> None:
    """The answer names each mistake and quotes nothing."""
    answer = client.post("/notifications", json=notice(service="", occurred_at=1767226200))
    assert answer.get_json()["error"] == (
        "not a notification: service: String should have at least 1 character;"
        " occurred_at: is not a date and time"
    )


@given(st.binary() | st.text().map(str.encode))
def test_whatever_is_not_a_notification_is_called_malformed(body: bytes) -> None:
    """No bytes raise anything but MalformedError."""
    with pytest.raises(MalformedError):
        SimpleDialect().read_notification(body)


def test_an_order_is_found_by_its_own_name_too(
    client: FlaskClient, store: Store, reported: Reported, sending: Task
) -> None:
    """A notification without the reference is matched by the order_id that the OMS answered with."""
    unnamed = notice() | {"reference": None}
    assert client.post("/notifications", json=unnamed).status_code == 404
    store.finish_order(sending, ORDER, status=Status.IN_PROGRESS, order_id="o-1")
    assert client.post("/notifications", json=unnamed).status_code == 200
    assert reported() == [("HSS", "IN_PROGRESS"), ("PCRF", "IN_PROGRESS"), ("HSS", "OK")]


def test_a_name_that_the_oms_gave_twice_is_that_of_the_newest_order(
    client: FlaskClient, store: Store, outbox: Outbox, reported: Reported, sending: Task, *, clock: Any
) -> None:
    """An OMS that was set up anew counts from one again, and then speaks of what it was ordered last."""
    store.finish_order(sending, ORDER, status=Status.IN_PROGRESS, order_id="o-1")
    reported()
    clock.now += 60
    store.finish_order(send_order(store, outbox, 6), order_of(6), status=Status.IN_PROGRESS, order_id="o-1")
    reported()
    client.post("/notifications", json=notice(number=1, reference="event-6", minute=10))
    # Known of the newer order alone.
    again = notice("failed", number=1, minute=20) | {"reference": None}
    assert client.post("/notifications", json=again).status_code == 200
    assert reported() == [("HSS", "OK")]


def test_an_order_name_that_cannot_be_stored_is_none() -> None:
    """The order was accepted all the same, and its notifications name the reference."""
    assert SimpleDialect().read_order_id(b'{"order_id": "o\\u0000"}') is None


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("states", [("failed", "retrying", "completed"), ("completed", "failed", "retrying")])
def test_no_status_is_the_last_one(client: FlaskClient, reported: Reported, states: tuple[str, ...]) -> None:
    """RETRY and OK may follow FAILED, and FAILED may follow OK, as the facts do."""
    for minute, state in enumerate(states):
        client.post("/notifications", json=notice(state, number=minute, minute=minute))
    assert reported() == [("HSS", dict(STATES)[state]) for state in states]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize(("later", "earlier"), [("completed", "retrying"), ("retrying", "in_progress")])
def test_of_one_instant_the_final_word_is_the_later_one(
    client: FlaskClient, reported: Reported, later: str, earlier: str
) -> None:
    """Timestamps of whole seconds may be equal; then an outcome follows a retry, which follows the work."""
    client.post("/notifications", json=notice(later, number=1))
    client.post("/notifications", json=notice(earlier, number=2))
    assert reported() == [("HSS", dict(STATES)[later])]


def test_reports_of_several_orders_are_one_story(
    client: FlaskClient, store: Store, outbox: Outbox, reported: Reported, sending: Task
) -> None:
    """What an older order tells late of an earlier time does not undo what a newer one has told."""
    store.finish_order(sending, ORDER, status=Status.IN_PROGRESS)
    reported()
    store.finish_order(send_order(store, outbox, 6), order_of(6), status=Status.IN_PROGRESS)
    reported()
    client.post("/notifications", json=notice("completed", minute=20, reference="event-6"))
    client.post("/notifications", json=notice("failed", minute=10))
    client.post("/notifications", json=notice("failed", minute=30, number=3))
    assert reported() == [("HSS", "OK"), ("HSS", "FAILED")]


@pytest.mark.usefixtures("sending")
def test_a_notification_that_is_said_to_be_no_json_is_refused(
    client: FlaskClient, reported: Reported
) -> None:
    """Another type than JSON's is answered 415, without effect."""
    assert client.post("/notifications", data="state=completed", content_type="text/plain").status_code == 415
    assert reported() == []
