"""The two directions of a client's connection: read until a deadline, written in as few pieces as can be."""

import io
import select
import socket
import ssl
from typing import Final

from simulators.wire.sockets import TimedIO

SIZE: Final = 1 << 16


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
