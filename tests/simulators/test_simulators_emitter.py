"""The emitter: what an event looks like on the wire, and how the control API sends it and tells of it."""

import json
import re
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.bundled import find
from simulators.clock import FIXED_START, Clock
from simulators.emitter.core import Emitter
from simulators.errors import EventError, WorldError
from simulators.settings import StackSettings
from simulators.stack import Stack
from simulators.wire.transport import Outbound
from simulators.world import World

URL = "http://127.0.0.1:8080/events"


def test_event_has_the_documented_body_and_headers(emitter: Emitter, sent: list[Outbound]) -> None:
    """`i_event` stands inside `variables` (section 5, row 6), and three headers are mandatory (1.1)."""
    emitter.emit("Account/New", i_account=189)

    (outbound,) = sent
    assert (outbound.url, outbound.source) == (URL, "emitter")
    assert json.loads(outbound.body) == {
        "event_type": "Account/New",
        "variables": {"i_account": 189, "i_event": 1},
    }
    assert outbound.headers["Content-Type"] == "application/json"
    scheme, _, credentials = outbound.headers["Authorization"].partition(" ")
    assert (scheme, b64decode(credentials)) == ("Basic", b"espf:offline-events")
    date = parsedate_to_datetime(outbound.headers["Date"])
    assert outbound.headers["Date"].endswith(" GMT")
    # The wall clock, not the virtual one that stands at the beginning of 2026.
    assert date.timestamp() != FIXED_START


def test_journal_is_told_what_the_event_is_about(emitter: Emitter, sent: list[Outbound]) -> None:
    """A record can be found by event, account and type."""
    emitter.emit("Account/New", i_account=189)

    assert sent[0].correlation == {
        "operation": "event",
        "i_event": 1,
        "i_account": 189,
        "cause": "emitted",
        "detail": {"event_type": "Account/New"},
    }


def test_events_are_numbered_from_the_first_number(make_emitter: Callable[..., Emitter]) -> None:
    """A run may go on where the last one ended."""
    emitter = make_emitter(first_i_event=41)

    assert [emitter.emit("Account/New", i_account=189).i_event for _ in range(2)] == [41, 42]
    assert emitter.event(1) is None


@pytest.mark.parametrize("name", ["event_type", "self", "i_event", "label"])
def test_variable_may_have_any_name(emitter: Emitter, sent: list[Outbound], name: str) -> None:
    """No name of the simulator's own stands in the way, and the emitter's number wins."""
    emitter.emit("Account/New", **{name: "x"})

    body = json.loads(sent[0].body)
    assert body["event_type"] == "Account/New"
    assert body["variables"] == {name: "x", "i_event": 1}


def test_event_reaches_the_provisioner_until_it_is_taken(
    stack: Stack,
    http: requests.Session,
    received: list[tuple[Mapping[str, str], Any]],
    answers: deque[int],
) -> None:
    """Over the control API and real sockets: emitted once, refused twice, taken, and told so."""
    answers.extend([503, 302])
    url = f"{stack.addresses.control}/_sim/events"

    emitted = http.post(url, json={"event_type": "Account/New", "variables": {"i_account": 189}})
    stack.clock.advance(minutes=10)

    assert (emitted.status_code, emitted.json()["i_event"]) == (201, 1)
    event = http.get(f"{url}/1").json()
    assert event["fate"] == "finished"
    assert [delivery["status"] for delivery in event["deliveries"]] == [503, 302, 200]
    assert [delivery["attempt"] for delivery in event["deliveries"]] == [1, 2, 3]
    assert event["handlers"] == [
        {
            "name": "provisioner",
            "event_type": "Account/New",
            "variables": {"i_account": 189},
            "fate": "finished",
            "attempts": 3,
        }
    ]
    assert [body for _, body in received] == [
        {"event_type": "Account/New", "variables": {"i_account": 189, "i_event": 1}}
    ] * 3
    assert {headers["Authorization"] for headers, _ in received} == {"Basic ZXNwZjpvZmZsaW5lLWV2ZW50cw=="}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (None, "event_type"),
        ([], "event_type"),
        ({}, "event_type"),
        ({"event_type": 5, "variables": {}}, "event_type"),
        ({"event_type": "Account/New"}, "variables is null"),
        (
            {"event_type": "Account/New", "variables": {}, "i_account": 189},
            "i_account: this key is not known",
        ),
        ({"event_type": "Account/New", "variables": [189]}, "variables is [189]"),
        ({"event_type": "Account/New", "variables": {"i_event": 7}}, "i_event"),
        ({"event_type": "", "variables": {}}, "event type is empty"),
        ({"event_type": "Account/New", "variables": {"number": {"a": 1}}}, "Variable number of Account/New"),
    ],
)
def test_mistaken_event_is_refused_over_the_control_api(
    stack: Stack, http: requests.Session, body: Any, named: str
) -> None:
    """A mistake is answered with what is wrong, and no event is made."""
    url = f"{stack.addresses.control}/_sim/events"

    refused = http.post(url, json=body)

    assert refused.status_code == 400
    assert named in refused.json()["error"]
    assert http.get(f"{url}/1").status_code == 404
    assert stack.journal.exchanges() == ()


