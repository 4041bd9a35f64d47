"""Bad input: whatever bytes come, the answer is of the documented kind, and nothing else changes."""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from simulators.settings import StackSettings
from simulators.stack import Stack

Send = Callable[..., tuple[Response, ...]]

PATIENCE: Final = 10.0
STATUS: Final = "POST /espf/v1/account/i/189/status HTTP/1.1"
LOGIN: Final = "POST /rest/Session/login HTTP/1.1"
HOST: Final = b"Host: localhost\r\n"
BASIC: Final = "Authorization: Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5"
FORM: Final = "Content-Type: application/x-www-form-urlencoded"
JSON: Final = "Content-Type: application/json"
BODY: Final = b'{"status":"OK","group":"HSS"}'


def request(line: str, *headers: str, body: bytes = b"", host: str = "Host: localhost") -> bytes:
    """A request to the letter, without a length of its own."""
    head = "".join(f"{part}\r\n" for part in (line, host, *headers) if part)
    return head.encode("latin-1") + b"\r\n" + body


def sized(line: str, *headers: str, body: bytes) -> bytes:
    """A request with the length of its body."""
    return request(line, *headers, f"Content-Length: {len(body)}", body=body)


@pytest.fixture(scope="module", name="stack")
def _stack() -> Iterator[Stack]:
    """A stack for all tests of this module: none may change it."""
    with Stack(StackSettings(max_body=4096)) as stack:
        yield stack


def state(stack: Stack) -> Any:
    """All that a request could have changed."""
    return stack.world.accounts, dict(stack.world.groups), stack.espf.stored(), stack.oms.orders()


