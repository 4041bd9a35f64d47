"""The web skin of the OMS: hands every request to the dialect and journals the order that came of it."""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.wrappers import Request

from simulators.journal import Exchange
from simulators.oms.core import Oms
from simulators.oms.dialect import HttpReply, HttpRequest, Notification
from simulators.wire.recorder import BODY, EXCHANGE
from simulators.wire.threads import WAITING

# The one thing that any dialect is asked for, as the journal names it.
ORDER: Final = "order"


def create_app(core: Oms, *, guard: threading.Condition) -> Flask:
    """Make the application; paths are the dialect's own, so it takes them all."""
    app = Flask("oms")
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def order(**_path: str) -> Response:
        exchange: Exchange = request.environ[EXCHANGE]
        exchange.note(operation=ORDER)
        with guard:
            placed = core.handle(_as_asked(request), cause=f"record {exchange.seq}")
            exchange.note(**placed.correlation)
            awaited = [_sent(core, notification) for notification in placed.early]
        # Not under the guard: the answers to what was sent come in with it.
        with request.environ.get(WAITING, nullcontext)() if awaited else nullcontext():
            _await(awaited, patience=core.settings.early)
        return _response(placed.reply)

    return app


def create_about(core: Oms) -> Callable[[Request], dict[str, Any]]:
    """Make what tells which order a request means to place, as the journal's fields."""
    return lambda asked: {"operation": ORDER, **core.meant(_as_asked(asked))}


def create_unavailable(core: Oms) -> Callable[[int], Response]:
    """Make what refuses an order in the dialect's way, with any status."""
    return lambda status: _response(core.unavailable(status))


def _as_asked(request: Request) -> HttpRequest:
    return HttpRequest(
        method=request.method,
        path=request.path,
        headers=dict(request.headers),
        body=request.environ[BODY],
    )


def _response(reply: HttpReply) -> Response:
    return Response(reply.body, reply.status, headers=dict(reply.headers))


def _await(awaited: list[threading.Event], *, patience: float) -> None:
    """Wait for all of them, so many real seconds at most."""
    until = time.monotonic() + patience
    for answered in awaited:
        answered.wait(max(0.0, until - time.monotonic()))


def _sent(core: Oms, notification: Notification) -> threading.Event:
    """Send a notification; the event is set when it was answered."""
    answered = threading.Event()
    core.notify(notification, on_answer=answered.set)
    return answered
