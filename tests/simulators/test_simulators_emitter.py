"""The emitter: what an event looks like on the wire, and what becomes of it after each answer."""

import json
import re
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import requests

from simulators.bundled import find
from simulators.clock import FIXED_START, Clock
from simulators.emitter.core import Emitter, EmitterSettings, Success
from simulators.errors import WorldError
from simulators.stack import Stack, StackSettings
from simulators.transport import Outbound, Send
from simulators.world import World

URL = "http://127.0.0.1:8080/events"
RESEND_INTERVAL = EmitterSettings().resend_interval
RESEND_LIMIT = EmitterSettings().resend_limit


@pytest.fixture
def make_emitter(clock: Clock, send: Send, world: World) -> Callable[..., Emitter]:
    """Make emitters on a manual clock; options are those of `EmitterSettings`."""

    def make(*, first_i_event: int = 1, **options: Any) -> Emitter:
        return Emitter(
            clock=clock,
            send=send,
            url=URL,
            credentials=world.events,
            settings=EmitterSettings(**options),
            first_i_event=first_i_event,
        )

    return make


@pytest.fixture
def emitter(make_emitter: Callable[..., Emitter]) -> Emitter:
    """An emitter with the documented settings."""
    return make_emitter()


def fate(emitter: Emitter, i_event: int = 1) -> str:
    """What became of an event."""
    event = emitter.event(i_event)
    assert event is not None
    return event.fate


def statuses(emitter: Emitter, i_event: int = 1) -> list[int]:
    """How the deliveries of an event were answered."""
    event = emitter.event(i_event)
    assert event is not None
    return [delivery.status for delivery in event.deliveries]


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


@pytest.mark.parametrize(
    ("success", "status", "expected"),
    [
        ("200", 200, "finished"),
        ("200", 201, "queued"),
        ("200", 202, "queued"),
        ("200", 204, "queued"),
        ("any-2xx", 200, "finished"),
        ("any-2xx", 202, "finished"),
        ("any-2xx", 299, "finished"),
        *(
            (success, status, "dropped")
            for success in get_args(Success)
            for status in (400, 401, 404, 429, 499)
        ),
        *((success, status, "queued") for success in get_args(Success) for status in (0, 302, 500, 503)),
    ],
)
def test_answer_decides_what_becomes_of_the_event(  # noqa: PLR0917 - fixtures, which pytest passes by name
    make_emitter: Callable[..., Emitter],
    answer: Callable[[int], None],
    clock: Clock,
    success: Success,
    status: int,
    expected: str,
) -> None:
    """200 removes, 4xx drops for good, silence and all else is sent again (1.8; section 5, row 9)."""
    emitter = make_emitter(success=success)
    emitter.emit("Account/New", i_account=189)

    answer(status)

    assert (fate(emitter), statuses(emitter)) == (expected, [status])
    assert len(clock.pending()) == (expected == "queued")


@pytest.mark.parametrize("status", [500, 0, 202])
def test_event_is_sent_again_after_the_interval_as_the_same_event(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock, status: int
) -> None:
    """A resend is the same body with the same i_event (1.7), neither earlier nor after a success."""
    emitter.emit("Account/New", i_account=189)
    answer(status)
    clock.advance(seconds=RESEND_INTERVAL - 1)
    assert len(sent) == 1

    clock.advance(seconds=1)
    answer(200)
    clock.advance(hours=1)

    assert [outbound.body for outbound in sent] == [sent[0].body] * 2
    assert (fate(emitter), statuses(emitter)) == ("finished", [status, 200])
    event = emitter.event(1)
    assert event is not None
    assert event.deliveries[1].answered_at == FIXED_START + RESEND_INTERVAL


def test_interval_begins_with_the_answer(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """While an attempt is unanswered no other one leaves."""
    emitter.emit("Account/New", i_account=189)

    clock.advance(seconds=10 * RESEND_INTERVAL)
    assert len(sent) == 1
    answer(500)

    assert [timer.due for timer in clock.pending()] == [clock.now() + RESEND_INTERVAL]


def test_event_is_given_up_at_the_limit(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """Resends are many but finite (section 5, row 22), and the event says that it was given up."""
    emitter.emit("Account/New", i_account=189)
    for _ in range(RESEND_LIMIT - 1):
        answer(500)
        clock.advance(seconds=RESEND_INTERVAL)
    assert fate(emitter) == "queued"

    answer(500)
    clock.advance(hours=1)

    assert (fate(emitter), len(sent), clock.pending()) == ("given-up", RESEND_LIMIT, ())


def test_events_are_resent_each_for_itself(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """The success of one event does not stop the other's resends."""
    emitter.emit("Account/New", i_account=189)
    emitter.emit("Account/New", i_account=190)

    answer(500)
    answer(200)
    clock.advance(seconds=RESEND_INTERVAL)

    assert [outbound.correlation["i_event"] for outbound in sent] == [1, 2, 1]
    assert (fate(emitter, 1), fate(emitter, 2)) == ("queued", "finished")


@pytest.mark.parametrize(("first", "expected"), [(200, "finished"), (404, "dropped")])
def test_finished_event_can_be_sent_once_more(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], first: int, expected: str
) -> None:
    """After a lost answer the same event comes again, and how that is answered changes nothing."""
    emitter.emit("Account/New", i_account=189)
    answer(first)

    emitter.resend(1)
    answer(500)

    assert sent[0].body == sent[1].body
    assert (fate(emitter), statuses(emitter)) == (expected, [first, 500])


def test_event_that_left_the_queue_is_not_resent(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """A resend that is pending comes to nothing once another delivery has succeeded."""
    emitter.emit("Account/New", i_account=189)
    answer(500)
    emitter.resend(1)
    answer(200)

    clock.advance(seconds=RESEND_INTERVAL)

    assert (len(sent), fate(emitter)) == (2, "finished")


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
        ({"event_type": "Account/New"}, "variables is None"),
        ({"event_type": "Account/New", "variables": [189]}, "variables is [189]"),
        ({"event_type": "Account/New", "variables": {"i_event": 7}}, "i_event"),
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
