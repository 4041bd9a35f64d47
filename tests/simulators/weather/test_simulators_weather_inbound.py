"""Weather on the way in, over sockets: what a provisioner hears, and what was done meanwhile."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import requests

from simulators.settings import StackSettings
from simulators.stack import Stack
from simulators.weather.faults import (
    NO_JSON,
    Answer,
    ContentType,
    Fault,
    Hang,
    Malformed,
    Reset,
    Slow,
    Truncate,
)
from simulators.weather.plans import FaultPlan

PATIENCE = 10.0
STORED = b'{"group":"HSS","i_account":189,"status":"OK"}\n'
REFUSED = b'{"error": "The request could not be processed."}'


def written(
    target: str, body: bytes = b"", *, method: str = "POST", json_type: bool = True, **headers: str
) -> bytes:
    """A request that ends its connection; bodies are JSON or forms."""
    content_type = "application/json" if json_type else "application/x-www-form-urlencoded"
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: x",
        "Connection: close",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


Ask = Callable[..., Any]
Hear = Callable[[socket.socket], Any]
BASIC = "Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5"
STATUS = written(
    "/espf/v1/account/i/189/status", b"status=OK&group=HSS", json_type=False, Authorization=BASIC
)
ORDER = {
    "reference": "event-1",
    "action": "activate",
    "account": {"i_account": 189, "id": "12065550189@msisdn"},
    "services": ["HSS"],
    "notify_url": "http://127.0.0.1:1/notifications",
}


def call(operation: str, **params: Any) -> bytes:
    """A call of the JSON API with credentials."""
    body = {"auth_info": {"login": "provisioner", "token": "offline-token"}, "params": params}
    return written(f"/rest/{operation}", json.dumps(body).encode())


def order(**changes: Any) -> bytes:
    """An order at the OMS."""
    return written("/orders", json.dumps({**ORDER, **changes}).encode(), Authorization="Bearer offline-oms")


@pytest.fixture
def ask(stack: Stack, asked: Callable[[Stack, bytes], Any]) -> Callable[..., Any]:
    """Send a request, a status update if none is given, and hear what comes."""
    return lambda request=STATUS: asked(stack, request)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Answer(), (503, REFUSED, "closed")),
        (Answer(status=200, body="{}", content_type="application/json"), (200, b"{}", "closed")),
        (Hang(seconds=0.01), (0, b"", "reset")),
        (Reset(), (0, b"", "reset")),
    ],
    ids=str,
)
def test_fault_before_the_work_leaves_it_undone(
    stack: Stack, ask: Ask, fault: Fault, expected: tuple[int, bytes, str]
) -> None:
    """The client hears the fault instead of an answer, the record tells both, and nothing was changed."""
    stack.weather.arm("espf/status", fault)

    heard = ask()

    assert (heard.status, heard.body, heard.ending) == expected
    assert stack.espf.status_of(189, "HSS") is None
    (record,) = stack.journal.exchanges()
    assert (record.operation, record.i_account, record.group) == ("status", 189, "HSS")
    assert (record.status, record.response_body.encode()) == expected[:2]
    assert record.fault == f"{fault.effect} (plan 1)"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Answer(after=True), (503, REFUSED, "closed")),
        (Answer(after=True, status=502, body=""), (502, b"", "closed")),
        (Hang(after=True, seconds=0.01), (0, b"", "reset")),
        (Reset(after=True), (0, b"", "reset")),
        (Truncate(), (200, STORED[: len(STORED) // 2], "closed")),
        (Malformed(), (200, NO_JSON.encode(), "closed")),
        (Malformed(body='{"status": OK}'), (200, b'{"status": OK}', "closed")),
        (Slow(seconds=0.01), (200, STORED, "closed")),
        (ContentType(), (200, STORED, "closed")),
    ],
    ids=str,
)
def test_fault_of_the_answer_leaves_the_work_done(
    stack: Stack, ask: Ask, fault: Fault, expected: tuple[int, bytes, str]
) -> None:
    """The client hears the fault in the answer's place, the record tells both, and the status is stored."""
    stack.weather.arm("espf/status", fault)

    heard = ask()

    assert (heard.status, heard.body, heard.ending) == expected
    assert stack.espf.status_of(189, "HSS") == "OK"
    (record,) = stack.journal.exchanges()
    assert (record.group, record.status, record.response_body.encode()) == ("HSS", *expected[:2])
    assert record.fault is not None
    assert record.fault.startswith(fault.effect)


