"""Duty 4 of the provisioner: what it answers to a notification, and which statuses it has reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from reference_provisioner.app import create_app
from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.errors import MalformedError
from reference_provisioner.models import Action, Event, Order, Status, Subscriber
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver
from reference_provisioner.store import Store, Task

ORDER = Order(
    reference="event-5",
    action=Action.ACTIVATE,
    subscriber=Subscriber(i_account=189, id="12065550189@msisdn"),
    services=("HSS", "PCRF"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give the test a store of its own."""
    store = Store(tmp_path / "store.sqlite")
    yield store
    store.close()


@pytest.fixture
def sending(store: Store) -> Task:
    """Give the test the claimed task of an order that is just being sent."""
    store.add_event(Event(i_event=5, i_account=189, action=Action.ACTIVATE))
    store.make_order(claimed(store), ORDER)
    return claimed(store)


@pytest.fixture
def client(store: Store) -> FlaskClient:
    """Give the test the web skin over that store, without workers."""
    app = create_app(
        events=EventReceiver(store=store, user="u", password=SecretStr("p"), wake_workers=lambda: None),
        notifications=NotificationReceiver(store=store, dialect=SimpleDialect(), wake_workers=lambda: None),
    )
    return app.test_client()


def claimed(store: Store) -> Task:
    """Return the next task, which must be due."""
    task = store.claim()
    assert isinstance(task, Task)
    return task


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


def reported(store: Store) -> list[tuple[str, str]]:
    """Return the statuses that are to be reported, in their order."""
    found = []
    while isinstance(task := store.claim(), Task):
        found.append((task.payload["group"], task.payload["status"]))
        store.finish(task)
    return found


STATES = [
    ("in_progress", Status.IN_PROGRESS),
    ("completed", Status.OK),
    ("failed", Status.FAILED),
    ("retrying", Status.RETRY),
]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize(("state", "status"), STATES)
def test_each_state_has_its_status(client: FlaskClient, store: Store, state: str, status: Status) -> None:
    """A notification is answered 200 and leads to the status that its state stands for."""
    assert client.post("/notifications", json=notice(state)).status_code == 200
    assert reported(store) == [("HSS", status)]


@pytest.mark.usefixtures("sending")
def test_a_duplicate_has_no_effect(client: FlaskClient, store: Store) -> None:
    """The same notification_id is answered 200 again, and reports nothing more."""
    for _ in range(2):
        assert client.post("/notifications", json=notice()).status_code == 200
    assert reported(store) == [("HSS", "OK")]


@pytest.mark.usefixtures("sending")
def test_an_older_report_is_ignored(client: FlaskClient, store: Store) -> None:
    """What occurred before the newest report of the same order and service is no news."""
    for number, (state, minute) in enumerate([("completed", 10), ("retrying", 5), ("failed", 11)]):
        reply = client.post("/notifications", json=notice(state, number=number, minute=minute))
        assert reply.status_code == 200
    assert reported(store) == [("HSS", "OK"), ("HSS", "FAILED")]


@pytest.mark.usefixtures("sending")
def test_reports_are_compared_as_instants(client: FlaskClient, store: Store) -> None:
    """Another zone's clock shows another hour of the same day, not another order of things."""
    client.post("/notifications", json=notice("completed", number=1))
    client.post("/notifications", json=notice("failed", number=2, occurred_at="2026-01-01T02:05:00.5+02:00"))
    assert reported(store) == [("HSS", "OK")]


@pytest.mark.usefixtures("sending")
def test_work_under_way_comes_before_its_outcome(client: FlaskClient, store: Store) -> None:
    """Of two reports of the same instant, in_progress is the older one, whichever arrives first."""
    client.post("/notifications", json=notice("failed", number=1))
    client.post("/notifications", json=notice("in_progress", number=2))
    assert reported(store) == [("HSS", "FAILED")]


@pytest.mark.usefixtures("sending")
def test_services_do_not_age_each_other(client: FlaskClient, store: Store) -> None:
    """A report of one service says nothing of the age of another's."""
    client.post("/notifications", json=notice("completed", number=1, minute=10))
    client.post("/notifications", json=notice("failed", number=2, minute=5, service="PCRF"))
    assert reported(store) == [("HSS", "OK"), ("PCRF", "FAILED")]


def test_an_early_notification_is_not_overwritten(client: FlaskClient, store: Store, sending: Task) -> None:
    """Once the outcome is known, the order's acceptance reports IN_PROGRESS only for the other group."""
    assert client.post("/notifications", json=notice()).status_code == 200
    store.finish_order(sending, ORDER, status=Status.IN_PROGRESS)
    assert reported(store) == [("HSS", "OK"), ("PCRF", "IN_PROGRESS")]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("other", [{"reference": "event-6"}, {"service": "IPTV"}])
def test_an_unknown_order_sets_no_status(client: FlaskClient, store: Store, other: dict[str, Any]) -> None:
    """A notification about what was never ordered is answered 404, each time."""
    for _ in range(2):
        assert client.post("/notifications", json=notice(**other)).status_code == 404
    assert reported(store) == []


WRONG = [
    {"notification_id": None},
    {"notification_id": 1},
    {"reference": 5},
    {"service": ""},
    {"state": "done"},
    {"state": "completed "},
    {"occurred_at": "yesterday"},
    {"occurred_at": 1767226200},
    {"occurred_at": "1767226200"},
    {"occurred_at": "2026-01-01T00:10:00"},
]


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_malformed_notification_sets_no_status(
    client: FlaskClient, store: Store, wrong: dict[str, Any]
) -> None:
    """A missing or ill-typed field is answered 400."""
    assert client.post("/notifications", json=notice(**wrong)).status_code == 400
    assert reported(store) == []


@given(st.binary() | st.text().map(str.encode))
def test_whatever_is_not_a_notification_is_called_malformed(body: bytes) -> None:
    """No bytes raise anything but MalformedError."""
    with pytest.raises(MalformedError):
        SimpleDialect().read_notification(body)
