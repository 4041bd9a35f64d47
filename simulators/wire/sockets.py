"""Connections that can be cut, are read until a deadline, and may send in odd manners.

Nobody keeps a stack alive by silence.
"""

import io
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, Final, Literal, NoReturn
from weakref import WeakSet

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# In how many pieces a slow body trickles at most.
PIECES: Final = 100
# What follows the last byte of a request.
Ending = Literal["answer", "close", "reset"]


class BrokenOffError(OSError):
    """Raised by whoever answers or sends: the connection is to end where it is."""


class ResetError(BrokenOffError):
    """The same, with a reset instead of an orderly end."""


class OpenSockets:
    """The sockets that are open now; `cut` ends them all, and whatever is opened later at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._cut = threading.Event()

    def add(self, opened: socket.socket) -> None:
        """Remember a socket that was just connected."""
        with self._lock:
            self._sockets.add(opened)
            if self._cut.is_set():
                _shut(opened)

    def cut(self) -> None:
        """Wake every thread that waits for an answer: its connection is over."""
        with self._lock:
            self._cut.set()
            for opened in self._sockets:
                _shut(opened)

    def pause(self, seconds: float) -> None:
        """Wait for so many real seconds, or until the sockets are cut."""
        self._cut.wait(seconds)


class TimedIO(io.RawIOBase):
    """Reads a socket until a moment of the monotonic clock, however slowly the bytes come.

    Raises:
        TimeoutError: from each read that is not over at that moment.
    """

    def __init__(self, raw: io.RawIOBase, opened: socket.socket) -> None:
        self._raw = raw
        self._opened = opened
        self.until = float("inf")
        # Read nothing, so that a buffer in front shows what it has.
        self.is_dry = False

    def readable(self) -> bool:
        """Always, since nothing else is done with it."""
        return True

    def readinto(self, buffer: Any) -> Any:
        """Read what is there, or wait for it until the deadline."""
        if self.is_dry:
            return None
        remaining = self.until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._opened.settimeout(remaining if remaining < threading.TIMEOUT_MAX else None)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close what is read from."""
        self._raw.close()
        super().close()


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a body is sent: in so many `seconds`, under another `length` than its own, with an `ending`.

    After its last byte the answer is awaited, or the connection is closed or reset. A reset of a body that
    was sent whole comes after the answer has begun, which nobody hears.
    """

    seconds: float = 0.0
    length: int | None = None
    ending: Ending = "answer"


class OddBody:
    """A body that is sent in an odd manner; `pause` waits for real seconds between its pieces."""

    def __init__(self, body: bytes, manner: Manner, *, pause: Callable[[float], None]) -> None:
        self._body = body
        self._pause = pause
        self.manner = manner
        self.is_whole = manner.length in {None, len(body)}

    def __len__(self) -> int:
        return len(self._body) if self.manner.length is None else self.manner.length

    def __iter__(self) -> Iterator[bytes]:
        for pause, piece in trickling(self._body, self.manner.seconds):
            self._pause(pause)
            yield piece


def trickling(body: bytes, seconds: float) -> Iterator[tuple[float, bytes]]:
    """A body in pieces, each with the real seconds to wait before it; the first one need not wait."""
    size = max(1, -(-len(body) // PIECES)) if seconds else max(1, len(body))
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    pause = seconds / max(1, len(pieces) - 1)
    for number, piece in enumerate(pieces):
        yield (pause if number else 0.0), piece


class CuttableAdapter(HTTPAdapter):
    """Adds each connection of a session of `requests` to the open sockets.

    `patience` is how many real seconds may pass from the connection's beginning to the answer's end.
    """

    def __init__(self, open_sockets: OpenSockets, *, patience: float) -> None:
        self._open_sockets = open_sockets
        self._patience = patience
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools whose connections are remembered."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._open_sockets, self._patience)


def _pools(open_sockets: OpenSockets, patience: float) -> dict[str, type[HTTPConnectionPool]]:
    class Timed(HTTPConnection):
        def request(self, method: str, url: str, body: Any = None, *arguments: Any, **options: Any) -> None:
            super().request(method, url, body, *arguments, **options)
            if isinstance(body, OddBody) and body.manner.ending != "answer":
                self._end(body)

        def _end(self, body: OddBody) -> NoReturn:
            if body.manner.ending == "close":
                raise BrokenOffError("closed as planned")
            # First, since an answer may end the connection by itself.
            reset_on_close(self.sock)
            if body.is_whole:
                super().getresponse()
            raise ResetError("reset as planned")

        def connect(self) -> None:
            until = time.monotonic() + patience
            with ExitStack() as self._connecting:
                super().connect()
            open_sockets.add(self.sock)
            self.response_class = _timed_response(until)

        def _new_conn(self) -> socket.socket:
            opened = super()._new_conn()
            # A TLS handshake takes the socket over, and must be cut too while it waits.
            spare = self._connecting.enter_context(opened.dup())
            open_sockets.add(spare)
            return opened

    class Secure(Timed, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Timed

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _timed_response(until: float) -> type[HTTPResponse]:
    class Timed(HTTPResponse):
        def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
            super().__init__(sock, *arguments, **options)
            timed = TimedIO(self.fp.detach(), sock)
            timed.until = until
            self.fp = io.BufferedReader(timed)

    return Timed


def reset_on_close(opened: socket.socket) -> None:
    """Let the other side see a reset when the socket is closed, and no orderly end."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
