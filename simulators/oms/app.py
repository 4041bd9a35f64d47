"""The web skin of the OMS: hands every request to the dialect and journals the order that came of it."""

import threading
import time

from flask import Flask, Response, request

from simulators.journal import Exchange
from simulators.oms.core import Oms
from simulators.oms.dialect import HttpRequest, Notification
from simulators.wire.recorder import BODY, EXCHANGE


def create_app(core: Oms, *, guard: threading.Condition) -> Flask:
    """Make the application; paths are the dialect's own, so it takes them all."""
    app = Flask("oms")
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def order(path: str) -> Response:
        exchange: Exchange = request.environ[EXCHANGE]
        exchange.note(operation="order")
        asked = HttpRequest(
            method=request.method, path=f"/{path}", headers=dict(request.headers), body=request.environ[BODY]
        )
        with guard:
            placed = core.handle(asked, cause=f"record {exchange.seq}")
            exchange.note(**placed.correlation)
            awaited = [_sent(core, notification) for notification in placed.early]
        # Not under the guard: the answers to what was sent come in with it.
        until = time.monotonic() + core.settings.early
        for answered in awaited:
            answered.wait(max(0.0, until - time.monotonic()))
        return Response(placed.reply.body, placed.reply.status, headers=dict(placed.reply.headers))

    return app


def _sent(core: Oms, notification: Notification) -> threading.Event:
    """Send a notification; the event is set when it was answered."""
    answered = threading.Event()
    core.notify(notification, on_answer=answered.set)
    return answered
