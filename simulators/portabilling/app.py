"""The web skin of the JSON API: reads requests below `/rest` in all documented forms, writes answers."""

import json
import re
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Request

from simulators.journal import Exchange
from simulators.portabilling.core import DEFAULTS, Call, PortaBilling
from simulators.portabilling.faults import BAD_PARAMS, INTERNAL_ERROR, UNKNOWN_METHOD, Fault
from simulators.portabilling.methods import File
from simulators.portabilling.settings import PortaBillingSettings
from simulators.wire.recorder import EXCHANGE, raw_target

LOGIN: Final = "Session/login"
SERVED: Final = ("GET", "POST")
SESSION: Final = "Session/"
# What werkzeug makes of bytes that are no UTF-8.
REPLACEMENT: Final = "\ufffd"
# Between two JSON texts of a path, or before the second where the first is empty.
_BETWEEN: Final = re.compile(r"(?:(?<=\})|^)/(?=\{|$)")


def create_app(
    core: PortaBilling,
    *,
    guard: threading.Condition,
    settings: PortaBillingSettings = DEFAULTS,
    because: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> Flask:
    """Make the application; it is to be mounted at `/rest`.

    `because` is told which record of the journal causes the events of a block.
    """
    app = Flask("portabilling")
    # The legacy form of a login has an empty segment: /Session/login//{...} (S24).
    app.url_map.merge_slashes = False
    # What is too large is refused by the server, for JSON and forms alike.
    app.config.update(MAX_FORM_MEMORY_SIZE=None, MAX_FORM_PARTS=None)
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.route("/<path:_decoded>", methods=SERVED, provide_automatic_options=False)
    def call(_decoded: str) -> Response:
        read = _read_call(request, settings)
        exchange: Exchange = request.environ[EXCHANGE]
        with guard, because(f"record {exchange.seq}"):
            exchange.note(operation=read.operation, i_account=core.i_account_of(read.params))
            answer = core.handle(read)
        if isinstance(answer, File):
            return _attachment(answer)
        response = jsonify(answer)
        if read.operation == LOGIN and settings.release.sets_cookies:
            # A world file may have put a method of its own in the login's place.
            response.set_cookie(settings.token_cookie, answer.get("access_token", ""), httponly=True)
            response.set_cookie(settings.session_cookie, answer.get("session_id", ""), httponly=True)
        return response

    @app.errorhandler(Fault)
    def fault(error: Fault) -> tuple[Response, int]:
        # Every failure is HTTP 500, an authentication failure too (S15, S25).
        return jsonify(faultcode=error.faultcode, faultstring=error.faultstring), 500

    @app.errorhandler(404)
    def not_found(_error: Exception) -> tuple[Response, int]:
        return fault(Fault(UNKNOWN_METHOD, "The path names no service and method"))

    @app.errorhandler(405)
    def not_allowed(_error: Exception) -> tuple[Response, int]:
        return fault(Fault(UNKNOWN_METHOD, f"{request.method} is not served: POST is"))

    return app


def _attachment(file: File) -> Response:
    """A file as it comes from PortaBilling (S25, S18)."""
    disposition = f'attachment; filename="{file.name}"'
    return Response(
        file.content, content_type=file.content_type, headers={"Content-Disposition": disposition}
    )


def create_about(
    core: PortaBilling, *, guard: threading.Condition, settings: PortaBillingSettings = DEFAULTS
) -> Callable[[Request], dict[str, Any]]:
    """Make what tells which method a request calls and for which account, as the journal's fields."""

    def about(asked: Request) -> dict[str, Any]:
        # As large a form as the application itself reads.
        asked.max_form_memory_size = None
        asked.max_form_parts = sys.maxsize
        service, method, _ = _read_path(asked)
        try:
            params = _read_call(asked, settings).params
        except Fault:
            params = {}
        with guard:
            return {"operation": f"{service}/{method}", "i_account": core.i_account_of(params)}

    return about


def unavailable(status: int) -> Response:
    """Answer as the JSON API does when it is the one that fails, but with any status."""
    fault = {"faultcode": INTERNAL_ERROR, "faultstring": "The request could not be processed"}
    return Response(json.dumps(fault), status, content_type="application/json")


def _read_path(request: Request) -> tuple[str, str, str]:
    """Read service, method and what stands behind them from the raw path."""
    path = raw_target(request.environ).partition("?")[0].partition("/rest/")[2]
    service, _, rest = path.partition("/")
    method, _, legacy = rest.partition("/")
    return unquote(service), unquote(method), legacy


def _read_call(request: Request, settings: PortaBillingSettings) -> Call:
    """Read the service and the method from the raw path, and the rest from wherever it stands."""
    service, method, legacy = _read_path(request)
    # Werkzeug serves HEAD wherever it serves GET, and what nobody reads must change nothing.
    if request.method == "HEAD" or (request.method != "POST" and not legacy):
        raise Fault(UNKNOWN_METHOD, f"{request.method} is not served here: use POST")
    body = _legacy_parts(f"{service}/{method}", legacy) if legacy else _body_parts(request, settings)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else None
    auth_info = _part(body, "auth_info")
    if bearer is None and not auth_info:
        bearer, auth_info = _cookies(request, settings)
    return Call(
        service=service,
        method=method,
        params=_part(body, "params"),
        auth_info=auth_info,
        bearer=bearer,
    )


def _body_parts(request: Request, settings: PortaBillingSettings) -> dict[str, Any]:
    """Read a JSON body (later releases), or form fields with JSON text in them (S9, S19)."""
    if request.is_json:
        if not settings.takes_json:
            raise Fault(BAD_PARAMS, f"{settings.release} takes forms alone, not application/json (S9)")
        return _object(request.get_data())
    form = _form(request)
    return {name: _object(form.get(name, "")) for name in ("auth_info", "params")}


def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form, none of them made of bytes that are no UTF-8, as werkzeug's would be."""
    body = request.get_data()
    if request.mimetype == "application/x-www-form-urlencoded":
        try:
            return dict(reversed(parse_qsl(body.decode(), keep_blank_values=True, errors="strict")))
        except ValueError as error:
            raise Fault(BAD_PARAMS, f"The form is not in UTF-8: {error}") from error
    if REPLACEMENT in "".join(request.form.values()) and REPLACEMENT.encode() not in body:
        raise Fault(BAD_PARAMS, "The form is not in UTF-8")
    return request.form


def _legacy_parts(operation: str, path: str) -> dict[str, Any]:
    """Read `<auth_info JSON>/<params JSON>`; a login's first one is empty or left out (S17, S24).

    So is a logout's (S17). A slash in a text is a part of it: an old client leaves it unescaped (S17).
    """
    try:
        whole = unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise Fault(BAD_PARAMS, f"The path is not in UTF-8: {error}") from error
    texts = _BETWEEN.split(whole.rstrip("/"), maxsplit=1)
    if len(texts) == 1 and operation.startswith(SESSION):
        texts = ["", texts[0].removeprefix("/")]
    return {"auth_info": _object(texts[0]), "params": _object(texts[1] if len(texts) > 1 else "")}


def _cookies(request: Request, settings: PortaBillingSettings) -> tuple[str | None, dict[str, Any]]:
    """The access token or the session id of a login's cookies."""
    if settings.token_cookie in request.cookies:
        return request.cookies[settings.token_cookie], {}
    session_id = request.cookies.get(settings.session_cookie)
    return None, {"session_id": session_id} if session_id else {}


def _object(written: str | bytes) -> dict[str, Any]:
    try:
        text = written if isinstance(written, str) else written.decode()
        value = json.loads(text or "{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Fault(BAD_PARAMS, f"The request is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Fault(BAD_PARAMS, "The request is not a JSON object")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name, {})
    if not isinstance(part, dict):
        raise Fault(BAD_PARAMS, f"{name} is not an object")
    return part
