"""The probes: each collection is what it says, the same for one seed, judged by its answer and its effect."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from conformance.endpoints.generated import kind_of_event, kind_of_notification
from conformance.endpoints.knocking import PROBES, About
from conformance.endpoints.probes import Door, Probe
from conformance.oracle.case import Declared
from conformance.oracle.judge import judge
from conformance.target import Features
from simulators.journal import Journal, Record
from simulators.records import derived_account

ABOUT: Final = About(
    i_account=1189,
    i_event=7,
    declared=("Account/New",),
    events_url="http://127.0.0.1:1/events",
    notify_url="http://127.0.0.1:1/notifications",
    order={"order_id": "o", "reference": "r", "service": "HSS"},
    seed=5,
)
DECLARED: Final = Declared(
    features=Features(), url_form="i_account", reading="lenient", success="200", ack=5.0
)


def records(*told: Mapping[str, Any]) -> Iterator[Record]:
    """A journal of one account: its fact, then these exchanges."""
    fact = derived_account(1189).model_dump(mode="json")
    usual = {"kind": "exchange", "i_account": 1189, "duration": 0.1, "method": "POST"}
    yield Record(
        seq=1,
        virtual_time=0,
        real_time=0,
        kind="fact",
        source="harness",
        destination="harness",
        operation="account",
        i_account=1189,
        detail=fact,
    )
    for seq, fields in enumerate(told, start=2):
        yield Record(**{**usual, **fields, "seq": seq, "virtual_time": seq, "real_time": seq})


def probe(operation: str, kind: str, status: int, *, is_http: bool = True) -> Mapping[str, Any]:
    """A probe that was answered."""
    return {
        "source": "emitter",
        "destination": "provisioner",
        "operation": operation,
        "status": status,
        "detail": {"probe": kind, "case": "a case", "is_http": is_http},
    }


STATUS: Final[Mapping[str, Any]] = {
    "source": "provisioner",
    "destination": "espf",
    "operation": "status",
    "status": 200,
    "group": "HSS",
    "target": "/espf/v1/account/i/1189/status",
    "detail": {"status": "OK", "group": "HSS", "stored": "OK", "body_fits_type": True},
}


def grade(requirement: str, *told: Mapping[str, Any]) -> set[str]:
    """How a requirement was graded over a journal."""
    return {check.grade for check in judge(records(*told), DECLARED) if check.requirement == requirement}


@pytest.mark.parametrize("name", PROBES)
def test_collection_is_the_same_for_one_seed(name: str) -> None:
    """Two runs with one seed send the same, and each collection has several cases of distinct names."""
    probes = list(PROBES[name](ABOUT))

    assert probes == list(PROBES[name](ABOUT))
    assert len({probe.case for probe in probes}) == len(probes) > 3


@pytest.mark.parametrize("name", ["odd events", "odd notifications"])
def test_at_least_twelve_requests_are_such_as_no_library_sends(name: str) -> None:
    """They are sent byte by byte, each another one."""
    raw = [probe.raw for probe in PROBES[name](ABOUT)]

    assert len(set(raw)) >= 12
    assert all(raw)


def test_no_malformed_event_could_pass_for_a_good_one() -> None:
    """What is sent as malformed is so by our own reading too, whatever its type is."""
    readable = []
    for probe_ in PROBES["malformed events"](ABOUT):
        try:
            body = json.loads(probe_.body)
        except (ValueError, RecursionError):
            continue
        readable.append(kind_of_event(body, declared=ABOUT.declared))

    assert len(readable) >= 12
    assert set(readable) == {"malformed"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"event_type": "Account/New", "variables": {"i_account": 1, "i_event": "2"}}, None),
        ({"event_type": "Account/New", "variables": {"i_account": True, "i_event": 2}}, "malformed"),
        ({"event_type": "Account/Old", "variables": 5}, "unknown-type"),
        ({"event_type": 5, "variables": {}}, "malformed"),
        ({"event_type": "Account/New", "variables": []}, "malformed"),
        ([], "malformed"),
    ],
)
def test_event_is_told_from_nonsense(body: Any, kind: str | None) -> None:
    """A generated body that is legal after all is no probe."""
    assert kind_of_event(body, declared=["Account/New"]) == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"state": "completed", "service": "HSS", "reference": "r"}, "unknown-order"),
        ({"state": "completed", "service": "HSS", "order_id": "o"}, "unknown-order"),
        ({"state": "completed", "service": "HSS"}, "malformed"),
        ({"state": 1, "service": "HSS", "reference": "r"}, "malformed"),
        ("completed", "malformed"),
    ],
)
def test_notification_is_told_from_nonsense(body: Any, kind: str) -> None:
    """One that names an order is about an unknown one; all else cannot be read."""
    assert kind_of_notification(body) == kind


@pytest.mark.parametrize(
    ("requirement", "told", "expected"),
    [
        ("EVENT-AUTH", probe("event", "unauthorized", 401), "pass"),
        ("EVENT-AUTH", probe("event", "unauthorized", 403), "pass"),
        ("EVENT-AUTH", probe("event", "unauthorized", 200), "fail"),
        ("EVENT-AUTH", probe("event", "unauthorized", 400), "fail"),
        ("EVENT-MALFORMED", probe("event", "malformed", 422), "pass"),
        ("EVENT-MALFORMED", probe("event", "malformed", 200), "warn"),
        ("EVENT-MALFORMED", probe("event", "malformed", 202), "fail"),
        ("EVENT-MALFORMED", probe("event", "malformed", 500), "fail"),
        ("EVENT-MALFORMED", probe("event", "malformed", 0), "fail"),
        ("EVENT-UNKNOWN", probe("event", "unknown-type", 200), "pass"),
        ("EVENT-UNKNOWN", probe("event", "unknown-type", 404), "pass"),
        ("EVENT-UNKNOWN", probe("event", "unknown-type", 500), "fail"),
        ("NOTICE-ANSWER", probe("notification", "malformed", 200), "pass"),
        ("NOTICE-ANSWER", probe("notification", "unknown-order", 404), "pass"),
        ("NOTICE-ANSWER", probe("notification", "unknown-order", 500), "warn"),
    ],
)
def test_answer_to_a_probe_is_graded(requirement: str, told: Mapping[str, Any], expected: str) -> None:
    """Every legal answer passes, the milder half of a rule is a warning, and all else fails."""
    assert expected in grade(requirement, told)
    assert grade(requirement, told) <= {"pass", expected}


@pytest.mark.parametrize("status", [0, 400, 500])
def test_answer_to_what_is_no_http_is_not_judged(status: int) -> None:
    """ESPF never sends it, so that closing the connection is as good as any answer."""
    assert grade("EVENT-MALFORMED", probe("event", "malformed", status, is_http=False)) == {"pass"}


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("EVENT-AUTH", probe("event", "unauthorized", 401)),
        ("EVENT-MALFORMED", probe("event", "malformed", 400)),
        ("EVENT-UNKNOWN", probe("event", "unknown-type", 200)),
        ("NOTICE-MALFORMED", probe("notification", "malformed", 400)),
        ("NOTICE-UNKNOWN", probe("notification", "unknown-order", 404)),
    ],
)
def test_effect_of_a_probe_fails(requirement: str, told: Mapping[str, Any]) -> None:
    """A status that only the probe can have caused is a failure, however it was answered."""
    assert "fail" in grade(requirement, told, STATUS)
    assert "fail" not in grade(requirement, STATUS, told)


def test_door_journals_what_it_sends_and_hears() -> None:
    """Bytes go out as they are, and the status line that comes back is the answer."""
    guard = threading.Condition(threading.RLock())
    journal = Journal(guard=guard, now=lambda: 0.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        heard: list[bytes] = []
        answering = threading.Thread(target=_answer_once, args=(server, heard))
        answering.start()
        door = Door(url=f"http://127.0.0.1:{port}/events", authorization={"A": "b"}, silence=5, ca_file=None)
        raw = b"POST {target} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n\r\n"
        door.knock(Probe(kind="malformed", case="c", operation="event", i_account=1, raw=raw), journal)
        answering.join()

    (record,) = journal.records()
    assert heard == [f"POST /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nA: b\r\n\r\n".encode()]
    assert (record.status, record.detail["probe"], record.i_account) == (418, "malformed", 1)


def _answer_once(server: socket.socket, heard: list[bytes]) -> None:
    connection, _ = server.accept()
    with connection:
        heard.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 418 I am a teapot\r\n\r\n")
