"""Connections that can be cut, and are read until a deadline: nobody keeps a stack alive by silence."""

import io
import socket
import threading
import time
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from typing import Any
from weakref import WeakSet

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class OpenSockets:
    """The sockets that are open now; `cut` ends them all, and whatever is opened later at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._is_cut = False

    def add(self, opened: socket.socket) -> None:
        """Remember a socket that was just connected."""
        with self._lock:
            self._sockets.add(opened)
            if self._is_cut:
                _shut(opened)

    def cut(self) -> None:
        """Wake every thread that waits for an answer: its connection is over."""
        with self._lock:
            self._is_cut = True
            for opened in self._sockets:
                _shut(opened)


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


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
