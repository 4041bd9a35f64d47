"""The two directions of a client's connection: read until a deadline, written in as few pieces as can be."""

import io
import select
import socket
import ssl
import time
from contextlib import suppress
from typing import Final

from simulators.wire.sockets import TimedIO

SIZE: Final = 1 << 16
# Real seconds that a refused client is given to read the answer while it still sends.
LINGER: Final = 1.0


class Reader(io.BufferedReader):
    """Reads a connection; `timed` holds the deadline."""

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened
        self.timed = TimedIO(socket.SocketIO(opened, "r"), opened)
        super().__init__(self.timed, SIZE)

    def has_data(self) -> bool:
        """Whether something was read that nobody has taken, by TLS too."""
        if isinstance(self._opened, ssl.SSLSocket) and self._opened.pending():
            return True
        self.timed.is_dry = True
        try:
            return bool(self.peek(1))
        finally:
            self.timed.is_dry = False

    def has_more(self, *, within: int) -> bool:
        """Whether there is something to read, or the client's end, within so many real milliseconds."""
        if self.has_data():
            return True
        poll = select.poll()
        poll.register(self._opened, select.POLLIN)
        return bool(poll.poll(within))


class Writer:
    """Writes to a connection; what is kept leaves together with what is written next."""

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened
        self._kept = b""
        self.keeps = False

    def write(self, data: bytes) -> None:
        """Send a piece, or keep it for now."""
        self._kept += data
        if not self.keeps:
            self.flush()

    def flush(self) -> None:
        """Send what was kept."""
        left, self._kept = memoryview(self._kept), b""
        while left:
            left = left[self._opened.send(left) :]


def say_goodbye(opened: socket.socket) -> None:
    """End a TLS conversation, which an attacker could otherwise cut off unseen."""
    if isinstance(opened, ssl.SSLSocket):
        opened.settimeout(0)
        with suppress(ssl.SSLError):
            opened.unwrap()


def linger(opened: socket.socket) -> None:
    """Let a client read its answer: closed with unread bytes, a connection is reset, and the answer lost."""
    opened.shutdown(socket.SHUT_WR)
    until = time.monotonic() + LINGER
    while (remaining := until - time.monotonic()) > 0:
        opened.settimeout(remaining)
        if not opened.recv(SIZE):
            return
