"""The control API below `/_sim`: drives and watches a running stack, as JSON, from any language."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.exceptions import NotFound

from simulators.clock import Clock, iso, parse_mode
from simulators.control.journal import Slots, add_journal, add_stream
from simulators.control.openapi import document
from simulators.control.reading import (
    Change,
    Decision,
    Mode,
    Orders,
    Statuses,
    Step,
    Timers,
    read_body,
    read_query,
    refuse_in_json,
)
from simulators.emitter.app import add_events
from simulators.emitter.core import Emitter
from simulators.espf.core import EspfApi
from simulators.journal import Journal
from simulators.oms.core import Oms
from simulators.oms.dialect import Order
from simulators.oms.plans import Plan
from simulators.records import Account
from simulators.weather.app import add_faults
from simulators.weather.core import Weather
from simulators.world import World


@dataclass(frozen=True, kw_only=True)
class Controls:
    """The parts of a stack that the control API reaches."""

    guard: threading.Condition
    clock: Clock
    world: World
    journal: Journal
    espf: EspfApi
    oms: Oms
    emitter: Emitter
    weather: Weather
    add_account: Callable[[Account], None]
    change_account: Callable[[Account], None]
    surprises: list[str]


def create_app(controls: Controls) -> Flask:
    """Make the application; it is to be mounted at `/_sim`."""
    app, slots = Flask("control", static_folder=None), Slots()
    refuse_in_json(app, surprises=controls.surprises)
    add_events(app, controls.emitter)
    add_faults(app, controls.weather)
    _add_accounts(app, controls)
    _add_clock(app, controls.clock)
    _add_statuses(app, controls)
    _add_orders(app, controls.oms)
    _add_plans(app, controls.oms)
    add_journal(app, controls.journal, slots)
    add_stream(app, controls.journal, slots)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok")

    @app.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(document())

    return app


def _add_accounts(app: Flask, controls: Controls) -> None:
    @app.get("/accounts")
    def accounts() -> Response:
        with controls.guard:
            known = controls.world.accounts
        return jsonify(accounts=[account.model_dump(mode="json") for account in known])

    @app.post("/accounts")
    def add_account() -> tuple[Response, int]:
        account = read_body(Account)
        controls.add_account(account)
        return jsonify(account.model_dump(mode="json")), 201

    @app.patch("/accounts/<int:i_account>")
    def change_account(i_account: int) -> Response:
        with controls.guard:
            known = controls.world.account(i_account)
            if known is None:
                raise NotFound(f"There is no account {i_account}: GET /_sim/accounts lists them.")
            changed = known.model_copy(update=read_body(Change).model_dump(exclude_unset=True))
            controls.change_account(changed)
        return jsonify(changed.model_dump(mode="json"))


def _add_clock(app: Flask, clock: Clock) -> None:
    def state(limit: int) -> Response:
        count, first = clock.upcoming(limit)
        timers = [{"due": iso(timer.due), "label": str(timer.label)} for timer in first]
        told = {"mode": clock.mode.name, "now": iso(clock.now()), "pending": count, "next": timers}
        return jsonify(**told, held_by=clock.held_by)

    @app.get("/clock")
    def now() -> Response:
        return state(read_query(Timers).limit)

    @app.post("/clock/mode")
    def switch() -> Response:
        clock.switch(parse_mode(read_body(Mode).mode))
        return state(Timers().limit)

    @app.post("/clock/advance")
    def advance() -> Response:
        step = read_body(Step)
        clock.advance(seconds=step.seconds)
        return state(Timers().limit)


def _add_statuses(app: Flask, controls: Controls) -> None:
    @app.get("/statuses")
    def statuses() -> Response:
        asked = read_query(Statuses).model_dump(exclude_none=True)
        by_account = sorted(controls.espf.stored(), key=lambda report: (report.i_account, report.group))
        stored = (asdict(report) for report in by_account)
        return jsonify(
            statuses=[
                {**report, "stored_at": iso(report["stored_at"])}
                for report in stored
                if asked.items() <= report.items()
            ]
        )


def _add_orders(app: Flask, oms: Oms) -> None:
    def shown(order: Order) -> dict[str, Any]:
        return {**asdict(order), "accepted_at": iso(order.accepted_at), "states": dict(oms.states(order))}

    @app.get("/orders")
    def orders() -> Response:
        asked = read_query(Orders)
        return jsonify(
            orders=[
                shown(order)
                for order in oms.orders()
                if asked.i_account in (None, order.request.account["i_account"])
                and asked.reference in (None, order.request.reference)
                and asked.open in (None, oms.is_open(order))
            ]
        )

    @app.post("/orders/<order_id>/notify")
    def notify(order_id: str) -> Response:
        decided = read_body(Decision)
        told = oms.decide(order_id, decided.service, state=decided.state, message=decided.message)
        return jsonify(
            notification_id=told.notification_id,
            order_id=order_id,
            service=told.service,
            state=told.state,
            message=told.message,
            occurred_at=iso(told.occurred_at),
        )


def _add_plans(app: Flask, oms: Oms) -> None:
    def shown(number: int, plan: Plan) -> dict[str, Any]:
        return {"number": number, "plan": plan.model_dump(mode="json")}

    @app.get("/plans")
    def plans() -> Response:
        return jsonify(plans=[shown(number, plan) for number, plan in oms.plans().items()])

    @app.post("/plans")
    def add_plan() -> tuple[Response, int]:
        plan = read_body(Plan)
        return jsonify(shown(oms.plan(plan), plan)), 201

    @app.delete("/plans/<int:number>")
    def withdraw(number: int) -> Response:
        oms.withdraw(number)
        return jsonify({})