REFUSED_BY_THE_SERVER = {
    "garbage": (b"\x00\x01\x02 garbage\r\n\r\n", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    "bare line ends": (request(LOGIN).replace(b"\r\n", b"\n"), 400),
    "truncated line": (b"POST /rest/Session/lo", 400),
    "truncated headers": (request(LOGIN, JSON)[:-9], 400),
    "HTTP/2": (request("GET / HTTP/2.0"), 505),
    "lower-case method": (request("post / HTTP/1.1"), 400),
    "blank in the path": (request("POST /espf/v1/account/ 1/status HTTP/1.1"), 400),
    "fragment": (request("POST /espf/v1/account/a#b/status HTTP/1.1"), 400),
    "no path": (request("GET x HTTP/1.1"), 400),
    "tunnel": (request("CONNECT x:443 HTTP/1.1"), 400),
    "no host": (request(LOGIN, host=""), 400),
    "two hosts": (request(LOGIN, "Host: localhost"), 400),
    "impossible host": (request(LOGIN, host="Host: a b"), 400),
    "two lengths": (request(LOGIN, "Content-Length: 1", "Content-Length: 2", body=b"{}"), 400),
    "a list of lengths": (request(LOGIN, "Content-Length: 2, 2", body=b"{}"), 400),
    "length below zero": (request(LOGIN, "Content-Length: -1", body=b"{}"), 400),
    "signed length": (request(LOGIN, "Content-Length: +2", body=b"{}"), 400),
    "empty length": (request(LOGIN, "Content-Length:", body=b"{}"), 400),
    "folded header": (request(LOGIN, "X-A: b", " c"), 400),
    "folded at once": (request(LOGIN, host=" x"), 400),
    "blank before the colon": (request(LOGIN, "Content-Length : 2", body=b"{}"), 400),
    "no colon": (request(LOGIN, "Authorization"), 400),
    "NUL in a header": (request(LOGIN, "X-A: \x00"), 400),
    "flood of headers": (request(LOGIN, *["X-A: b"] * 10_000), 431),
    "endless line": (request(f"GET /{'a' * 70_000} HTTP/1.1"), 431),
    "other coding": (request(LOGIN, "Transfer-Encoding: gzip, chunked"), 501),
    "coding and length": (request(LOGIN, "Transfer-Encoding: chunked", "Content-Length: 5", body=b"0"), 400),
    "coding in HTTP/1.0": (request("POST / HTTP/1.0", "Transfer-Encoding: chunked"), 400),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED_BY_THE_SERVER.values(), ids=REFUSED_BY_THE_SERVER)
def test_what_is_no_request_is_refused_in_plain_text_and_recorded(
    stack: Stack, send_bytes: Send, sent: bytes, status: int
) -> None:
    """Before any application is known the web server refuses by itself, and hangs up."""
    before, since = state(stack), stack.journal.last_seq

    (answer,) = send_bytes(stack.addresses.portabilling, sent)

    (record,) = stack.journal.records(since=since)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert (answer.headers["Connection"], record.status) == ("close", status)
    assert (state(stack), stack.surprises, stack.in_flight.holders) == (before, [], ())


BAD_BODIES = {
    "too long": ("Content-Length: 5000", b" " * 5000, 413),
    "too long, asked first": ("Content-Length: 5000\r\nExpect: 100-continue", b"", 413),
    "absurdly long": ("Content-Length: 9" + "9" * 5000 + "\r\nExpect: 100-continue", b"", 413),
    "shorter than its length": ("Content-Length: 200", b'{"status"', 400),
    "chunk without a size": ("Transfer-Encoding: chunked", b"xyz\r\n", 400),
    "chunk of minus one": ("Transfer-Encoding: chunked", b"-1\r\n", 400),
    "chunk that ends early": ("Transfer-Encoding: chunked", b"ff\r\nabc", 400),
    "chunk without its end": ("Transfer-Encoding: chunked", b"2\r\n{}0\r\n\r\n", 400),
    "chunks without an end": ("Transfer-Encoding: chunked", b"2\r\n{}\r\n", 400),
    "chunks that are too long": ("Transfer-Encoding: chunked", b"ffffffffff\r\n" + b" " * 5000, 413),
    "trailer that is no header": ("Transfer-Encoding: chunked", b"0\r\nx\r\n\r\n", 400),
    "invalid UTF-8": ("Content-Length: 2", b"\xff\xfe", 400),
    "NUL": ("Content-Length: 1", b"\x00", 400),
    "cut off": ("Content-Length: 9", b'{"status"', 400),
    "deep": ("Content-Length: 4000", b"[" * 4000, 400),
    "deep object": ("Content-Length: 4000", b'{"a":' * 800, 400),
    "huge integer": ("Content-Length: 4096", b'{"params":' + b"9" * 4085 + b"}", 400),
    "no object": ("Content-Length: 2", b"[]", 400),
    "nothing": ("Content-Length: 0", b"", 400),
}


@pytest.mark.parametrize(("headers", "body", "status"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_body_is_refused_as_each_api_refuses(
    stack: Stack, send_bytes: Send, headers: str, body: bytes, status: int
) -> None:
    """On the JSON API a failure is 500 with a fault, on the ESPF API 40x with an error (2.6, 3.4)."""
    before, since = state(stack), stack.journal.last_seq
    (fault,) = send_bytes(stack.addresses.portabilling, request(LOGIN, JSON, headers, body=body))
    (error,) = send_bytes(stack.addresses.portabilling, request(STATUS, JSON, BASIC, headers, body=body))

    assert (fault.status_code, fault.mimetype) == (500, "application/json")
    assert set(json.loads(fault.data)) == {"faultcode", "faultstring"}
    assert (error.status_code, error.mimetype) == (status, "application/json")
    assert set(json.loads(error.data)) == {"error"}
    records = stack.journal.records(since=since)
    assert [(record.destination, record.status) for record in records] == [
        ("portabilling", 500),
        ("espf", status),
    ]
    assert (state(stack), stack.surprises, stack.in_flight.holders) == (before, [], ())


@pytest.mark.parametrize(("headers", "body", "status"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_order_is_refused(stack: Stack, send_bytes: Send, headers: str, body: bytes, status: int) -> None:
    """The OMS refuses the same bodies with a status of its own kind, and no order comes of them."""
    before, token = state(stack), "Authorization: Bearer offline-oms"

    (answer,) = send_bytes(
        stack.addresses.oms, request("POST /orders HTTP/1.1", JSON, token, headers, body=body)
    )

    assert (answer.status_code, stack.journal.records()[-1].status) == (status, status)
    assert (state(stack), stack.surprises, stack.in_flight.holders) == (before, [], ())


@pytest.mark.parametrize("path", ["/_sim/clock/advance", "/_sim/accounts", "/_sim/events"])
@pytest.mark.parametrize(
    "body", [b"[" * 4000, b'{"seconds": 1%s}' % (b"0" * 400), b"\xff", b'{"seconds": NaN}', b""]
)
def test_bad_control_request_is_refused(stack: Stack, send_bytes: Send, path: str, body: bytes) -> None:
    """The control API tells a mistake with 400 and an error, and a mistake is no defect of the harness."""
    before, now = state(stack), stack.clock.now()

    (answer,) = send_bytes(stack.addresses.control, sized(f"POST {path} HTTP/1.1", JSON, body=body))

    assert (answer.status_code, set(json.loads(answer.data))) == (400, {"error"})
    assert (state(stack), stack.clock.now(), stack.surprises) == (before, now, [])


def test_what_came_of_a_refused_request_is_on_record(stack: Stack, send_bytes: Send) -> None:
    """Of a body that ended early, the journal holds what came, the headers and the answer."""
    send_bytes(stack.addresses.portabilling, request(STATUS, BASIC, "Content-Length: 99", body=b"status=OK"))

    record = stack.journal.records()[-1]
    assert (record.method, record.target) == ("POST", "/espf/v1/account/i/189/status")
    assert (record.request_body, record.request_headers["Content-Length"]) == ("status=OK", "99")
    assert "cHJv" not in repr(record)
    assert "ended after 9 bytes" in record.response_body


def test_body_longer_than_its_length_is_never_cut_silently(stack: Stack, send_bytes: Send) -> None:
    """The documented length of 19 with a longer body leaves bytes that are refused as a request (row 1)."""
    since = stack.journal.last_seq
    sent = request(STATUS, JSON, BASIC, "Content-Length: 19", body=b'{"status":"OK ","group":"HSS"}')

    cut, rest = send_bytes(stack.addresses.portabilling, sent)

    first, second = stack.journal.records(since=since)
    assert (cut.status_code, rest.status_code) == (400, 400)
    assert (first.request_body, second.request_body) == ('{"status":"OK ","gr', 'oup":"HSS"}')
    assert (first.status, second.status, second.destination) == (400, 400, "portabilling")


GOOD = {
    "chunked": request(
        STATUS, JSON, BASIC, "Transfer-Encoding: Chunked", body=b"3;x=y\r\n" + BODY[:3] + b"\r\n1A\r\n"
        + BODY[3:] + b"\r\n0\r\nX-Trailer: a\r\n\r\n",
    ),
    "told to go on": sized(STATUS, JSON, BASIC, "Expect: 100-Continue", body=BODY),
    "the same length twice": sized(STATUS, JSON, BASIC, f"Content-Length: {len(BODY)}", body=BODY),
    "HTTP/1.0": sized(STATUS.replace("1.1", "1.0"), JSON, BASIC, body=BODY).replace(HOST, b""),
    "absolute form": sized(STATUS.replace("/espf", "http://y/espf"), JSON, BASIC, body=BODY),
    "empty line before": b"\r\n" + sized(STATUS, JSON, BASIC, body=BODY),
    "two types": sized(STATUS, f"{JSON}; charset=UTF-8", JSON, BASIC, body=BODY),
    "two types in one line": sized(STATUS, f"{JSON}; charset=UTF-8, application/json", BASIC, body=BODY),
    "two bare types": sized(STATUS, JSON, JSON, BASIC, body=BODY),
    "URL as the host": sized(STATUS, JSON, BASIC, body=BODY).replace(HOST, b"Host: https://mybilling.com\r\n"),
    "IPv6 host": sized(STATUS, JSON, BASIC, body=BODY).replace(HOST, b"Host: [::1]:443\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("sent", GOOD.values(), ids=GOOD)
def test_odd_but_legal_request_is_served(send_bytes: Send, sent: bytes) -> None:
    """What HTTP, the documented example or a public client (S25) allows reaches the ESPF API as JSON."""
    with Stack() as stack:
        *rest, answer = send_bytes(stack.addresses.portabilling, sent)

        assert (answer.status_code, stack.espf.status_of(189, "HSS")) == (200, "OK")
        assert [early.status_code for early in rest] == [100] * (b"Expect" in sent)


def test_strict_reading_minds_a_url_as_the_host(send_bytes: Send) -> None:
    """A Host with a scheme is none (section 5, row 3)."""
    sent = request("GET /espf/v1/groups HTTP/1.1", BASIC, host="Host: https://mybilling.com")
    with Stack(StackSettings(reading="strict")) as stack:
        (answer,) = send_bytes(stack.addresses.portabilling, sent)

        assert (answer.status_code, stack.journal.exchanges()[0].status) == (400, 400)


def test_type_reaches_the_application_unbroken(stack: Stack, send_bytes: Send) -> None:
    """The documented type ends with U+00A0, which the reading decides about (section 5, row 2)."""
    sent = sized(STATUS, f"{FORM}\u00c2\u00a0", body=b"status=OK&group=HSS")
    send_bytes(stack.addresses.portabilling, sent)

    # As WSGI hands bytes over: each as one character.
    assert stack.journal.records()[-1].request_headers["Content-Type"].endswith("urlencoded\u00c2\u00a0")


def test_requests_in_a_row_are_answered_in_order(stack: Stack, send_bytes: Send) -> None:
    """A client may send the next request before it has read the last answer."""
    sent = sized(LOGIN, JSON, body=b"{}") + request("GET /nowhere HTTP/1.1") + request("OPTIONS * HTTP/1.1")

    answers = send_bytes(stack.addresses.portabilling, sent)

    assert [answer.status_code for answer in answers] == [500, 404, 404]


@pytest.mark.parametrize(
    "part", [STATUS[:9], f"{STATUS}\r\nHost:", f"{STATUS}\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nst"]
)
def test_request_that_never_completes_holds_no_clock(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered 408 after its time, recorded with what came, and never counted as in flight."""
    entered: list[str] = []
    with Stack(StackSettings(arrival=0.1)) as stack:
        monkeypatch.setattr(stack.in_flight, "enter", entered.append)
        address = stack.addresses.portabilling.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])), timeout=PATIENCE) as client:
            client.sendall(part.encode())
            answer = client.recv(100)

        assert answer.startswith(b"HTTP/1.1 408 ")
        record = stack.journal.exchanges()[0]
        assert (record.status, record.request_body) == (408, "st" if part.endswith("st") else "")
    assert entered == []


def test_request_of_a_client_that_vanishes_is_on_record() -> None:
    """A connection that is reset in the middle of a body is told in the journal, and holds no clock."""
    sent = request(STATUS, "Content-Length: 99", "Expect: 100-continue")
    with Stack() as stack:
        address = ("127.0.0.1", int(stack.addresses.portabilling.rpartition(":")[2]))
        with socket.create_connection(address, PATIENCE) as client:
            client.sendall(sent)
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")
            # Closing now resets the connection instead of ending it.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert stack.journal.wait_for(lambda record: record.status == 400, timeout=PATIENCE)

        (record,) = stack.journal.exchanges()
        assert record.target == "/espf/v1/account/i/189/status"
        assert (stack.espf.stored(), stack.in_flight.holders, stack.surprises) == ((), (), [])


def test_answer_that_nobody_takes_holds_no_clock(
    stack: Stack, send_bytes: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exchange is over when its answer cannot be sent, one without a body too."""

    def fail(_: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("cheroot.server.HTTPRequest.send_headers", fail)
    send_bytes(stack.addresses.portabilling, request("HEAD / HTTP/1.1"))

    assert stack.in_flight.wait_quiet(0.0, timeout=PATIENCE)
    assert (stack.journal.records()[-1].method, stack.surprises) == ("HEAD", [])


def test_silent_connections_hold_no_thread(stack: Stack, send_bytes: Send) -> None:
    """However many connections say nothing, the next client is served."""
    address = ("127.0.0.1", int(stack.addresses.portabilling.rpartition(":")[2]))
    silent = [socket.create_connection(address) for _ in range(40)]
    try:
        assert send_bytes(stack.addresses.portabilling, request("GET / HTTP/1.1"))[0].status_code == 404
    finally:
        for client in silent:
            client.close()


def test_client_that_is_still_sending_can_read_why_it_is_refused(stack: Stack) -> None:
    """The connection is not reset while the body of a refused request is under way."""
    sent = sized("POST /orders HTTP/1.1", body=b" " * 8_000_000)
    address = ("127.0.0.1", int(stack.addresses.oms.rpartition(":")[2]))

    with socket.create_connection(address, PATIENCE) as client:
        client.sendall(sent)

        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_body_at_the_limit_is_taken(stack: Stack, send_bytes: Send) -> None:
    """The limit is the setting's, and a body of exactly that length reaches the application."""
    send_bytes(stack.addresses.portabilling, sized(LOGIN, JSON, body=b"{}".ljust(4096)))

    record = stack.journal.records()[-1]
    assert (record.operation, len(record.request_body)) == ("Session/login", 4096)


requests_with_a_fault = st.builds(
    lambda whole, place, cut, junk: whole[:place] + junk + whole[place + cut :],
    st.sampled_from(
        [
            sized(LOGIN, FORM, body=b"params={}"),
            # Nobody takes the status of a client that shows no credentials.
            *(sent.replace(BASIC.encode(), b"X-Nothing: at all") for sent in GOOD.values()),
        ]
    ),
    st.integers(0, 120),
    st.integers(0, 20),
    st.binary(max_size=20),
)


@settings(max_examples=50)
@given(
    place=st.sampled_from(["portabilling", "oms", "control"]),
    sent=st.binary(max_size=200) | requests_with_a_fault,
)
# cheroot's own reading breaks at each of these.
@example(place="oms", sent=b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n")
@example(place="control", sent=b"GET / HTTP/1.1\r\n folded\r\n\r\n")
@example(place="portabilling", sent=b"GET /%ff%00 HTTP/1.1\r\nHost: localhost\r\nContent_Length: 5\r\n\r\n")
def test_whatever_bytes_come_the_server_answers_and_goes_on(
    stack: Stack, send_bytes: Send, place: str, sent: bytes
) -> None:
    """Each answer is valid and refuses, or the connection just ends; the next request is served as ever."""
    before, url = state(stack), getattr(stack.addresses, place)

    answers = send_bytes(url, sent)

    (after,) = send_bytes(url, request("GET /nowhere HTTP/1.1"))
    # Bytes that are by chance a request for the console are served.
    taken = {100, 200} if place == "control" else {100}
    assert all(answer.status_code in taken or answer.status_code >= 400 for answer in answers)
    assert after.status_code == 404
    assert (state(stack), stack.surprises, stack.in_flight.holders) == (before, [], ())
