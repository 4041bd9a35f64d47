"""Takes HTTP requests from sockets, in front of the simulated applications: cheroot, made strict and patient.

A connection that says nothing holds no thread; a request reaches its application only when it is whole;
one that does not arrive whole in time, or is no request, is refused here, and told to whoever records.
TLS is spoken in the connection's own thread, so that a slow handshake keeps no other client waiting.
"""

import logging
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from cheroot.errors import MaxSizeExceeded
from cheroot.server import HTTPConnection, HTTPRequest, SizeCheckWrapper
from cheroot.wsgi import Server

from simulators.wire.limits import Limits
from simulators.wire.sockets import ResetError, reset_on_close
from simulators.wire.streams import Reader, Writer, linger, say_goodbye
from simulators.wire.syntax import (
    RefusedError,
    add_header,
    body_length,
    check_host,
    chunk_length,
    keeps_connection,
    read_request_line,
)
from simulators.wire.threads import Gateway, Pool

# Every TLS connection begins with a record of this type.
TLS_HANDSHAKE: Final = b"\x16"
# Real milliseconds that a thread stays with a client it has answered: to be handed over costs more than
# most requests do.
STAY: Final = 10
CRLF: Final = b"\r\n"
CHUNK_LINE: Final = 256
PIECE: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What the server refuses by itself: as much of the request as came, and why.

    `has_head` tells that the head was whole and in order, so that only the body was at fault.
    `began_under` is what the server's `reign` was when the request began to arrive.
    """

    method: str
    target: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    has_head: bool
    status: int
    message: str
    began_under: object = None


@dataclass(frozen=True, kw_only=True)
class RefusalAnswer:
    """How a refusal is answered."""

    status: int
    content_type: str
    body: bytes


Refuse = Callable[[Refusal], RefusalAnswer]


def in_plain_text(refusal: Refusal) -> RefusalAnswer:
    """Answer a refusal as a web server does that knows nothing of its applications."""
    return RefusalAnswer(
        status=refusal.status, content_type="text/plain", body=f"{refusal.message}\n".encode()
    )


class HardenedServer(Server):
    """A WSGI server with limits; with `tls` it speaks nothing but https.

    `reign` names what the applications belong to at this moment. Each learns from the environment under
    which reign its request began.
    """

    _connections: Any
    # cheroot itself would close all but ten: a provisioner under load keeps one for each of its threads.
    keep_alive_conn_limit = 512

    def __init__(
        self,
        *arguments: Any,
        limits: Limits,
        tls: ssl.SSLContext | None,
        refuse: Refuse,
        surprises: list[str],
        reign: Callable[[], object],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.ConnectionClass = _Connection
        self.gateway = Gateway
        self.requests = Pool(self, min=self.numthreads)
        self.limits = limits
        self.tls = tls
        self.refuse = refuse
        self.reign = reign
        self._surprises = surprises

    def drop_arriving(self) -> None:
        """Refuse at once what began to arrive under a former reign."""
        for thread in tuple(self.requests._threads):  # noqa: SLF001 - as cheroot itself does when it stops
            connection: _Connection | None = thread.conn
            if connection and connection.is_arriving and connection.began_under is not self.reign():
                with suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RD)

    def stop(self) -> None:
        """Stop serving, with the threads that there are."""
        self.requests.settle()
        super().stop()

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Bind, or close: cheroot itself leaves a socket open that could not be bound."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def process_conn(self, conn: "_Connection") -> None:
        """Give a connection to a thread, a new one only once its client says something."""
        if conn.last_used is None:
            self._connections.put(conn)
        else:
            super().process_conn(conn)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - cheroot's signature
        """Keep what went wrong in the server itself; what a client does to its connection is no surprise."""
        if level >= logging.ERROR:
            self._surprises.append(f"the web server: {msg} ({sys.exception()!r})")


class _Connection(HTTPConnection):
    """A client's connection, which becomes a TLS one when its client begins to speak."""

    def __init__(self, server: HardenedServer, opened: socket.socket, _makefile: Any) -> None:
        super().__init__(server, opened)
        self.was_refused = False
        self.is_arriving = False
        self.began_under: object = None
        self._is_reset = False
        self._use(opened)

    @property
    def speaks_as_served(self) -> bool:
        """Whether the client speaks TLS exactly where it is served."""
        return (self.server.tls is not None) == isinstance(self.socket, ssl.SSLSocket)

    def communicate(self) -> bool:
        """Serve what the client has begun to say; tells whether the connection stays open."""
        stays_open = self._serve()
        while stays_open and self._goes_on():
            stays_open = self._serve()
        return stays_open

    def _goes_on(self) -> bool:
        """Whether the client says more so soon that its thread had better stay with it."""
        # The last free thread is for others: they would wait for long for one that has enough to do.
        if not self.server.ready or not self.server.requests.idle:
            return False
        return bool(self.rfile.has_more(within=STAY))

    def _serve(self) -> bool:
        self.rfile.timed.until = time.monotonic() + self.server.limits.arrival
        self.began_under, self.is_arriving = self.server.reign(), True
        request = _Request(self.server, self)
        try:
            if not self.speaks_as_served and self._begins_tls():
                return self._shake_hands()
            request.parse_request()
            if request.ready:
                request.respond()
                return not request.close_connection
        except OSError as error:
            self._is_reset = isinstance(error, ResetError)
            request.break_off(error)
        except Exception as error:  # noqa: BLE001 - a defect of the server must reach the one who runs it
            self.server.error_log(repr(error), level=logging.ERROR)
            if not request.sent_headers:
                request.refuse(RefusedError(500, "The simulator failed: see the harness's own output."))
        return False

    def close(self) -> None:
        """Close the connection; a client that was refused can read the answer although it still sends."""
        if self._is_reset:
            reset_on_close(self.socket)
            self.rfile.close()
            self.socket.close()
            return
        with suppress(OSError, ValueError):
            say_goodbye(self.socket)
            if self.was_refused:
                linger(self.socket)
        super().close()

    def _use(self, opened: socket.socket) -> None:
        self.socket = opened
        self.rfile = Reader(opened)
        self.wfile = Writer(opened)

    def _begins_tls(self) -> bool:
        return bool(self.socket.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE)

    def _shake_hands(self) -> bool:
        if self.server.tls is None:
            return False
        self.socket.settimeout(self.server.limits.arrival)
        self._use(self.server.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False))
        self.ssl_env = {"wsgi.url_scheme": "https", "HTTPS": "on"}
        try:
            self.socket.do_handshake()
        except OSError:
            return False
        return True


