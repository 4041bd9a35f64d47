"""The web skin of the ESPF API: reads `/espf/v1/...` requests from the raw target and writes answers."""

import base64
import binascii
import json
import threading
from contextlib import suppress
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from simulators.espf.core import EspfApi, Reading, Refusal
from simulators.journal import Exchange
from simulators.web import BODY, EXCHANGE, raw_target


def create_app(core: EspfApi, *, guard: threading.Condition, reading: Reading = "lenient") -> Flask:
    """Make the application; it is to be mounted at `/espf`."""
    app = Flask("espf")
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.before_request
    def note_operation() -> None:
        # Before routing, so that a mistyped path or method is on record as what it was meant to be.
        exchange: Exchange = request.environ[EXCHANGE]
        if "status" in request.path:
            exchange.note(operation="status", detail=_wire(reading))

    _add_groups(app, core, guard=guard, reading=reading)

    @app.post("/v1/account/<path:_decoded>")
    def update_status(_decoded: str) -> Response:
        exchange: Exchange = request.environ[EXCHANGE]
        with guard:
            path = _path_behind_version()
            with suppress(Refusal):
                exchange.note(i_account=core.account_of(path).i_account)
            # Before anything is told about the account: a client without credentials gets 401, never 404.
            _authenticate(core)
            report = core.update(core.account_of(path), _fields(reading))
            exchange.note(group=report.group)
        # Assumed: the body of the answer is not public, and an empty one counts as success too (S25).
        return jsonify(i_account=report.i_account, group=report.group, status=report.status)

    _add_refusals(app)
    return app


def _add_refusals(app: Flask) -> None:
    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500


def _add_groups(app: Flask, core: EspfApi, *, guard: threading.Condition, reading: Reading) -> None:
    """The operations on groups: the list is plural, a single group singular, as documented (S32)."""

    def authenticated(operation: str) -> None:
        exchange: Exchange = request.environ[EXCHANGE]
        exchange.note(operation=operation)
        _authenticate(core)

    @app.get("/v1/groups")
    def groups() -> Response:
        with guard:
            authenticated("groups")
            return jsonify(group_list=core.group_list())

    @app.post("/v1/group/create")
    def create_group() -> Response:
        with guard:
            authenticated("group/create")
            return jsonify(core.create_group(_fields(reading)))

    # Assumed: both ways are documented, their URLs are not (S32).
    @app.delete("/v1/group/<i_group>")
    def delete_group(i_group: str) -> Response:
        with guard:
            authenticated("group/delete")
            core.delete_group(i_group)
        return jsonify({})

    @app.post("/v1/group/delete")
    def post_delete_group() -> Response:
        with guard:
            authenticated("group/delete")
            core.delete_group(_fields(reading).get("i_group"))
        return jsonify({})


def _path_behind_version() -> str:
    path = raw_target(request.environ).partition("?")[0]
    return path.partition("/espf/v1/")[2]


def _authenticate(core: EspfApi) -> None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            credentials = ""
    core.check_auth(scheme, credentials)


def _wire(reading: Reading) -> dict[str, Any]:
    """What the request says, to the letter and whatever it is worth, for the journal."""
    named_form = request.is_json or "status" in request.form
    try:
        fields = _fields(reading)
    except Refusal:
        return {"body_fits_type": False}
    return {**{name: _flat(value) for name, value in fields.items()}, "body_fits_type": named_form}


def _flat(value: Any) -> Any:
    # As text, so that no depth of nesting can make the journal unreadable.
    return json.dumps(value) if isinstance(value, dict | list) else value


def _fields(reading: Reading) -> dict[str, Any]:
    """Read the form or JSON body that the Content-Type names (S31 says form, P says JSON, S25 sends JSON)."""
    body: bytes = request.environ[BODY]
    if request.is_json:
        return _json_fields(body)
    fields = request.form.to_dict()
    # The documented example is JSON under a form type (P; section 5, row 1).
    if reading == "lenient" and "status" not in fields and body.lstrip().startswith(b"{"):
        return _json_fields(body)
    return fields


def _json_fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"The body is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise Refusal(400, "The body must be a JSON object with status and group.")
    return fields
