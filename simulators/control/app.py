"""The control API below `/_sim`: health, accounts, clock, journal, statuses and orders as JSON."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from simulators.clock import Clock, iso
from simulators.errors import ClockError, ClockHeldError, SimulatorError
from simulators.espf.core import EspfApi
from simulators.journal import Journal
from simulators.oms.core import Oms
from simulators.records import Account
from simulators.validation import mistakes
from simulators.world import World

# Real seconds; a client that wants to wait longer asks again.
MAX_WAIT: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Controls:
    """The parts of a stack that the control API reaches."""

    guard: threading.Condition
    clock: Clock
    world: World
    journal: Journal
    espf: EspfApi
    oms: Oms
    add_account: Callable[[Account], None]


def create_app(controls: Controls) -> Flask:
    """Make the application; it is to be mounted at `/_sim`."""
    app = Flask("control")
    _add_clock(app, controls)
    _add_views(app, controls)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok")

    @app.post("/accounts")
    def add_account() -> tuple[Response, int]:
        account = Account.model_validate(request.get_json(silent=True))
        with controls.guard:
            controls.add_account(account)
        return jsonify(account.model_dump()), 201

    @app.errorhandler(SimulatorError)
    def refused(error: SimulatorError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 503 if isinstance(error, ClockHeldError) else 400

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> tuple[Response, int]:
        return jsonify(error="; ".join(mistakes(error))), 400

    return app


def _add_clock(app: Flask, controls: Controls) -> None:
    def state() -> dict[str, Any]:
        pending = [{"due": iso(timer.due), "label": timer.label} for timer in controls.clock.pending()]
        return {"mode": controls.clock.mode.name, "now": iso(controls.clock.now()), "pending": pending}

    @app.get("/clock")
    def clock() -> Response:
        return jsonify(state())

    @app.post("/clock/advance")
    def advance() -> Response:
        body = request.get_json(silent=True)
        seconds = body.get("seconds") if isinstance(body, dict) else None
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise ClockError(
                f'seconds is {seconds!r}: send a number of virtual seconds such as {{"seconds": 600}}.'
            )
        controls.clock.advance(seconds=seconds)
        return jsonify(state())


def _add_views(app: Flask, controls: Controls) -> None:
    @app.get("/accounts")
    def accounts() -> Response:
        return jsonify(accounts=[account.model_dump() for account in controls.world.accounts])

    @app.get("/statuses")
    def statuses() -> Response:
        with controls.guard:
            stored = controls.espf.stored()
        return jsonify(statuses=[{**asdict(report), "stored_at": iso(report.stored_at)} for report in stored])

    @app.get("/orders")
    def orders() -> Response:
        with controls.guard:
            accepted = controls.oms.orders()
        return jsonify(
            orders=[{**asdict(order), "accepted_at": iso(order.accepted_at)} for order in accepted]
        )

    @app.get("/journal")
    def journal() -> Response:
        since = request.args.get("since", 0, int)
        # In this order `nan`, which would be waited for without end, becomes 0.
        wait = min(MAX_WAIT, max(0.0, request.args.get("wait", 0.0, float)))
        controls.journal.wait_for(lambda _: True, timeout=wait, since=since)
        records = [asdict(record) for record in controls.journal.records(since=since)]
        return jsonify(records=records, dropped=controls.journal.dropped)
