"""Serves WSGI applications on an address of their own, and writes each exchange into the journal."""

import errno
import io
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

from simulators.clock import InFlight
from simulators.errors import AddressError
from simulators.journal import Exchange, Journal, Party
from simulators.wire.limits import DEFAULT_LIMITS, Limits
from simulators.wire.server import HardenedServer, Refuse, in_plain_text
from simulators.wire.sockets import BrokenOffError
from simulators.wire.syntax import one_type

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS: Final = 24
# Real seconds between the looks that a stopping server takes at its connections.
STOP_CHECK: Final = 0.02
EXCHANGE: Final = "simulators.exchange"
BODY: Final = "simulators.body"


class WebServer:
    """One listening address; `with` starts and stops it. Port 0 takes a free one.

    With `tls` it speaks nothing but https. `refuse` answers what never reaches the application, and the
    server's own defects go to `surprises`.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        host: str,
        port: int,
        limits: Limits = DEFAULT_LIMITS,
        tls: ssl.SSLContext | None = None,
        refuse: Refuse = in_plain_text,
        surprises: list[str] | None = None,
        reign: Callable[[], object] = lambda: None,
    ) -> None:
        self._server = HardenedServer(
            (host, port),
            app,
            limits=limits,
            tls=tls,
            refuse=refuse,
            surprises=[] if surprises is None else surprises,
            reign=reign,
            numthreads=THREADS,
            request_queue_size=512,
            shutdown_timeout=1,
        )
        self._server.expiration_interval = STOP_CHECK
        self._thread = threading.Thread(target=self._server.serve, name="web", daemon=True)
        self._bind(host, port)
        self.host = host
        self.port: int = self._server.bind_addr[1]
        self.drop_arriving = self._server.drop_arriving

    def _bind(self, host: str, port: int) -> None:
        try:
            self._server.prepare()
        except OSError as error:
            if f"[Errno {errno.EADDRINUSE}]" in str(error):
                raise AddressError(
                    f"Port {port} on {host} is in use: stop what listens there, or choose other ports with "
                    "--port-base (0 takes free ones)."
                ) from error
            raise AddressError(
                f"Port {port} on {host} cannot be listened on ({error}): name an address of this machine "
                "with --host, and ports that you may use with --port-base."
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


class Watched:
    """WSGI middleware that answers a surprise inside the application 500, and keeps it in `surprises`."""

    def __init__(self, app: "WSGIApplication", *, surprises: list[str]) -> None:
        self._app = app
        self._surprises = surprises

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        return self.answer(environ)(environ, start_response)

    def answer(self, environ: "WSGIEnvironment") -> Response:
        """The application's whole answer."""
        try:
            return Response.from_app(self._app, environ, buffered=True)
        except Exception as error:  # noqa: BLE001 - any surprise must reach the one who runs the harness
            self._surprises.append(f"{raw_target(environ)}: {error!r}")
            return Response("The simulator failed: see the harness's own output.", 500)


class Flight:
    """A request's place among those in flight, which it may leave and take again."""

    def __init__(self, in_flight: InFlight, label: str) -> None:
        self._in_flight = in_flight
        self.label = label
        self._number: int | None = in_flight.enter(label)

    def leave(self) -> None:
        """Hold no clock any more."""
        if self._number is not None:
            self._in_flight.leave(self._number)
            self._number = None

    def enter(self) -> None:
        """Hold the clock again, after a `leave`."""
        self._number = self._in_flight.enter(self.label)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request on its way to an application: its environment, its record and its place in flight."""

    environ: "WSGIEnvironment"
    exchange: Exchange
    flight: Flight


# Lets a request through to what answers it, or does something else; BrokenOffError: no answer is given.
Passage = Callable[[Asked, Callable[[], Response]], Response]


def straight_through(_asked: Asked, answer: Callable[[], Response]) -> Response:
    """Let every request through."""
    return answer()


class Recorder:
    """WSGI middleware that journals each exchange before routing and counts it as in flight.

    A view finds the handle on its record in `environ[EXCHANGE]` and the raw body in `environ[BODY]`.
    A surprise inside the application is kept in `surprises` and answered 500. Each request goes by way
    of `passage`.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        destination: Party,
        journal: Journal,
        in_flight: InFlight,
        surprises: list[str],
        passage: Passage = straight_through,
    ) -> None:
        self._app = Watched(app, surprises=surprises)
        self._destination: Party = destination
        self._journal = journal
        self._in_flight = in_flight
        self._passage = passage

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request, which the server has read whole."""
        target = self._journal.shown_target(raw_target(environ))
        label = f"{environ['REQUEST_METHOD']} {target} to {self._destination}"
        flight = Flight(self._in_flight, label)
        try:
            response = self._serve(environ, flight)
            return ClosingIterator(response(environ, start_response), flight.leave)
        except BaseException:
            flight.leave()
            raise

    def _serve(self, environ: "WSGIEnvironment", flight: Flight) -> Response:
        body: bytes = environ["wsgi.input"].read()
        exchange = self._journal.open(
            source="provisioner",
            destination=self._destination,
            method=environ["REQUEST_METHOD"],
            target=raw_target(environ),
            headers=dict(Request(environ).headers),
            body=body,
        )
        _prepare(environ, body=body, exchange=exchange)
        asked = Asked(environ=environ, exchange=exchange, flight=flight)
        try:
            response = self._passage(asked, lambda: self._app.answer(environ))
        except BrokenOffError:
            exchange.answered(status=0, headers={}, body="")
            raise
        text = response.get_data().decode("utf-8", errors="backslashreplace")
        exchange.answered(status=response.status_code, headers=dict(response.headers), body=text)
        return response


def _prepare(environ: "WSGIEnvironment", *, body: bytes, exchange: Exchange) -> None:
    environ.update(
        {
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": one_type(environ.get("CONTENT_TYPE", "")),
            EXCHANGE: exchange,
            BODY: body,
        }
    )


def raw_target(environ: "WSGIEnvironment") -> str:
    """The request target as it came over the wire: PATH_INFO is decoded and cannot tell `%2F` from `/`."""
    return str(environ.get("REQUEST_URI") or environ["PATH_INFO"])


def mount(mounts: "Mapping[str, WSGIApplication]", *, elsewhere: "WSGIApplication") -> "WSGIApplication":
    """One application that hands each path to the one mounted at its longest prefix, or to `elsewhere`."""
    return DispatcherMiddleware(elsewhere, {**mounts})
