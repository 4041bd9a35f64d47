"""Duty 1 of the provisioner: what it answers to an event, and what it stores of it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from reference_provisioner.app import MAX_BODY
from reference_provisioner.errors import MalformedError
from reference_provisioner.receive_events import read_event

AUTH = ("espf", "offline-events")
Drain = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Give the address of a SQLite database: what is read of an event does not depend on the database."""
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


def event(event_type: Any = "Account/New", **variables: Any) -> dict[str, Any]:
    """Return an event about account 189."""
    return {"event_type": event_type, "variables": {"i_account": 189, "i_event": 5} | variables}


@pytest.mark.parametrize(
    ("event_type", "action"),
    [
        ("Account/New", "activate"),
        ("Account/Service/Msg/QuotaExceeded", "modify"),
        ("Subscriber/Updated", "modify"),
        ("Account/Status/Closed", "deactivate"),
    ],
)
def test_every_handled_type_is_stored_before_its_200(
    client: FlaskClient, drain: Drain, event_type: str, action: str
) -> None:
    """An event of a handled type is answered 200 and left in the store with its action."""
    assert client.post("/events", json=event(event_type), auth=AUTH).status_code == 200
    assert drain() == [{"i_event": 5, "i_account": 189, "action": action, "absorbed": []}]


@pytest.mark.parametrize(
    "auth", [None, ("espf", "wrong"), ("wrong", "offline-events"), ("espf", ""), ("é", "é")]
)
def test_wrong_credentials_are_refused(
    client: FlaskClient, drain: Drain, auth: tuple[str, str] | None
) -> None:
    """Missing or wrong credentials are answered 401, without effect."""
    reply = client.post("/events", json=event(), auth=auth)
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Basic")
    assert drain() == []


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
def test_malformed_events_are_refused(client: FlaskClient, drain: Drain, body: object) -> None:
    """A missing or ill-typed field is answered 400, without effect."""
    assert client.post("/events", json=body, auth=AUTH).status_code == 400
    assert drain() == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (event(i_account="s3cret"), "not an event: i_account: is not a whole number"),
        ({"event_type": "Account/New"}, "not an event: variables: Field required"),
        (
            {"event_type": "Account", "variables": {}},
            "not an event: event_type: Input should have two to four parts without blanks, as in Account/New",
        ),
        (event() | {"variables": {}}, "not an event: i_account: Field required; i_event: Field required"),
    ],
)
def test_a_malformed_event_is_told_with_its_mistakes(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, body: object, said: str
) -> None:
    """It will not come again, so the answer and the log name each mistake, and quote nothing."""
    assert client.post("/events", json=body, auth=AUTH).get_json() == {"error": said}
    assert f"refused: {said}" in caplog.text


def test_an_event_without_an_action_leaves_a_trace(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever misses an order finds in the log that its event's type is not among the settings."""
    with caplog.at_level(logging.INFO):
        client.post("/events", json=event("Account/Blocked"), auth=AUTH)
    assert "event of a type without an action: Account/Blocked" in caplog.text


@given(st.binary() | st.text().map(str.encode) | st.just(b"[" * 10_000))
def test_whatever_is_not_an_event_is_called_malformed(body: bytes) -> None:
    """No bytes raise anything but MalformedError."""
    with pytest.raises(MalformedError):
        read_event(body, actions={})


@pytest.mark.parametrize("event_type", ["Customer/Created", "Account/Service/QuotaExceeded", "account/new"])
def test_types_that_are_not_handled_have_no_effect(
    client: FlaskClient, drain: Drain, event_type: str
) -> None:
    """They are answered 200 whatever their variables are: the ESPF must not send them again."""
    body = {"event_type": event_type, "variables": {"i_customer": 7, "i_event": 5}}
    assert client.post("/events", json=body, auth=AUTH).status_code == 200
    assert drain() == []


def test_strings_of_digits_are_numbers(client: FlaskClient, drain: Drain) -> None:
    """The documented example quotes its numbers; they mean the same event."""
    assert client.post("/events", json=event(i_account="189", i_event="5"), auth=AUTH).status_code == 200
    assert client.post("/events", json=event(), auth=AUTH).status_code == 200
    assert [payload["i_event"] for payload in drain()] == [5]


def test_unknown_keys_are_ignored(client: FlaskClient, drain: Drain) -> None:
    """What is not known does not make an event malformed."""
    body = event(i_env=3, event_time="2026-01-01 00:00:00") | {"version": 1}
    assert client.post("/events", json=body, auth=AUTH).status_code == 200
    assert len(drain()) == 1


def test_a_redelivered_event_has_no_second_effect(client: FlaskClient, drain: Drain) -> None:
    """The same i_event is answered 200 again, even after its work is done."""
    assert client.post("/events", json=event(), auth=AUTH).status_code == 200
    assert len(drain()) == 1
    assert client.post("/events", json=event(), auth=AUTH).status_code == 200
    assert drain() == []


def test_oversized_bodies_are_refused(client: FlaskClient) -> None:
    """A body above the limit is answered 413."""
    assert client.post("/events", data=b" " * (MAX_BODY + 1), auth=AUTH).status_code == 413


@pytest.mark.parametrize("content_type", ["text/html", "application/x-www-form-urlencoded", "text/plain"])
def test_what_is_said_to_be_no_json_is_refused(client: FlaskClient, drain: Drain, content_type: str) -> None:
    """Another type than JSON's is answered 415, without effect, whatever the body is."""
    reply = client.post("/events", data=json.dumps(event()), content_type=content_type, auth=AUTH)
    assert reply.status_code == 415
    assert drain() == []


@pytest.mark.parametrize("content_type", [None, "text/json", "application/json; charset=utf-8"])
def test_json_is_taken_under_any_of_its_types(
    client: FlaskClient, drain: Drain, content_type: str | None
) -> None:
    """A body whose type is not named is read as what it is."""
    reply = client.post("/events", data=json.dumps(event()), content_type=content_type, auth=AUTH)
    assert reply.status_code == 200
    assert len(drain()) == 1


@pytest.mark.parametrize(
    ("known", "arriving", "merged"),
    [
        ((5, "Account/New"), (6, "Subscriber/Updated"), (6, "activate")),
        ((6, "Subscriber/Updated"), (5, "Account/New"), (6, "activate")),
        ((5, "Subscriber/Updated"), (6, "Subscriber/Updated"), (6, "modify")),
        ((5, "Subscriber/Updated"), (6, "Account/Status/Closed"), (6, "deactivate")),
        ((6, "Account/Status/Closed"), (5, "Account/New"), (6, "deactivate")),
        ((5, "Account/Status/Closed"), (6, "Account/New"), (6, "activate")),
    ],
)
def test_a_newer_event_absorbs_one_that_still_waits(
    client: FlaskClient, drain: Drain, known: tuple[int, str], arriving: tuple[int, str], merged: Any
) -> None:
    """Of two events that wait, one is left: the newer one, by i_event and not by arrival."""
    for i_event, event_type in (known, arriving):
        client.post("/events", json=event(event_type, i_event=i_event), auth=AUTH)
    assert [(payload["i_event"], payload["action"]) for payload in drain()] == [merged]


def test_an_absorbed_event_is_known_when_it_comes_again(client: FlaskClient, drain: Drain) -> None:
    """It is answered 200 like any other that was taken before, and has no effect."""
    for i_event in (5, 6):
        client.post("/events", json=event(i_event=i_event), auth=AUTH)
    assert len(drain()) == 1
    assert client.post("/events", json=event(i_event=5), auth=AUTH).status_code == 200
    assert drain() == []