@pytest.mark.parametrize("value", [[189], {"a": 1}, (1,), {1}, b"x", float("nan"), float("-inf")])
def test_variable_is_one_plain_value(emitter: Emitter, sent: list[Outbound], value: Any) -> None:
    """What no documented variable is, nested or not JSON at all, is refused before anything happens."""
    with pytest.raises(EventError, match="Variable number of DID/Created is "):
        emitter.emit("DID/Created", number=value)

    assert sent == []
    assert emitter.emit("DID/Created", number="1").i_event == 1


def test_endless_number_is_refused(emitter: Emitter) -> None:
    """Python writes no number of thousands of digits, not even in a message."""
    with pytest.raises(EventError, match="is a number of 20001 bits"):
        emitter.emit("DID/Created", number=1 << 20_000)


@pytest.mark.parametrize("value", ["", "\ud800", 0, -1, 10**30, 1.5, True, None])
def test_plain_value_is_written_as_json(emitter: Emitter, sent: list[Outbound], value: Any) -> None:
    """Texts, finite numbers, truth values and null come through as they are."""
    emitter.emit("DID/Created", number=value)

    assert json.loads(sent[0].body)["variables"] == {"number": value, "i_event": 1}


@pytest.mark.parametrize(
    ("options", "event_type", "expected"),
    [
        ({}, "Account/New", {}),
        ({"event_time": True}, "SIM/Updated", {"event_time": "2026-01-01 00:10:00"}),
        ({"i_env": 3}, "Account/New", {"i_env": 3}),
        ({"i_env": 3, "numbers": "strings"}, "Account/New", {"i_env": "3", "i_event": "1"}),
        ({"i_env": 3, "event_time": True}, "Subscriber/Created", {}),
    ],
)
def test_legacy_event_tells_time_and_environment_if_set(  # noqa: PLR0917 - fixtures, which pytest passes by name
    make_emitter: Callable[..., Emitter],
    clock: Clock,
    sent: list[Outbound],
    options: dict[str, Any],
    event_type: str,
    expected: dict[str, Any],
) -> None:
    """`event_time` (UTC) and `i_env` are known of legacy events alone (S11); no webhook has them (1.4)."""
    clock.advance(minutes=10)
    make_emitter(**options).emit(event_type)

    assert json.loads(sent[0].body)["variables"] == {"i_event": 1, **expected}


def test_event_time_is_when_the_event_occurred(
    make_emitter: Callable[..., Emitter], clock: Clock, sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """A resend is the same event: its time does not move on, and one that is given stays."""
    emitter = make_emitter(event_time=True)
    emitter.emit("SIM/Updated")
    answer(500)
    clock.advance(hours=1)
    emitter.emit("SIM/Updated", event_time="2020-02-02 02:02:02")

    assert sent[0].body == sent[1].body
    assert b'"event_time": "2020-02-02 02:02:02"' in sent[2].body


@pytest.mark.parametrize(
    ("numbers", "variables"),
    [
        ("ints", {"i_account": 189, "i_event": 1, "number": "12065550189"}),
        ("strings", {"i_account": "189", "i_event": "1", "number": "12065550189"}),
        ("mixed", {"i_account": "189", "i_event": 1, "number": "12065550189"}),
    ],
)
def test_ids_are_written_as_the_setting_says(
    make_emitter: Callable[..., Emitter], numbers: str, variables: dict[str, Any]
) -> None:
    """The type tables say ints, the examples quote them (section 5, row 7)."""
    emitter = make_emitter(numbers=numbers)

    event = emitter.emit("DID/Updated", i_account=189, number="12065550189")

    assert json.loads(event.body(emitter.settings.numbers))["variables"] == variables


def test_operator_chosen_authentication_is_sent_and_masked(tmp_path: Path) -> None:
    """A type word and a value of the operator's own, under a header of their own (S20)."""
    world = tmp_path / "world.toml"
    text = find("worlds", "demo").read_text()
    custom = 'type = "Token"\nvalue = "planted"\nheader = "X-Espf"'
    world.write_text(text.replace('user = "espf"\npassword = "offline-events"', custom))
    with Stack(StackSettings(world=str(world), events_url="http://127.0.0.1:9/")) as stack, stack.guard:
        stack.emitter.emit("Account/New", i_account=189)

    assert stack.world.events.header_value == "Token planted"
    (record, *_) = stack.journal.exchanges()
    assert re.fullmatch(r"Token \*{3}\w+", record.request_headers["X-Espf"])


@pytest.mark.parametrize(
    "events", ['user = "espf"', 'type = "Token"', 'user = "a"\npassword = "b"\ntype = "c"\nvalue = "d"']
)
def test_event_credentials_are_of_one_method(tmp_path: Path, events: str) -> None:
    """Half a method, or two at once, is a mistake of the world file."""
    world = tmp_path / "world.toml"
    text = find("worlds", "demo").read_text()
    world.write_text(text.replace('user = "espf"\npassword = "offline-events"', events))

    with pytest.raises(WorldError, match="either user and password"):
        World.load(str(world))
