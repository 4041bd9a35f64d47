"""The web skin of the ESPF API: reads `/espf/v1/...` requests from the raw target and writes answers."""

import base64
import binascii
import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Request

from simulators.espf.bodies import JSON, Body, read_body
from simulators.espf.core import DEFAULTS, EspfApi, Refusal
from simulators.espf.settings import EspfSettings
from simulators.espf.urls import behind_version
from simulators.journal import Exchange
from simulators.wire.recorder import BODY, EXCHANGE, raw_target

SERVED: Final = (
    "POST account/i/<i_account>/status, POST account/<id>/status (an ID's /, # and ? are written %2F, %23 "
    "and %3F), GET groups, POST group/create, POST group/delete and DELETE group/<i_group>, below /espf/v1"
)
# All that is served, as the journal names it.
OPERATIONS: Final = ("status", "groups", "group/create", "group/delete")
# Where a body is kept that was read once.
READ: Final = "simulators.espf.body"


class _StatusOf(BaseConverter):
    """Whatever ends with `/status`: whom it names, the core reads from the raw target."""

    regex = ".*/status/?"
    part_isolating = False


class _Digits(BaseConverter):
    """ASCII digits: werkzeug's own `int` also takes those of other scripts."""

    regex = "[0-9]+"


def create_app(core: EspfApi, *, guard: threading.Condition, settings: EspfSettings = DEFAULTS) -> Flask:
    """Make the application; it is to be mounted at `/espf`."""
    app = Flask("espf")
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    # Assumed: OPTIONS, which is not documented, is refused like any other method that is not.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # An ID may begin with an encoded slash, which is decoded before it is routed.
    app.url_map.merge_slashes = False
    app.url_map.converters |= {"status_of": _StatusOf, "digits": _Digits}

    about = create_about(core, guard=guard, settings=settings)

    @app.before_request
    def note_operation() -> None:
        # Before routing, so that a mistyped path or method is on record as what it was meant to be.
        exchange: Exchange = request.environ[EXCHANGE]
        exchange.note(**about(request))

    _add_status(app, core, guard=guard, settings=settings)
    _add_groups(app, core, guard=guard, settings=settings)
    _add_refusals(app)
    return app


def create_about(
    core: EspfApi, *, guard: threading.Condition, settings: EspfSettings = DEFAULTS
) -> Callable[[Request], dict[str, Any]]:
    """Make what tells the operation that a request means, and its account, as the journal's fields."""

    def about(asked: Request) -> dict[str, Any]:
        if "status" not in asked.path:
            # The number of the group to be deleted may stand in the path.
            path = re.sub(r"^/v1/group/[0-9]+$", "/v1/group/delete", asked.path)
            operation = path.removeprefix("/v1/")
            return {"operation": operation if operation in OPERATIONS else ""}
        wire = _wire(asked, settings)
        group = core.registered(wire.get("group"))
        found: dict[str, Any] = {"operation": "status", "detail": wire, "group": group}
        with guard, suppress(Refusal):
            found["i_account"] = core.account_of(behind_version(raw_target(asked.environ))).i_account
        return found

    return about


def unavailable(status: int) -> Response:
    """Answer as the ESPF API refuses, with any status."""
    body = {"error": "The request could not be processed."}
    return Response(json.dumps(body), status, content_type=JSON)


def _add_status(app: Flask, core: EspfApi, *, guard: threading.Condition, settings: EspfSettings) -> None:
    @app.post("/v1/account/<status_of:_decoded>")
    def update_status(_decoded: str) -> Response:
        with guard:
            # Before anything is told about the account: a client without credentials gets 401, never 404.
            _authenticate(core)
            account = core.account_of(behind_version(raw_target(request.environ)))
            report = core.update(account, _body(request, settings).fields)
            # The answer may still be lost, and it is what ESPF has stored that counts in the end.
            exchange: Exchange = request.environ[EXCHANGE]
            exchange.note(detail={**_wire(request, settings), "stored": report.status})
        if settings.status_answer == "empty":
            return Response(mimetype=JSON)
        return jsonify(i_account=report.i_account, group=report.group, status=report.status)


def _add_groups(app: Flask, core: EspfApi, *, guard: threading.Condition, settings: EspfSettings) -> None:
    """The operations on groups: the list is plural, a single group singular, as documented (S32)."""

    @app.get("/v1/groups")
    def groups() -> Response:
        with guard:
            _authenticate(core)
            return jsonify(group_list=core.group_list())

    @app.post("/v1/group/create")
    def create_group() -> Response:
        with guard:
            _authenticate(core)
            return jsonify(core.create_group(_body(request, settings).fields))

    # Assumed: both ways are documented, their URLs are not (S32).
    @app.delete("/v1/group/<digits:i_group>")
    def delete_group(i_group: str) -> Response:
        with guard:
            _authenticate(core)
            core.delete_group(i_group)
        return jsonify({})

    @app.post("/v1/group/delete")
    def post_delete_group() -> Response:
        with guard:
            _authenticate(core)
            core.delete_group(_body(request, settings).fields.get("i_group"))
        return jsonify({})


def _add_refusals(app: Flask) -> None:
    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> tuple[Response, int]:
        if isinstance(error, MethodNotAllowed):
            allowed = ", ".join(sorted(error.valid_methods or ()))
            response = jsonify(error=f"{request.method} is not served here: use {allowed}.")
            response.headers["Allow"] = allowed
            return response, 405
        return jsonify(error=f"{raw_target(request.environ)!r} is none of {SERVED}."), error.code or 500


def _authenticate(core: EspfApi) -> None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            credentials = ""
    core.check_auth(scheme, credentials)


def _body(request: Request, settings: EspfSettings) -> Body:
    # The journal needs what is in it before the view does.
    if READ not in request.environ:
        content_type = request.headers.get("Content-Type", "")
        request.environ[READ] = read_body(content_type, request.environ[BODY], settings=settings)
    body: Body = request.environ[READ]
    return body


def _wire(request: Request, settings: EspfSettings) -> dict[str, Any]:
    """What the request says, to the letter and whatever it is worth, for the journal."""
    try:
        body = _body(request, settings)
    except Refusal:
        return {"body_fits_type": False}
    return {**{name: _flat(value) for name, value in body.fields.items()}, "body_fits_type": body.fits_type}


def _flat(value: Any) -> Any:
    # As text, so that no depth of nesting or size of number can make the journal unreadable.
    return value if isinstance(value, str | bool | None) else json.dumps(value)
