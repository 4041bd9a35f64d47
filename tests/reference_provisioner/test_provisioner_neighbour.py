"""The provisioner's HTTP client: whatever a neighbour does on the wire, it ends within its limit."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from reference_provisioner.errors import NeighbourError, RefusedError
from reference_provisioner.neighbour import Answer, HttpClient, json_object, require_taken

Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def neighbour(talk: Talk) -> Iterator[str]:
    """Listen at a free port and talk with whoever connects, until the test is over."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            talk(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            over.set()
            thread.join()


def trickle(connection: socket.socket, over: threading.Event) -> None:
    """Send a byte again and again, each in time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b" ")


def hang(_connection: socket.socket, over: threading.Event) -> None:
    """Say nothing."""
    over.wait()


def half(connection: socket.socket, _over: threading.Event) -> None:
    """End in the middle of the body."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":')


def flood(connection: socket.socket, over: threading.Event) -> None:
    """Send without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    try:
        while not over.is_set():
            connection.sendall(chunk)
    except OSError:
        return


def nonsense(connection: socket.socket, _over: threading.Event) -> None:
    """Speak another protocol."""
    connection.sendall(b"220 mail.example ESMTP\r\n")


def nothing(_connection: socket.socket, _over: threading.Event) -> None:
    """Close the connection."""


@pytest.mark.parametrize("talk", [trickle, hang, half, flood, nonsense, nothing])
def test_every_trouble_ends_as_trouble(talk: Talk) -> None:
    """A neighbour that is silent, slow, endless, cut off or no web server raises NeighbourError in time."""
    with neighbour(talk) as url, pytest.raises(NeighbourError) as caught:
        HttpClient(timeout=0.3).post(url, token="s3cret", json={"password": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_nobody_there_is_trouble() -> None:
    """A refused connection raises NeighbourError, which says what the system said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(NeighbourError, match=r"ConnectionError \(Connection refused\) from http:"):
        HttpClient(timeout=1).post(url, json={})


def test_a_redirect_is_not_followed() -> None:
    """Wherever it leads, our credentials must not go there."""

    def redirect(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        )

    with neighbour(redirect) as url:
        assert HttpClient(timeout=5).post(url, json={}).code == 302


@pytest.mark.parametrize(
    ("code", "raised"),
    [(200, None), (204, None), *[(code, RefusedError) for code in (400, 403, 404, 409, 422)]]
    + [(code, NeighbourError) for code in (401, 408, 429, 302, 500, 503)],
)
def test_an_answer_is_taken_refused_or_trouble(code: int, raised: type[Exception] | None) -> None:
    """2xx takes it, most of 4xx refuses it for good, and the rest is tried again."""
    answer = Answer(code=code, url="http://oms", body=b"")
    if raised is None:
        require_taken(answer)
    else:
        with pytest.raises(raised):
            require_taken(answer)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_trouble(body: bytes) -> None:
    """A proxy's page, an empty body and other JSON raise NeighbourError."""
    with pytest.raises(NeighbourError):
        json_object(Answer(code=200, url="http://pb", body=body))