def test_truncated_answer_announces_its_whole_length(stack: Stack, ask: Ask) -> None:
    """The client can tell that something is missing, even where all of nothing is."""
    stack.weather.arm("espf/status", Truncate(), first=1)
    stack.weather.arm("espf/status", Malformed(body=""))

    assert f"\r\ncontent-length: {len(STORED)}" in ask().head
    assert "\r\ncontent-length: 0" in ask().head


def test_wrong_content_type_is_announced(stack: Stack, ask: Ask) -> None:
    """The body is the true one under another name."""
    stack.weather.arm("espf/status", ContentType(content_type="text/plain"))

    heard = ask()

    assert "\r\ncontent-type: text/plain\r\n" in heard.head
    assert f"\r\ncontent-length: {len(STORED)}" in heard.head


@pytest.mark.parametrize(
    ("point", "request_", "expected"),
    [
        ("portabilling", call("Session/ping"), (500, {"faultcode", "faultstring"})),
        ("portabilling/doc/api", written("/doc/api/", method="GET"), (500, {"faultcode", "faultstring"})),
        ("espf", written("/espf/v1/nothing"), (429, {"error"})),
        ("oms/order", order(), (503, {"error", "message"})),
    ],
    ids=["portabilling", "documents", "espf", "oms"],
)
def test_simulator_refuses_in_its_own_way(
    stack: Stack, ask: Ask, point: str, request_: bytes, expected: tuple[int, set[str]]
) -> None:
    """Without a body of its own, a planned answer is what the simulator would send with that status."""
    stack.weather.arm(point, Answer(status=expected[0]))

    heard = ask(request_)

    assert (heard.status, json.loads(heard.body).keys()) == expected
    assert "\r\ncontent-type: application/json\r\n" in heard.head + "\r\n"


@pytest.mark.parametrize(
    ("point", "request_"),
    [
        ("portabilling/Session/login", written("/rest/Session/login", b'{"params": {}}')),
        ("portabilling/Account/get_account_info", call("Account/get_account_info", i_account=190)),
        ("portabilling/Account", call("Account/get_account_info", id="12065550189@msisdn")),
        (
            "portabilling/Account/get_account_info",
            written("/rest/Account/get_account_info", b"params=%7B%22i_account%22:189%7D", json_type=False),
        ),
        ("portabilling/doc/api", written("/doc/api/AdminInterface.json", method="GET")),
        ("portabilling", written("/favicon.ico", method="GET")),
        ("espf/status", STATUS),
        ("espf/status", written("/espf/v1/account/i/5/status", b"{}", Authorization=BASIC)),
        ("espf/groups", written("/espf/v1/groups", method="GET", Authorization=BASIC)),
        ("espf/group/create", written("/espf/v1/group/create", b'{"name": "A"}', Authorization=BASIC)),
        ("espf/group/delete", written("/espf/v1/group/7", method="DELETE", Authorization=BASIC)),
        ("espf/group", written("/espf/v1/group/delete", b'{"i_group": 7}')),
        ("espf", written("/espf/v2/groups", method="GET")),
        ("oms/order", order()),
        ("oms", order(services=["nothing"])),
        ("oms", written("/orders", b"no order")),
    ],
)
def test_every_request_is_struck_at_its_point(stack: Stack, ask: Ask, point: str, request_: bytes) -> None:
    """Weather names a request as its simulator does in the journal, whether that has served it or not."""
    stack.weather.arm(point, Reset(), nth=2)
    ask(request_)

    assert ask(request_).ending == "reset"

    served, struck = stack.journal.exchanges()
    assert (served.fault, struck.fault) == (None, "reset (plan 1)")
    assert (served.operation, served.i_account) == (struck.operation, struck.i_account)
    assert served.reference == struck.reference
    # Only what was served can have been stored.
    assert {**served.detail, "stored": None} == {**struck.detail, "stored": None}


