"""TLS and IPv6: stacks that speak https with a throw-away CA, and provisioners that are reached so."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from werkzeug.wrappers import Request, Response

from simulators.client import ControlClient
from simulators.errors import CertificateError, ControlError
from simulators.settings import StackSettings
from simulators.stack import Stack, in_url
from simulators.wire.recorder import WebServer
from simulators.wire.tls import check_ca_file, throw_away_authority

PATIENCE = 10.0
GET = b"GET /espf/v1/groups HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def secure() -> Iterator[Stack]:
    """A stack that speaks TLS."""
    with Stack(StackSettings(tls=True, arrival=1.0)) as stack:
        yield stack


def address(url: str) -> tuple[str, int]:
    """Where a URL of loopback leads."""
    return "127.0.0.1", int(url.rpartition(":")[2])


def test_everything_is_served_over_https(secure: Stack, http: requests.Session) -> None:
    """All three addresses are https, and a client that trusts the printed CA verifies each."""
    http.verify = secure.ca_file
    urls = vars(secure.addresses).values()

    answers = [http.get(f"{url}/nowhere") for url in urls]

    assert all(url.startswith("https://127.0.0.1:") for url in urls)
    assert {answer.status_code for answer in answers} == {404}
    assert ControlClient(secure.addresses.control, ca_file=secure.ca_file).statuses() == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "billing.example", "192.0.2.7", "2001:db8::7"])
def test_certificate_is_valid_for_host_and_advertised_name(name: str) -> None:
    """A client that was given the advertised name or address, or speaks over loopback, can verify."""
    with ExitStack() as resources:
        stack = resources.enter_context(Stack(StackSettings(tls=True, advertise=name)))
        trusting = ssl.create_default_context(cafile=stack.ca_file)
        opened = resources.enter_context(socket.create_connection(address(stack.addresses.oms)))

        secured = resources.enter_context(trusting.wrap_socket(opened, server_hostname=name))

        assert secured.version() in {"TLSv1.2", "TLSv1.3"}
        assert stack.addresses.oms.startswith(f"https://{in_url(name)}:")


def test_client_that_does_not_trust_the_ca_is_no_surprise(secure: Stack, http: requests.Session) -> None:
    """It gets no answer, which is its own affair, and the stack goes on."""
    with pytest.raises(requests.exceptions.SSLError):
        http.get(secure.addresses.portabilling)
    with pytest.raises(ControlError, match="--ca-file"):
        ControlClient(secure.addresses.control).statuses()

    assert ControlClient(secure.addresses.control, ca_file=secure.ca_file).statuses() == []
    assert secure.surprises == []


def test_ca_file_is_removed_at_the_end() -> None:
    """Nothing of the throw-away CA is left, and without TLS there is none."""
    with Stack(StackSettings(tls=True)) as stack:
        path = Path(stack.ca_file)
        assert path.read_text().startswith("-----BEGIN CERTIFICATE-----")

    assert not path.parent.exists()
    assert Stack().ca_file == ""


def test_plain_http_on_a_tls_port_is_told_so(
    secure: Stack, send_bytes: Callable[..., tuple[Response, ...]]
) -> None:
    """The client gets an answer that it can read, and the journal shows what it did."""
    (answer,) = send_bytes(secure.addresses.portabilling, GET)

    (record,) = secure.journal.exchanges()
    assert (answer.status_code, record.status) == (400, 400)
    assert b"https" in answer.data
    assert record.target == "/espf/v1/groups"


def test_client_with_http_on_a_tls_port_is_told_so(secure: Stack) -> None:
    """The reason stands in one line, and says what to do."""
    client = ControlClient(secure.addresses.control.replace("https", "http"))

    with pytest.raises(ControlError, match=r"begin the address with https\.\Z"):
        client.statuses()


def test_unfinished_handshakes_keep_nobody_waiting(secure: Stack) -> None:
    """Clients that open a handshake and stop are dropped, and others are served meanwhile."""
    control = ControlClient(secure.addresses.control, ca_file=secure.ca_file)
    half = b"\x16\x03\x01\x02\x00\x01\x00"
    with ExitStack() as resources:
        place = address(secure.addresses.control)
        waiting = [resources.enter_context(socket.create_connection(place, PATIENCE)) for _ in range(12)]
        for client in waiting:
            client.sendall(half)

        assert control.statuses() == []
        assert {client.recv(1) for client in waiting} == {b""}
    assert secure.surprises == []


def test_requests_in_a_row_are_served_over_tls(secure: Stack) -> None:
    """What TLS has read ahead is not forgotten, however much it is, and the end is announced."""
    trusting = ssl.create_default_context(cafile=secure.ca_file)
    with (
        socket.create_connection(address(secure.addresses.portabilling), PATIENCE) as opened,
        trusting.wrap_socket(opened, server_hostname="localhost", suppress_ragged_eofs=False) as client,
    ):
        # So that one ends with the 8,192 bytes that are read at once, while TLS holds more.
        each = GET.replace(b"Host: x", b"Host: x".ljust(64 - len(GET) + 7, b"x"))
        assert len(each) == 64
        client.sendall(each * 200 + GET.replace(b"Host", b"Connection: close\r\nHost"))
        with client.makefile("rb") as stream:
            assert stream.read().count(b"HTTP/1.1 401 ") == 201


def test_ipv6_is_served_and_bracketed(http: requests.Session) -> None:
    """An IPv6 address stands in brackets wherever it is part of a URL, with TLS too."""
    for tls in (False, True):
        with Stack(StackSettings(host="::1", tls=tls)) as stack:
            http.verify = stack.ca_file or True
            assert http.get(f"{stack.addresses.portabilling}/espf/v1/groups").status_code == 401
            assert all("//[::1]:" in url for url in vars(stack.addresses).values())

    assert in_url("[::1]") == "[::1]"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_provisioner_is_reached_over_http_and_https(http: requests.Session, host: str, scheme: str) -> None:
    """Events and notifications go to IPv4 and IPv6, plain or to a certificate of the target's own CA."""
    taken: list[str] = []

    @Request.application
    def take(request: Request) -> Response:
        taken.append(request.path)
        return Response()

    with ExitStack() as resources:
        authority = resources.enter_context(throw_away_authority(host)) if scheme == "https" else None
        tls = authority.context if authority else None
        server = resources.enter_context(WebServer(take, host=host, port=0, tls=tls))
        url = f"{scheme}://{in_url(host)}:{server.port}"
        ca_file = str(authority.ca_file) if authority else ""
        options = StackSettings(events_url=f"{url}/events", target_ca_file=ca_file)
        stack = resources.enter_context(Stack(options))
        tell_both(stack, http, url)

    assert sorted(taken) == ["/events", "/notices"]


