"""The web skin of the JSON API: reads `/rest/<Service>/<method>` requests and writes answers and faults."""

import json
import threading
from typing import Any

from flask import Flask, Response, jsonify, request

from simulators.journal import Exchange
from simulators.portabilling.core import BAD_PARAMS, Call, Fault, PortaBilling
from simulators.web import EXCHANGE


def create_app(core: PortaBilling, *, guard: threading.Condition) -> Flask:
    """Make the application; it is to be mounted at `/rest`."""
    app = Flask("portabilling")
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    # Some clients end the path with a slash (S18, S19).
    @app.post("/<service>/<method>", strict_slashes=False)
    def call(service: str, method: str) -> Response:
        read = _read_call(service, method)
        exchange: Exchange = request.environ[EXCHANGE]
        with guard:
            exchange.note(operation=read.operation, i_account=_account_of(core, read))
            return jsonify(core.handle(read))

    @app.errorhandler(Fault)
    def fault(error: Fault) -> tuple[Response, int]:
        # Every failure is HTTP 500, an authentication failure too (S15, S25).
        return jsonify(faultcode=error.faultcode, faultstring=error.faultstring), 500

    return app


def _read_call(service: str, method: str) -> Call:
    """Read a JSON body, or the form fields `auth_info` and `params` with JSON text in them (S9, S19)."""
    if request.is_json:
        body = _object(request.get_data(as_text=True))
    else:
        body = {name: _object(request.form.get(name, "")) for name in ("auth_info", "params")}
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return Call(
        service=service,
        method=method,
        params=_part(body, "params"),
        auth_info=_part(body, "auth_info"),
        bearer=token if scheme.lower() == "bearer" else None,
    )


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise Fault(BAD_PARAMS, f"The request is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Fault(BAD_PARAMS, "The request is not a JSON object")
    return value


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name, {})
    if not isinstance(part, dict):
        raise Fault(BAD_PARAMS, f"{name} is not an object")
    return part


def _account_of(core: PortaBilling, call: Call) -> int | None:
    """The account that a call is about, for the journal; None where it is about none."""
    try:
        account = core.find_account(call.params)
    except Fault:
        return None
    return account.i_account if account else None
