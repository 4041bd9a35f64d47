"""What goes to a provisioner and what comes in over sockets: answers, silence, surprises, odd requests."""

import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
import requests
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from simulators.clock import InFlight
from simulators.emitter.settings import EmitterSettings
from simulators.errors import AddressError
from simulators.journal import Journal
from simulators.settings import StackSettings
from simulators.stack import Stack
from simulators.wire.limits import DEFAULT_LIMITS
from simulators.wire.recorder import WebServer
from simulators.wire.transport import THREADS, Answer, Outbound, Transport

PATIENCE = 10.0
PIECE = 1 << 16
# Without a length, the end of the connection is the end of the body.
CLOSING = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def surprises() -> list[str]:
    """What went wrong inside the simulators."""
    return []


@pytest.fixture
def transport(
    journal: Journal, in_flight: InFlight, guard: threading.Condition, surprises: list[str]
) -> Iterator[Transport]:
    """A transport that takes a fifth of a second for silence."""
    transport = Transport(journal=journal, in_flight=in_flight, guard=guard, surprises=surprises, silence=0.2)
    yield transport
    transport.close()


def answers_to(transport: Transport, in_flight: InFlight, url: str) -> list[Answer]:
    """Post to an address and wait until that is over."""
    got: list[Answer] = []
    outbound = Outbound(source="oms", url=url, headers={"X-A": "b"}, body=b"{}", correlation={"i_event": 7})
    transport.send(outbound, got.append)
    assert in_flight.wait_quiet(0.0, timeout=PATIENCE)
    return got


@pytest.mark.parametrize("status", [200, 404, 500])
def test_answer_is_handed_back_and_journaled(  # noqa: PLR0917 - fixtures, which pytest passes by name
    transport: Transport,
    in_flight: InFlight,
    journal: Journal,
    provisioner_url: str,
    answers: deque[int],
    status: int,
) -> None:
    """Whatever the status, the answer completes the record that was opened before the request left."""
    answers.append(status)

    (answer,) = answers_to(transport, in_flight, provisioner_url)

    (record,) = journal.records()
    assert (answer.status, record.status) == (status, status)
    assert (record.source, record.destination, record.method) == ("oms", "provisioner", "POST")
    assert (record.target, record.request_body, record.i_event) == (provisioner_url, "{}", 7)


def test_redirect_is_an_answer(
    transport: Transport,
    in_flight: InFlight,
    provisioner_url: str,
    answers: deque[int],
    received: list[tuple[Mapping[str, str], Any]],
) -> None:
    """The ESPF does not follow redirects (1.8)."""
    answers.append(302)

    assert [answer.status for answer in answers_to(transport, in_flight, provisioner_url)] == [302]
    assert len(received) == 1


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "utf-16", "no-such"])
def test_answer_counts_whatever_charset_it_names(
    transport: Transport, in_flight: InFlight, surprises: list[str], charset: str
) -> None:
    """The status decides (1.8); a body that cannot be read by its charset is kept as its bytes."""

    @Request.application
    def take(_request: Request) -> Response:
        return Response(b"\xff", content_type=f"text/plain; charset={charset}")

    with WebServer(take, host="127.0.0.1", port=0) as server:
        (answer,) = answers_to(transport, in_flight, f"http://127.0.0.1:{server.port}/")

    assert (answer.status, answer.body, surprises) == (200, r"\xff", [])


def test_surprise_in_posting_is_an_answer_too(
    transport: Transport, in_flight: InFlight, surprises: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits is told that none came, so that a defect of ours leaves no delivery without an end."""

    def fail(_outbound: Outbound) -> Answer:
        raise LookupError("a defect")

    monkeypatch.setattr(transport, "_post", fail)

    assert [answer.status for answer in answers_to(transport, in_flight, "http://127.0.0.1:1/")] == [0]
    assert surprises == ["delivery to http://127.0.0.1:1/: LookupError('a defect')"]


def test_silent_destination_keeps_no_other_waiting(
    journal: Journal, in_flight: InFlight, guard: threading.Condition, provisioner_url: str
) -> None:
    """Each destination has threads of its own, so that handlers are independent (S10)."""
    transport = Transport(journal=journal, in_flight=in_flight, guard=guard, surprises=[], silence=PATIENCE)
    answered = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=200) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for _ in range(100):
            transport.send(Outbound(source="emitter", url=url, headers={}, body=b""), lambda _: None)
        transport.send(
            Outbound(source="emitter", url=provisioner_url, headers={}, body=b"{}"), lambda _: answered.set()
        )

        assert answered.wait(PATIENCE / 2)
        transport.close()


def test_addresses_of_one_destination_share_its_threads(
    transport: Transport, in_flight: InFlight, provisioner_url: str
) -> None:
    """An address for each order does not cost a thread for each order, which would never end."""
    before = threading.active_count()
    for number in range(200):
        url = f"{provisioner_url}/{number}?order={number}"
        transport.send(Outbound(source="oms", url=url, headers={}, body=b"{}"), lambda _: None)

    assert in_flight.wait_quiet(0.0, timeout=PATIENCE)
    assert threading.active_count() - before <= THREADS


def test_silence_is_status_0(transport: Transport, in_flight: InFlight, journal: Journal) -> None:
    """A provisioner that takes the connection and never answers is given up after the time for silence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        (answer,) = answers_to(transport, in_flight, url)

    assert answer.status == 0
    assert "timed out" in answer.body
    assert journal.records()[0].status == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "nonsense", "http://a..b/", "http://[/", "ftp://127.0.0.1/", "http:// /"]
)
def test_address_that_cannot_be_reached_is_no_answer(
    transport: Transport, in_flight: InFlight, surprises: list[str], url: str
) -> None:
    """An address is the provisioner's to give: one that leads nowhere is its mistake, not the harness's."""
    assert [answer.status for answer in answers_to(transport, in_flight, url)] == [0]
    assert surprises == []