class _Request(HTTPRequest):
    """A request that is read whole, or refused, before its application knows of it."""

    def __init__(self, server: HardenedServer, conn: _Connection) -> None:
        super().__init__(server, conn)
        self.method = self.uri = self.path = b""
        self._line = b""
        self._has_head = False
        self._body = bytearray()

    def parse_request(self) -> None:
        """Read the head; `ready` tells whether it can be served."""
        self.rfile = SizeCheckWrapper(self.conn.rfile, self.server.limits.head)
        try:
            self.ready = self._read_head()
        except MaxSizeExceeded:
            self.refuse(RefusedError(431, "The request line and the headers are too long."))
        except RefusedError as refused:
            self.refuse(refused)

    def respond(self) -> None:
        """Read the body, call the application and write its answer."""
        try:
            self._read_body()
        except RefusedError as refused:
            self.refuse(refused)
            return
        self.conn.is_arriving = False
        self.rfile = BytesIO(self._body)
        self.conn.socket.settimeout(self.server.timeout)
        self.server.gateway(self).respond()
        self.ensure_headers_sent()
        if self.chunked_write:
            self.conn.wfile.write(b"0\r\n\r\n")
        self.conn.wfile.flush()

    def ensure_headers_sent(self) -> None:
        """Send the answer's head; where nobody takes it, cheroot would forget to close the answer."""
        # Sent alone, the head would cost the client a packet, and every other thread a turn.
        self.conn.wfile.keeps = True
        try:
            super().ensure_headers_sent()
        except OSError:
            self.close_connection = True
        self.conn.wfile.keeps = False

    def break_off(self, error: OSError) -> None:
        """Put on record what came of a request that never came whole; one whose client waits is answered."""
        if not self.conn.is_arriving:
            return
        if isinstance(error, TimeoutError):
            self.refuse(RefusedError(408, "The request did not arrive whole in time."))
        elif self._line:
            self.refuse(RefusedError(400, "The connection broke before the request was whole."))

    def refuse(self, refused: RefusedError) -> None:
        """Answer without the application, and end the connection: where another request begins is unknown."""
        self.close_connection = self.conn.was_refused = True
        answer = self.server.refuse(self._refusal(refused))
        head = (
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
            f"Date: {formatdate(usegmt=True)}\r\n"
            f"Content-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        with suppress(OSError):
            self.conn.socket.settimeout(self.server.timeout)
            self.conn.wfile.write(head.encode() + (b"" if self.method == b"HEAD" else answer.body))

    def _refusal(self, refused: RefusedError) -> Refusal:
        return Refusal(
            method=self.method.decode("latin-1"),
            target=self.uri.decode("latin-1"),
            path=self.path.decode("latin-1"),
            headers={
                name.decode("latin-1"): value.decode("latin-1") for name, value in self.inheaders.items()
            },
            body=bytes(self._body) if self.method else self._line,
            has_head=self._has_head,
            status=refused.status,
            message=str(refused),
            began_under=self.conn.began_under,
        )

    def _read_head(self) -> bool:
        self._line = self._first_line()
        if not self._line:
            return False
        line = read_request_line(self._line)
        self.method, self.uri, self.path, self.qs = line.method, line.target, line.path, line.query
        self.request_protocol = b"HTTP/%d.%d" % line.version
        self.response_protocol = self.request_protocol.decode()
        while (header := self.rfile.readline()) != CRLF:
            add_header(self.inheaders, header)
        check_host(self.inheaders, version=line.version, lenient=self.server.limits.lenient)
        self.close_connection = not keeps_connection(self.inheaders, version=line.version)
        self._length = body_length(self.inheaders, version=line.version)
        self.chunked_read = self._length is None
        if not self.conn.speaks_as_served:
            raise RefusedError(400, "Only https is spoken here: begin the address with https.")
        self._has_head = True
        return True

    def _first_line(self) -> bytes:
        # Nothing else begins so, least of all a line that a reader could wait for.
        if self.conn.rfile.peek(1)[:1] == TLS_HANDSHAKE:
            raise RefusedError(400, "Only plain HTTP is spoken here.")
        line: bytes = self.rfile.readline()
        # A single empty line before a request is overlooked (RFC 9112, 2.2).
        return self.rfile.readline() if line == CRLF else line

    def _read_body(self) -> None:
        if self._length is not None and self._length > self.server.limits.body and self._waits:
            raise self._too_long()
        if self._waits:
            self.conn.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._length is None:
            self._read_chunks()
        else:
            self._take(self._length)

    @property
    def _waits(self) -> bool:
        """Whether the client sends the body only when it is told to."""
        expected: bytes = self.inheaders.get(b"Expect", b"").lower()
        return (expected, self.request_protocol) == (b"100-continue", b"HTTP/1.1")

    def _read_chunks(self) -> None:
        while size := chunk_length(self.conn.rfile.readline(CHUNK_LINE)):
            self._take(size)
            if self.conn.rfile.readline(len(CRLF)) != CRLF:
                raise RefusedError(400, "A chunk must end with its line.")
        trailers = SizeCheckWrapper(self.conn.rfile, self.server.limits.head)
        try:
            while (trailer := trailers.readline()) != CRLF:
                add_header({}, trailer)
        except MaxSizeExceeded:
            raise RefusedError(431, "The trailers are too long.") from None

    def _take(self, count: int) -> None:
        room = self.server.limits.body - len(self._body)
        wanted = min(count, room)
        while wanted > 0:
            piece = self.conn.rfile.read1(min(wanted, PIECE))
            if not piece:
                raise RefusedError(400, f"The body ended after {len(self._body)} bytes, before its length.")
            self._body += piece
            wanted -= len(piece)
        if count > room:
            raise self._too_long()

    def _too_long(self) -> RefusedError:
        return RefusedError(413, f"A body of more than {self.server.limits.body} bytes is not taken.")
