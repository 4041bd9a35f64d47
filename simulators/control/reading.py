"""How the control API reads what it is asked, and how it refuses: all mistakes at once, as JSON."""

import json
from contextlib import suppress
from typing import Annotated, Any, Final, TypeVar

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Response as PlainResponse

from simulators.errors import ClockHeldError, EvictedError, OrderError, SimulatorError, WorldError
from simulators.oms.plans import State
from simulators.questions import Where
from simulators.records import BillStatus
from simulators.validation import Strict, mistakes

# Real seconds; a client that wants to wait longer asks again.
MAX_WAIT: Final = 60.0
# Records of one answer; a client that wants more reads on from the last one.
MAX_RECORDS: Final = 10_000
MAX_EVENTS: Final = 1_000
MAX_TIMERS: Final = 1_000
# Virtual seconds of one step: above any plan, and safely below the end of the clock.
MAX_STEP: Final = 1e9

# Errors that are not the request's own mistake.
_CODES: Final[tuple[tuple[type[SimulatorError], int], ...]] = (
    (ClockHeldError, 503),
    (EvictedError, 410),
    (OrderError, 404),
    (WorldError, 409),
)
Model = TypeVar("Model", bound=BaseModel)


def _word(value: Any) -> Any:
    if value not in {"true", "false", None}:
        raise ValueError("true or false is required")
    return value


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("a number of digits alone is required")
    return value


# Python itself takes blanks, signs and underscores too.
_PLAIN: Final = BeforeValidator(_digits)
Since = Annotated[int, Field(ge=0), _PLAIN]
AccountNumber = Annotated[int, Field(ge=1, lt=2**31), _PLAIN]


class Following(Where):
    """Which records are to be followed."""

    i_account: AccountNumber | None = None
    i_event: Annotated[int, Field(ge=1), _PLAIN] | None = None
    status: Annotated[int, Field(ge=0, le=999), _PLAIN] | None = None
    answered: Annotated[bool | None, BeforeValidator(_word)] = None
    since: Since = 0


class Listing(Following):
    """Which records are to be listed, how many, and how many real seconds may pass until there is one."""

    limit: Annotated[int, Field(ge=1, le=MAX_RECORDS), _PLAIN] = 1_000
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT, allow_inf_nan=False)] = 0.0


class Timers(Strict):
    """How many of the timers that fire next are to be shown."""

    limit: Annotated[int, Field(ge=0, le=MAX_TIMERS), _PLAIN] = 10


class Events(Strict):
    """Which events are to be listed."""

    since: Since = 0
    limit: Annotated[int, Field(ge=1, le=MAX_EVENTS), _PLAIN] = 100


class Statuses(Strict):
    """Whose statuses are to be listed."""

    i_account: AccountNumber | None = None
    group: str | None = None


class Orders(Strict):
    """Whose orders are to be listed; `open` are those of which a service awaits its outcome."""

    i_account: AccountNumber | None = None
    reference: str | None = None
    open: Annotated[bool | None, BeforeValidator(_word)] = None


class Step(Strict):
    """How many virtual seconds the clock is to move on."""

    seconds: Annotated[float, Field(ge=0, le=MAX_STEP, allow_inf_nan=False)]


class Change(Strict):
    """The fields of an account that are to change; what is not named stays."""

    bill_status: BillStatus = "O"
    blocked: bool = False
    msisdn: str = ""
    services: tuple[str, ...] | None = None


MODES: Final = r"^(real|manual|auto|scaled:(0\.[0-9]{0,5}[1-9]|[1-9][0-9]{0,5}(\.[0-9]{1,6})?))$"


class Mode(Strict):
    """How virtual time is to go on: real, scaled:N, manual or auto."""

    # The document names what users write; the clock itself knows which numbers are rates.
    mode: Annotated[str, Field(json_schema_extra={"pattern": MODES})]


class Decision(Strict):
    """What becomes of a task of an order."""

    service: Annotated[str, Field(min_length=1)]
    state: State
    message: str = ""


def read_body(model: type[Model]) -> Model:
    """The body of the present request, which is JSON whatever its type says.

    Raises:
        ValidationError: it does not fit.
    """
    body = request.get_data()
    with suppress(ValueError):
        # To JSON, 30.0 is an integer too.
        body = json.dumps(json.loads(body, parse_float=_number)).encode()
    return model.model_validate_json(body, strict=True)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def read_query(model: type[Model]) -> Model:
    """The query of the present request.

    Raises:
        BadRequest: a parameter is given twice.
        ValidationError: it does not fit.
    """
    if twice := sorted(name for name, values in request.args.lists() if len(values) > 1):
        raise BadRequest(f"{', '.join(twice)}: give it once.")
    return model.model_validate(request.args.to_dict())


def refuse_in_json(app: Flask, *, surprises: list[str]) -> None:
    """Let the application answer every refusal with `{"error": "a sentence"}`, and its own defects too.

    A defect must also reach the one who runs the harness: it goes to `surprises`.
    """
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False

    @app.errorhandler(SimulatorError)
    def refused(error: SimulatorError) -> tuple[Response, int]:
        code = next((code for kind, code in _CODES if isinstance(error, kind)), 400)
        return jsonify(error=str(error)), code

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> tuple[Response, int]:
        return jsonify(error="; ".join(mistakes(error))), 400

    @app.errorhandler(RecursionError)
    def too_deep(_error: RecursionError) -> tuple[Response, int]:
        return jsonify(error="The body is nested too deeply to be read as JSON."), 400

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> tuple[Response, int]:
        where = f"{request.script_root}{request.path}"
        # A view that misses a thing says which; only a path that nobody serves is told in werkzeug's words.
        if isinstance(error, NotFound) and error.description == NotFound.description:
            return jsonify(error=f"There is no {where}: /_sim/openapi.json describes what there is."), 404
        if isinstance(error, MethodNotAllowed):
            allowed = ", ".join(sorted(error.valid_methods or ()))
            response = jsonify(error=f"{request.method} cannot be asked of {where}: it takes {allowed}.")
            response.headers["Allow"] = allowed
            return response, 405
        return jsonify(error=error.description), error.code or 500

    @app.errorhandler(Exception)
    def surprised(error: Exception) -> tuple[Response, int]:
        surprises.append(f"{request.script_root}{request.path}: {error!r}")
        return jsonify(error="The simulator failed: see the harness's own output."), 500


def refusal(status: int, message: str, **headers: str) -> PlainResponse:
    """The same outside of an application."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return PlainResponse(
        json.dumps({"error": message}), status, headers=named, content_type="application/json"
    )