def tell_both(stack: Stack, http: requests.Session, url: str) -> None:
    """Send an event and a notification."""
    account = {"i_account": 189, "id": "12065550189@msisdn"}
    order = {"reference": "r", "action": "activate", "account": account, "services": ["HSS"]}
    headers = {"Authorization": "Bearer offline-oms"}
    stack.emitter.emit("Account/New", i_account=189)
    http.post(
        f"{stack.addresses.oms}/orders", json={**order, "notify_url": f"{url}/notices"}, headers=headers
    )
    stack.clock.advance(hours=1)
    assert {record.status for record in stack.journal.exchanges()} == {200}


def test_provisioner_of_an_unknown_authority_gets_nothing() -> None:
    """Without the target's CA file, its certificate is not trusted and no event is told to it."""
    with (
        throw_away_authority() as authority,
        socket.create_server(("127.0.0.1", 0)) as listener,
        Stack(StackSettings(events_url=f"https://127.0.0.1:{listener.getsockname()[1]}/")) as stack,
    ):
        stack.emitter.emit("Account/New", i_account=189)
        opened, _ = listener.accept()
        with pytest.raises(ssl.SSLError), authority.context.wrap_socket(opened, server_side=True) as client:
            client.recv(1)
        stack.clock.advance()

    assert stack.journal.exchanges()[0].status == 0


def test_hung_handshake_does_not_keep_a_stack_alive() -> None:
    """Closing cuts a delivery whose TLS handshake is never answered; 300 s are not waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/events"
        with Stack(StackSettings(events_url=url)) as stack:
            stack.emitter.emit("Account/New", i_account=189)
            connection, _ = silent.accept()
            assert connection.recv(1) == b"\x16"
        connection.close()

    assert stack.journal.exchanges()[0].status == 0


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_file_without_certificates_is_told(tmp_path: Path, text: str | None) -> None:
    """A CA file that is missing or holds none is refused before anything runs."""
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CertificateError, match=r"ca\.pem is no file of CA certificates"):
        Stack(StackSettings(target_ca_file=str(path)))
    with pytest.raises(CertificateError):
        check_ca_file(str(path))


def test_name_that_fits_no_certificate_is_told() -> None:
    """An advertised name that is none is a mistake of the settings, and nothing is left running."""
    before = set(threading.enumerate())

    with (
        pytest.raises(CertificateError, match="No certificate can be made"),
        Stack(StackSettings(tls=True, advertise="a b\u2603..")),
    ):
        pytest.fail("a stack came up under an impossible name")

    assert set(threading.enumerate()) <= before
