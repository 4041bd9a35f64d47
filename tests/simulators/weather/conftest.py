"""What the tests of the weather share: a client that hears every byte, and how its connection ended."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from simulators.stack import Stack

PATIENCE = 10.0
LINES = (
    "POST /espf/v1/account/i/189/status HTTP/1.1",
    "Host: x",
    "Connection: close",
    "Authorization: Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Length: 19",
)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a client heard: the head in lower case, the body, and how the connection ended."""

    head: str
    body: bytes
    ending: str

    @property
    def status(self) -> int:
        """The status; 0 where none was heard."""
        return int(self.head.split()[1]) if self.head else 0


@pytest.fixture(scope="session")
def connected() -> Callable[[str], AbstractContextManager[socket.socket]]:
    """Open a connection to an address."""

    @contextmanager
    def connect(url: str) -> Iterator[socket.socket]:
        address = urlsplit(url)
        with socket.create_connection((str(address.hostname), address.port or 0), PATIENCE) as client:
            yield client

    return connect


@pytest.fixture(scope="session")
def hear() -> Callable[[socket.socket], Heard]:
    """Read an answer to the end of its connection."""

    def read(client: socket.socket) -> Heard:
        heard, ending = b"", "closed"
        try:
            while piece := client.recv(1 << 16):
                heard += piece
        except ConnectionResetError:
            ending = "reset"
        head, _, body = heard.partition(b"\r\n\r\n")
        # What TLS has not read of itself is no head.
        return Heard(head=head.decode(errors="replace").lower(), body=body, ending=ending)

    return read


@pytest.fixture(scope="session")
def asked(
    connected: Callable[[str], AbstractContextManager[socket.socket]], hear: Callable[[socket.socket], Heard]
) -> Callable[[Stack, bytes], Heard]:
    """Send a request to the simulator that it is for, and hear what comes."""

    def ask(stack: Stack, request: bytes) -> Heard:
        addresses = stack.addresses
        with connected(
            addresses.oms if request.startswith(b"POST /orders") else addresses.portabilling
        ) as client:
            client.sendall(request)
            return hear(client)

    return ask


@pytest.fixture(scope="session")
def status_update() -> bytes:
    """A request that stores OK for account 189 and HSS."""
    return "\r\n".join([*LINES, "", "status=OK&group=HSS"]).encode()


@pytest.fixture(scope="session")
def stored_answer() -> bytes:
    """The body by which that request is answered."""
    return b'{"group":"HSS","i_account":189,"status":"OK"}\n'


@dataclass(frozen=True, kw_only=True)
class Got:
    """What reached a provisioner over one connection, and how that ended."""

    headers: dict[str, str]
    body: bytes
    ending: str


class Receiver:
    """A provisioner that takes one request a connection, answers it if it is whole, and keeps all bytes."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._got: list[Got] = []
        self._thread = threading.Thread(target=self._serve)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/taken"
        self._thread.start()

    def end(self) -> tuple[Got, ...]:
        """Take no more; gives what was taken, in order."""
        if self._thread.is_alive():
            # A connection that says nothing ends it.
            socket.create_connection(self._listener.getsockname()).close()
            self._thread.join()
        return tuple(self._got)

    def _serve(self) -> None:
        is_open = True
        while is_open:
            opened, _ = self._listener.accept()
            with opened:
                opened.settimeout(PATIENCE)
                is_open = self._take(opened)

    def _take(self, opened: socket.socket) -> bool:
        stream = opened.makefile("rb")
        if not stream.readline():
            return False
        lines = iter(lambda: stream.readline().decode().strip(), "")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length, body, ending = int(headers["content-length"]), b"", "closed"
        try:
            while len(body) < length and (piece := stream.read1(1)):
                body += piece
            if len(body) == length:
                opened.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            stream.read1(1)
        except ConnectionResetError:
            ending = "reset"
        self._got.append(Got(headers=headers, body=body, ending=ending))
        return True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running provisioner that keeps all bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver = Receiver(listener)
        yield receiver
        receiver.end()