def test_accounts_and_groups_are_told_apart(stack: Stack, ask: Ask) -> None:
    """A plan for one account and one group strikes no other; a service of an order counts as its group."""
    stack.weather.arm("espf/status", Reset(), i_account=189, group="PCRF")
    stack.weather.arm("oms/order", Reset(), group="PCRF")
    statuses = [
        written(f"/espf/v1/account/i/{i_account}/status", body, json_type=False, Authorization=BASIC)
        for i_account, body in ((189, b"status=OK&group=HSS"), (190, b"status=OK&group=PCRF"))
    ]

    assert [ask(each).status for each in (*statuses, order())] == [200, 200, 200]
    assert ask(STATUS.replace(b"status=OK&group=HSS", b"group=PCRF&status=O")).ending == "reset"
    assert ask(order(reference="event-2", services=["HSS", "PCRF"])).ending == "reset"


def test_lost_answer_of_an_order_is_found_by_its_repeat(stack: Stack, ask: Ask) -> None:
    """The order was placed although nobody heard so: sent again it is the same one."""
    stack.weather.arm("oms/order", Reset(after=True), first=1)

    lost = ask(order())
    (placed,) = stack.oms.orders()
    again = ask(order())

    assert (lost.ending, lost.head) == ("reset", "")
    assert json.loads(again.body)["order_id"] == placed.order_id
    assert stack.oms.orders() == (placed,)


def test_lost_answer_of_a_new_account_is_found_by_its_repeat(stack: Stack, ask: Ask) -> None:
    """The account is there, so that adding it once more is refused."""
    stack.weather.arm("portabilling/Account/add_account", Hang(after=True, seconds=0.01), first=1)
    add = call("Account/add_account", account_info={"id": "12065550777", "i_customer": 1})

    lost, again = ask(add), ask(add)

    assert lost.ending == "reset"
    assert stack.world.account_by_id("12065550777")
    assert json.loads(again.body)["faultcode"] == "Server.Account.duplicate_id"


@pytest.fixture
def secure(
    connected: Callable[[str], AbstractContextManager[socket.socket]],
) -> Iterator[tuple[Stack, ssl.SSLSocket]]:
    """A stack that speaks TLS, and a connection to its web host."""
    with Stack(StackSettings(tls=True)) as stack, connected(stack.addresses.portabilling) as opened:
        trusting = ssl.create_default_context(cafile=stack.ca_file)
        with trusting.wrap_socket(opened, server_hostname="127.0.0.1") as client:
            yield stack, client


def test_body_is_truncated_under_tls_in_good_order(secure: tuple[Stack, ssl.SSLSocket], hear: Hear) -> None:
    """The client is told that the connection ends, and not why."""
    stack, client = secure
    stack.weather.arm("espf/status", Truncate())

    client.sendall(STATUS)

    assert hear(client).body == STORED[: len(STORED) // 2]


def test_connection_under_tls_is_reset_itself(secure: tuple[Stack, ssl.SSLSocket], hear: Hear) -> None:
    """The client is told nothing by TLS."""
    stack, client = secure
    stack.weather.arm("espf/status", Reset())

    client.sendall(STATUS)

    # Python's own TLS shows every sudden end alike.
    with socket.socket(fileno=client.detach()) as beneath:
        beneath.settimeout(PATIENCE)
        assert hear(beneath).ending == "reset"


def test_faults_of_the_settings_strike_from_the_beginning(
    make_stack: Callable[..., Stack], http: requests.Session
) -> None:
    """A stack can be started and reset into bad weather, where a hang lasts as long as its setting says."""
    plan = FaultPlan(point="espf/groups", fault=Hang())
    with make_stack(faults=(plan,), hang=0.01) as stack:
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                http.get(f"{stack.addresses.portabilling}/espf/v1/groups")
            assert [record.fault for record in stack.journal.exchanges()] == ["hang (plan 1)"]
            stack.reset()


def test_surprise_while_a_request_is_read_is_its_simulators(
    make_stack: Callable[..., Stack], asked: Callable[[Stack, bytes], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dialect is a user's code: what goes wrong in it is told once, and weather makes nothing of it."""
    stack = make_stack()

    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError("a defect")

    monkeypatch.setattr(stack.oms, "meant", fail)
    with stack:
        stack.weather.arm("oms/order", Reset())

        assert asked(stack, order()).status == 200
        assert stack.surprises == []
