"""Serves WSGI applications on an address of their own, and writes each exchange into the journal."""

import errno
import io
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from cheroot.wsgi import Server
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

from simulators.clock import InFlight
from simulators.errors import AddressError
from simulators.journal import Exchange, Journal, Party

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS: Final = 24
# Far above any documented body: events are some 0.2 KB (S12), a message at most 4,000 characters (S31).
MAX_BODY: Final = 1 << 20
# Real seconds between the looks that a stopping server takes at its connections.
STOP_CHECK: Final = 0.02
EXCHANGE: Final = "simulators.exchange"
BODY: Final = "simulators.body"


class _Server(Server):
    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        # cheroot itself leaves a socket open that could not be bound.
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_


class WebServer:
    """One listening address; `with` starts and stops it. Port 0 takes a free one."""

    def __init__(self, app: "WSGIApplication", *, host: str, port: int) -> None:
        self._server = _Server(
            (host, port), app, numthreads=THREADS, request_queue_size=512, shutdown_timeout=1
        )
        self._server.expiration_interval = STOP_CHECK
        self._thread = threading.Thread(target=self._server.serve, name="web", daemon=True)
        self._bind(host, port)
        self.host = host
        self.port: int = self._server.bind_addr[1]

    def _bind(self, host: str, port: int) -> None:
        try:
            self._server.prepare()
        except OSError as error:
            in_use = f"[Errno {errno.EADDRINUSE}]" in str(error)
            raise AddressError(
                f"Port {port} on {host} {'is in use' if in_use else f'cannot be listened on ({error})'}: "
                "stop what listens there, or choose other ports with --port-base (0 takes free ones)."
            ) from error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end the threads."""
        self._server.stop()
        if self._thread.ident:
            self._thread.join()


class Recorder:
    """WSGI middleware that journals each exchange before routing and counts it as in flight.

    A view finds the handle on its record in `environ[EXCHANGE]` and the raw body in `environ[BODY]`.
    A surprise inside the application is kept in `surprises` and answered 500.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        destination: Party,
        journal: Journal,
        in_flight: InFlight,
        surprises: list[str],
    ) -> None:
        self._app = app
        self._destination: Party = destination
        self._journal = journal
        self._in_flight = in_flight
        self._surprises = surprises

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        label = f"{environ['REQUEST_METHOD']} {raw_target(environ)} to {self._destination}"
        number = self._in_flight.enter(label)
        try:
            response = self._serve(environ)
            return ClosingIterator(response(environ, start_response), lambda: self._in_flight.leave(number))
        except BaseException:
            self._in_flight.leave(number)
            raise

    def _serve(self, environ: "WSGIEnvironment") -> Response:
        body, refusal = _read_body(environ)
        exchange = self._journal.open(
            source="provisioner",
            destination=self._destination,
            method=environ["REQUEST_METHOD"],
            target=raw_target(environ),
            headers=dict(Request(environ).headers),
            body=body,
        )
        response = refusal or self._run(environ, body=body, exchange=exchange)
        text = response.get_data().decode("utf-8", errors="backslashreplace")
        exchange.answered(status=response.status_code, headers=dict(response.headers), body=text)
        return response

    def _run(self, environ: "WSGIEnvironment", *, body: bytes, exchange: Exchange) -> Response:
        environ.update(
            {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), EXCHANGE: exchange, BODY: body}
        )
        try:
            return Response.from_app(self._app, environ, buffered=True)
        except Exception as error:  # noqa: BLE001 - any surprise must reach the one who runs the harness
            self._surprises.append(f"{raw_target(environ)}: {error!r}")
            return Response("The simulator failed: see the harness's own output.", 500)


def _read_body(environ: "WSGIEnvironment") -> tuple[bytes, Response | None]:
    stream: Any = environ["wsgi.input"]
    body: bytes = stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return body[:MAX_BODY], Response(f"A body of more than {MAX_BODY} bytes is not taken.", 413)
    return body, None


def raw_target(environ: "WSGIEnvironment") -> str:
    """The request target as it came over the wire: PATH_INFO is decoded and cannot tell `%2F` from `/`."""
    return str(environ.get("REQUEST_URI") or environ["PATH_INFO"])


def mount(mounts: "dict[str, WSGIApplication]") -> "WSGIApplication":
    """One application that hands each path to the one mounted at its longest prefix; 404 elsewhere."""
    return DispatcherMiddleware(NotFound(), mounts)
