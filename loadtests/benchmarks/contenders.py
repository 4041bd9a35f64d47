"""The web servers that `loadtests.benchmarks.servers` compares, each begun alike in a process of its own.

Those that are not among the requirements are imported by name, and only when they are measured.
"""

import asyncio
import importlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import cheroot.wsgi
import waitress.server
import werkzeug.serving
from werkzeug.wsgi import get_input_stream

from simulators.settings import StackSettings
from simulators.simulation import Simulation
from simulators.wire.limits import DEFAULT_LIMITS
from simulators.wire.server import HardenedServer, in_plain_text
from simulators.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST: Final = "127.0.0.1"
# So many answers are to be held at once, or as many as come within so many real seconds.
HELD: Final = 300
HOLD_SECONDS: Final = 3.0

Stop = Callable[[], object]
# Serves an application at a port, with so many threads; gives what stops it, or returns when it has stopped.
Begin = Callable[["WSGIApplication", int, int], Stop]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A server: the module that it needs, how it is begun, and what it is documented to be able to do."""

    name: str
    module: str
    begin: Begin
    in_process: bool = True
    tls: bool = True
    port_0: bool = True

    @property
    def abilities(self) -> tuple[str, str, str]:
        """Whether it runs in a thread of a process with other work, speaks TLS, and takes a free port."""
        in_process, tls, port_0 = (
            "yes" if able else "no" for able in (self.in_process, self.tls, self.port_0)
        )
        return in_process, tls, port_0


class Holding:
    """WSGI middleware: `/held` answers, when enough requests wait at once, how many do."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._changed = threading.Condition()
        self._held = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        if environ["PATH_INFO"] != "/held":
            return self._app(_alike(environ), start_response)
        with self._changed:
            self._held += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._held >= HELD, HOLD_SECONDS)
        body = str(self._held).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


def _alike(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """What the application counts on: the raw target under one name, and a body that has an end."""
    raw_target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
    return {**environ, "REQUEST_URI": raw_target, "wsgi.input": get_input_stream(environ)}


def _in_thread(run: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _hardened(app: "WSGIApplication", port: int, threads: int) -> Stop:
    server = HardenedServer(
        (HOST, port),
        app,
        limits=DEFAULT_LIMITS,
        tls=None,
        refuse=in_plain_text,
        surprises=[],
        reign=lambda: None,
        numthreads=threads,
        request_queue_size=512,
        shutdown_timeout=1,
    )
    server.expiration_interval = 0.02
    _in_thread(server.safe_start)
    return server.stop


def _cheroot(app: "WSGIApplication", port: int, threads: int) -> Stop:
    server = cheroot.wsgi.Server((HOST, port), app, numthreads=threads, request_queue_size=512)
    _in_thread(server.safe_start)
    return server.stop


def _waitress(app: "WSGIApplication", port: int, threads: int) -> Stop:
    options = {"connection_limit": 1000, "backlog": 512, "channel_timeout": 10}
    server = waitress.server.create_server(app, host=HOST, port=port, threads=threads, **options)
    _in_thread(server.run)

    def stop() -> None:
        server.task_dispatcher.shutdown()
        # Its loop ends only when no socket is left in its map.
        for dispatcher in list(server._map.values()):  # noqa: SLF001 - it offers nothing else
            dispatcher.close()

    return stop


def _werkzeug(app: "WSGIApplication", port: int, _threads: int) -> Stop:
    class Handler(werkzeug.serving.WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            """Print no line for each request, which none of the others does."""

    server = werkzeug.serving.make_server(HOST, port, app, threaded=True, request_handler=Handler)
    _in_thread(server.serve_forever)
    return server.shutdown


def _hypercorn(app: "WSGIApplication", port: int, threads: int) -> Stop:
    serve = importlib.import_module("hypercorn.asyncio").serve
    config = importlib.import_module("hypercorn.config").Config()
    config.bind, config.errorlog, config.graceful_timeout = [f"{HOST}:{port}"], None, 1.0
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    executor = importlib.import_module("concurrent.futures").ThreadPoolExecutor(threads)
    loop.set_default_executor(executor)
    _in_thread(lambda: loop.run_until_complete(serve(app, config, mode="wsgi", shutdown_trigger=over.wait)))
    return partial(loop.call_soon_threadsafe, over.set)


def _gunicorn(app: "WSGIApplication", port: int, threads: int) -> Stop:
    base: Any = importlib.import_module("gunicorn.app.base")

    class Application(base.BaseApplication):  # type: ignore[misc]  # It is imported by name.
        def load_config(self) -> None:
            settings = {"bind": f"{HOST}:{port}", "worker_class": "gthread", "threads": threads}
            for name, value in {**settings, "loglevel": "error", "keepalive": 10}.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return app

    return _until_signalled(Application().run)


def _granian(_app: "WSGIApplication", port: int, threads: int) -> Stop:
    granian = importlib.import_module("granian")
    interface = importlib.import_module("granian.constants").Interfaces.WSGI
    server = granian.Granian(
        "loadtests.benchmarks.contenders:make_app",
        factory=True,
        address=HOST,
        port=port,
        interface=interface,
        blocking_threads=threads,
        log_enabled=False,
    )
    return _until_signalled(server.serve)


def _until_signalled(run: Callable[[], object]) -> Stop:
    """Run a server that handles signals itself, and therefore needs the main thread."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    run()
    sys.exit(0)


CONTENDERS: Final = (
    Contender(name="ours", module="cheroot", begin=_hardened),
    Contender(name="cheroot", module="cheroot", begin=_cheroot),
    Contender(name="waitress", module="waitress", begin=_waitress, tls=False),
    Contender(name="werkzeug", module="werkzeug", begin=_werkzeug),
    Contender(name="hypercorn", module="hypercorn", begin=_hypercorn),
    Contender(name="gunicorn gthread", module="gunicorn", begin=_gunicorn, in_process=False),
    Contender(name="granian", module="granian", begin=_granian, in_process=False, port_0=False),
)


def make_app() -> "WSGIApplication":
    """PortaBilling's web host over the demo world, as every stack has it."""
    settings = StackSettings().of_one_installation()
    simulation = Simulation(settings, world=World.load("demo"), surprises=[], first_i_event=1)
    simulation.start()
    return Holding(simulation.hosts.portabilling.app)


def main() -> None:
    """Serve until SIGTERM; the first line printed is the monotonic time at which the server was begun."""
    name, port, threads = sys.argv[1:]
    contender = next(one for one in CONTENDERS if one.name == name)
    app = make_app()
    # Blocked before any thread starts, so that only `sigwait` below receives it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    sys.stdout.write(f"{time.monotonic()}\n")
    sys.stdout.flush()
    stop = contender.begin(app, int(port), int(threads))
    signal.sigwait({signal.SIGTERM})
    stop()


if __name__ == "__main__":
    main()