def test_surprise_of_whoever_waits_is_kept(
    transport: Transport, in_flight: InFlight, surprises: list[str], provisioner_url: str
) -> None:
    """A defect of the harness in a thread is told later, and holds no clock."""

    def fail(_: Answer) -> None:
        raise LookupError("a defect")

    transport.send(Outbound(source="oms", url=provisioner_url, headers={}, body=b"{}"), fail)

    assert in_flight.wait_quiet(0.0, timeout=PATIENCE)
    assert surprises == [f"delivery to {provisioner_url}: LookupError('a defect')"]


def test_delivery_is_in_flight_until_its_answer_was_handled(
    transport: Transport, in_flight: InFlight, provisioner_url: str
) -> None:
    """The clock is held from the call of `send` to the end of what its answer sets off."""
    seen: list[tuple[str, ...]] = []

    transport.send(
        Outbound(source="emitter", url=provisioner_url, headers={}, body=b"{}"),
        lambda _: seen.append(in_flight.holders),
    )

    assert in_flight.wait_quiet(0.0, timeout=PATIENCE)
    assert seen == [(f"POST {provisioner_url} from emitter",)]


def test_port_in_use_is_told_with_what_to_do() -> None:
    """The message names port, host and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=f"Port {port} on 127.0.0.1 is in use.*--port-base"):
            WebServer(NotFound(), host="127.0.0.1", port=port)


def test_address_of_another_machine_is_told_as_such() -> None:
    """Only a port in use is called so; any other reason is given as it is."""
    with pytest.raises(AddressError, match="cannot be listened on"):
        # An address for documentation: no machine has it.
        WebServer(NotFound(), host="192.0.2.1", port=0)


def test_body_beyond_the_limit_is_refused_and_journaled(stack: Stack, http: requests.Session) -> None:
    """A body of any size breaks nothing: it is answered 413 and kept up to the limit."""
    answer = http.post(f"{stack.addresses.oms}/orders", data=b"x" * (DEFAULT_LIMITS.body + 1))

    assert answer.status_code == 413
    (record,) = stack.journal.exchanges()
    assert (record.status, len(record.request_body)) == (413, DEFAULT_LIMITS.body)


def test_chunked_body_is_read(stack: Stack, http: requests.Session) -> None:
    """Clients that stream send no length."""
    parts = iter([b'{"params": {"login": "provisioner", ', b'"token": "offline-token"}}'])

    answer = http.post(
        f"{stack.addresses.portabilling}/rest/Session/login",
        data=parts,
        headers={"Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.request.headers["Transfer-Encoding"]) == (200, "chunked")


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", CLOSING])
def test_answer_that_trickles_is_cut_off(
    transport: Transport, in_flight: InFlight, journal: Journal, begun: bytes
) -> None:
    """Silence is counted to the end of an answer, so that a byte now and then keeps no delivery open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread = threading.Thread(target=trickle, args=(listener, begun), daemon=True)
        thread.start()
        (answer,) = answers_to(transport, in_flight, url)
        thread.join()

    assert (answer.status, journal.records()[0].status) == (0, 0)
    assert "no answer" in answer.body


def trickle(listener: socket.socket, begun: bytes) -> None:
    """Answer a byte at a time, without end, until the client hangs up."""
    opened, _ = listener.accept()
    with opened:
        opened.settimeout(0.05)
        opened.recv(PIECE)
        opened.sendall(begun or b"HTTP/1.1 200 OK\r\nX-A: ")
        while not hung_up(opened):
            with suppress(ConnectionError):
                opened.sendall(b"x")


def hung_up(opened: socket.socket) -> bool:
    """Whether the other side has ended the connection; waits a twentieth of a second for it."""
    try:
        return opened.recv(PIECE) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_paths_outside_the_simulators_are_404(stack: Stack, http: requests.Session) -> None:
    """PortaBilling's web host serves `/rest` and `/espf` and nothing else, and records what is asked for."""
    answers = [
        http.get(f"{stack.addresses.portabilling}{path}") for path in ("/", "/restful", "/_sim/health")
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert {answer.headers["Content-Type"].partition(";")[0] for answer in answers} == {"text/html"}
    assert [(record.destination, record.target, record.status) for record in stack.journal.exchanges()] == [
        ("portabilling", path, 404) for path in ("/", "/restful", "/_sim/health")
    ]


def test_silent_provisioner_does_not_keep_a_stack_alive() -> None:
    """Closing cuts a delivery that is still unanswered; the documented 300 s are not waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/events"
        with Stack(StackSettings(events_url=url)) as stack:
            with stack.guard:
                event = stack.emitter.emit("Account/New", i_account=189)
            connection, _ = silent.accept()
        connection.close()

    assert stack.journal.records()[-1].status == 0
    assert stack.emitter.event(event.i_event)


def test_event_that_waits_for_another_one_is_not_sent_by_the_end() -> None:
    """What a closing stack cuts leads to no further delivery, and that is no surprise."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/events"
        with Stack(StackSettings(events_url=url, events=EmitterSettings(concurrency=1))) as stack:
            for _ in range(2):
                stack.emitter.emit("Account/New", i_account=189)

    assert [record.i_event for record in stack.journal.exchanges()] == [1]
