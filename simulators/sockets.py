"""Client connections that can be cut while they wait: a silent provisioner keeps no stack alive."""

import socket
import threading
from contextlib import suppress
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


class CuttableAdapter(HTTPAdapter):
    """Adds each connection that a session of `requests` opens to the open sockets."""

    def __init__(self, open_sockets: OpenSockets) -> None:
        self._open_sockets = open_sockets
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools whose connections are remembered."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._open_sockets)


def _pools(open_sockets: OpenSockets) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            open_sockets.add(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            open_sockets.add(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
