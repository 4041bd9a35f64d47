"""Duty 1 of the provisioner: what it answers to an event, and what it stores of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from reference_provisioner.app import MAX_BODY, create_app
from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.errors import MalformedError
from reference_provisioner.models import Action
from reference_provisioner.receive_events import ACTIONS, EventReceiver, read_event
from reference_provisioner.receive_notifications import NotificationReceiver
from reference_provisioner.store import Store, Task

AUTH = ("espf", "offline-events")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give the test a store of its own."""
    store = Store(tmp_path / "store.sqlite")
    yield store
    store.close()


@pytest.fixture
def client(store: Store) -> FlaskClient:
    """Give the test the web skin over that store, without workers."""
    app = create_app(
        events=EventReceiver(
            store=store, user=AUTH[0], password=SecretStr(AUTH[1]), wake_workers=lambda: None
        ),
        notifications=NotificationReceiver(store=store, dialect=SimpleDialect(), wake_workers=lambda: None),
    )
    return app.test_client()


def event(event_type: Any = "Account/New", **variables: Any) -> dict[str, Any]:
    """Return an event about account 189."""
    return {"event_type": event_type, "variables": {"i_account": 189, "i_event": 5} | variables}


def stored(store: Store) -> list[tuple[str, dict[str, Any]]]:
    """Return the tasks that are due, with their payload."""
    found = []
    while isinstance(task := store.claim(), Task):
        found.append((task.lane, task.payload))
        store.finish(task)
    return found


@pytest.mark.parametrize(("event_type", "action"), ACTIONS.items())
def test_every_handled_type_is_stored_before_its_200(
    client: FlaskClient, store: Store, event_type: str, action: Action
) -> None:
    """An event of a handled type is answered 200 and left in the store with its action."""
    assert client.post("/events", json=event(event_type), auth=AUTH).status_code == 200
    assert stored(store) == [("account:189", {"i_event": 5, "i_account": 189, "action": action})]


@pytest.mark.parametrize(
    "auth", [None, ("espf", "wrong"), ("wrong", "offline-events"), ("espf", ""), ("é", "é")]
)
def test_wrong_credentials_are_refused(
    client: FlaskClient, store: Store, auth: tuple[str, str] | None
) -> None:
    """Missing or wrong credentials are answered 401, without effect."""
    reply = client.post("/events", json=event(), auth=auth)
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Basic")
    assert stored(store) == []


@pytest.mark.parametrize("header", ["Bearer x", "Basic", "Basic !!!", "basic ZXNwZg=="])
def test_unreadable_credentials_are_refused(client: FlaskClient, header: str) -> None:
    """Another scheme, and what does not decode to a user and a password, is answered 401."""
    assert client.post("/events", json=event(), headers={"Authorization": header}).status_code == 401


MALFORMED: list[Any] = [
    [],
    "event",
    None,
    {"event_type": "Account/New"},
    {"variables": {"i_account": 189, "i_event": 5}},
    event("Account"),
    event("Account/"),
    event("a/b/c/d/e"),
    event(7),
    {"event_type": "Account/New", "variables": [189, 5]},
    {"event_type": "Account/New", "variables": {"i_account": 189}},
    *[event(i_account=wrong) for wrong in (None, True, 189.0, "", "18x", "-1", -1, "٣", 1 << 63, [189])],
]


@pytest.mark.parametrize("body", MALFORMED, ids=json.dumps)
def test_malformed_events_are_refused(client: FlaskClient, store: Store, body: object) -> None:
    """A missing or ill-typed field is answered 400, without effect."""
    assert client.post("/events", json=body, auth=AUTH).status_code == 400
    assert stored(store) == []


@given(st.binary() | st.text().map(str.encode) | st.just(b"[" * 10_000))
def test_whatever_is_not_an_event_is_called_malformed(body: bytes) -> None:
    """No bytes raise anything but MalformedError."""
    with pytest.raises(MalformedError):
        read_event(body)


@pytest.mark.parametrize(
    "event_type", ["Customer/Created", "Account/Service/Msg/QuotaExceeded", "account/new"]
)
def test_types_that_are_not_handled_have_no_effect(
    client: FlaskClient, store: Store, event_type: str
) -> None:
    """They are answered 200 whatever their variables are: the ESPF must not send them again."""
    body = {"event_type": event_type, "variables": {"i_customer": 7, "i_event": 5}}
    assert client.post("/events", json=body, auth=AUTH).status_code == 200
    assert stored(store) == []


def test_strings_of_digits_are_numbers(client: FlaskClient, store: Store) -> None:
    """The documented example quotes its numbers; they mean the same event."""
    assert client.post("/events", json=event(i_account="189", i_event="5"), auth=AUTH).status_code == 200
    assert client.post("/events", json=event(), auth=AUTH).status_code == 200
    assert [payload["i_event"] for _lane, payload in stored(store)] == [5]


def test_unknown_keys_are_ignored(client: FlaskClient, store: Store) -> None:
    """What is not known does not make an event malformed."""
    body = event(i_env=3, event_time="2026-01-01 00:00:00") | {"version": 1}
    assert client.post("/events", json=body, auth=AUTH).status_code == 200
    assert len(stored(store)) == 1


def test_a_redelivered_event_has_no_second_effect(client: FlaskClient, store: Store) -> None:
    """The same i_event is answered 200 again, even after its work is done."""
    assert client.post("/events", json=event(), auth=AUTH).status_code == 200
    assert len(stored(store)) == 1
    assert client.post("/events", json=event(), auth=AUTH).status_code == 200
    assert stored(store) == []


def test_oversized_bodies_are_refused(client: FlaskClient) -> None:
    """A body above the limit is answered 413."""
    assert client.post("/events", data=b" " * (MAX_BODY + 1), auth=AUTH).status_code == 413


def test_health_is_answered(client: FlaskClient) -> None:
    """Whoever waits for the start asks /healthz, without credentials."""
    assert client.get("/healthz").status_code == 200
