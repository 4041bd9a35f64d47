"""The OpenAPI document of the control API, made from the models that read it."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from simulators import __version__
from simulators.control.reading import (
    Change,
    Decision,
    Events,
    Following,
    Listing,
    Mode,
    Orders,
    Statuses,
    Step,
    Timers,
)
from simulators.documents.schemas import REFERENCE, Json, schemas
from simulators.journal import Record
from simulators.oms.plans import FINAL, Plan
from simulators.records import Account
from simulators.weather.plans import FaultPlan

JSON: Final = "application/json"
_TEXT: Final[Json] = {"type": "string"}
_NAME: Final[Json] = {"type": "string", "minLength": 1}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_TIME: Final[Json] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_ANY: Final[Json] = {"type": "object"}
_REFUSALS: Final[Mapping[int, str]] = {
    400: "Something is missing, wrong or not known; every mistake is named.",
    401: "The token is missing or wrong.",
    403: "Web pages may not use the control API, nor may who knows it by a name that it does not have.",
    404: "There is no such thing.",
    409: "The world as it is forbids it: a number or an ID is taken.",
    410: "It cannot be known: records that may hold the answer were dropped.",
    503: "Not now: something under way holds the clock, or too many requests wait.",
}
# Whatever is asked may meet these: a gate stands before everything but the health.
_AT_THE_GATE: Final = {401, 403}


@cache
def document() -> Json:
    """The OpenAPI 3.1 document."""
    _, models = schemas((model.__name__, mode, TypeAdapter(model)) for model, mode in _MODELS)
    models["Account"] = {**models["Account"], **_whole_card()}
    models["Plan"] = {**models["Plan"], "not": _early_without_outcome()}
    refusal = _object({"error": {"type": "string", "minLength": 1}})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of the ESPF simulators",
            "version": __version__,
            "description": "Drives and watches a running stack. Times are virtual, unless called real.",
        },
        "servers": [{"url": "/_sim"}],
        "security": [{}, {"token": []}],
        "paths": dict(_paths()),
        "components": {
            "schemas": {**models, "Refusal": refusal, "Event": _event()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_MODELS: Final[tuple[tuple[Any, JsonSchemaMode], ...]] = (
    (Account, "validation"),
    (Plan, "validation"),
    (Step, "validation"),
    (Mode, "validation"),
    (Change, "validation"),
    (Decision, "validation"),
    (FaultPlan, "validation"),
    (Record, "serialization"),
)


def _paths() -> Iterator[tuple[str, Json]]:
    health = _get(
        "health", "Whether the stack runs; it needs no token.", _object({"status": {"const": "ok"}})
    )
    yield "/health", {"get": {**health["get"], "security": []}}
    yield from _account_paths()
    yield from _event_paths()
    yield from _clock_paths()
    yield from _journal_paths()
    yield from _oms_paths()
    yield from _fault_paths()
    statuses = _listed("statuses", _object(_status(), required=list(_status())))
    yield (
        "/statuses",
        _get("statuses", "The last status of each account and group.", statuses, query=Statuses),
    )
    yield (
        "/reset",
        _bodiless(
            "post",
            "reset",
            "Begins anew; `since` is the last number of the former journal.",
            {"since": _COUNT},
        ),
    )
    yield "/openapi.json", _get("openapi", "This document.", _ANY)


def _account_paths() -> Iterator[tuple[str, Json]]:
    account = _ref("Account")
    listed = _get("accounts", "The accounts, but for derived ones.", _listed("accounts", account))
    link = {
        "change": {"operationId": "changeAccount", "parameters": {"i_account": "$response.body#/i_account"}}
    }
    added = _post("addAccount", "Adds an account.", account, 201, account, also={409}, links=link)
    yield "/accounts", {**listed, **added}
    told = "Changes an account without an event; tell the provisioner by POST /events."
    changed = _post("changeAccount", told, _ref("Change"), 200, account, also={404})["post"]
    number = _in_path("i_account", {"type": "integer", "minimum": 1})
    yield "/accounts/{i_account}", {"patch": {**changed, "parameters": [number]}}


def _event_paths() -> Iterator[tuple[str, Json]]:
    variables = {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        # The emitter numbers its events itself.
        "propertyNames": {"not": {"const": "i_event"}},
    }
    body = {**_object({"event_type": _NAME, "variables": variables}), "additionalProperties": False}
    example = {"event_type": "Account/New", "variables": {"i_account": 189}}
    link = {"deliveries": {"operationId": "event", "parameters": {"i_event": "$response.body#/i_event"}}}
    emitted = _post(
        "emit", "Emits an event.", {**body, "examples": [example]}, 201, _ref("Event"), links=link
    )
    listed = _object({"events": {"type": "array", "items": _ref("Event")}, "more": {"type": "boolean"}})
    yield "/events", {**_get("events", "The events, oldest first.", listed, query=Events), **emitted}
    number = _in_path("i_event", {"type": "integer", "minimum": 1})
    told = _get("event", "An event with its deliveries.", _ref("Event"), also={404}, parameters=[number])
    yield "/events/{i_event}", told


def _clock_paths() -> Iterator[tuple[str, Json]]:
    timer = _object({"due": _TIME, "label": _TEXT})
    state = _object(
        {
            "mode": _NAME,
            "now": _TIME,
            "pending": _COUNT,
            "next": {"type": "array", "items": timer},
            "held_by": {"type": "array", "items": _TEXT},
        }
    )
    yield "/clock", _get("clock", "The clock, and the timers that fire next.", state, query=Timers)
    told = "Lets time go on in another mode, from where it stands; a reset returns to the first one."
    yield "/clock/mode", _post("switchClock", told, _ref("Mode"), 200, state)
    told = "Moves the clock on; answers when all that fell due was delivered and answered."
    yield "/clock/advance", _post("advance", told, _ref("Step"), 200, state, also={503})


def _journal_paths() -> Iterator[tuple[str, Json]]:
    listed = _object(
        {
            "records": {"type": "array", "items": _ref("Record")},
            "more": {"type": "boolean"},
            "dropped": _COUNT,
            "last_seq": _COUNT,
        }
    )
    told = (
        "The records that have all the given values. With `wait`, as soon as one has, or after so many real "
        "seconds; an exchange counts once it is answered, unless `answered` says otherwise."
    )
    yield "/journal", _get("journal", told, listed, query=Listing, also={410, 503})
    told = (
        "Server-sent events: each record as it is begun and as it is answered, from `since` on or behind "
        "`Last-Event-ID`; `dropped` where the client was too slow, and `stopped` at the end."
    )
    resumed: Json = {"name": "Last-Event-ID", "in": "header", "schema": _COUNT}
    stream = _get("followJournal", told, _TEXT, query=Following, also={503}, parameters=[resumed])
    stream["get"]["responses"]["200"]["content"] = {"text/event-stream": {"schema": _TEXT}}
    yield "/journal/stream", stream


def _oms_paths() -> Iterator[tuple[str, Json]]:
    order = _object({"order_id": _NAME, "request": _ANY, "accepted_at": _TIME, "states": {"type": "object"}})
    yield "/orders", _get("orders", "The accepted orders.", _listed("orders", order), query=Orders)
    notified = _object(
        {
            "notification_id": _NAME,
            "order_id": _NAME,
            "service": _NAME,
            "state": {"enum": ["in_progress", "retrying", *FINAL]},
            "message": _TEXT,
            "occurred_at": _TIME,
        }
    )
    told = "Says what becomes of a service of an order, whatever its plan says, and notifies the provisioner."
    notify = _post("notify", told, _ref("Decision"), 200, notified, also={404})
    notify["post"]["parameters"] = [_in_path("order_id", _NAME)]
    yield "/orders/{order_id}/notify", notify
    plan = _object({"number": _COUNT, "plan": _ref("Plan")})
    told = (
        "Decides what becomes of ordered services from now on; the newest plan that fits holds, "
        "but one that names an account before all that do not."
    )
    link = {"withdraw": {"operationId": "withdrawPlan", "parameters": {"number": "$response.body#/number"}}}
    added = _post("addPlan", told, _ref("Plan"), 201, plan, also={404}, links=link)
    yield "/plans", {**_get("plans", "The plans, those that hold first.", _listed("plans", plan)), **added}
    number = _in_path("number", {"type": "integer", "minimum": 1})
    gone = _get("withdrawPlan", "Lets a plan hold no longer.", _ANY, also={404}, parameters=[number])
    yield "/plans/{number}", {"delete": gone["get"]}


def _fault_paths() -> Iterator[tuple[str, Json]]:
    counts = _object({"number": _COUNT, "seen": _COUNT, "struck": _COUNT})
    armed = {"allOf": [counts, {"properties": {"point": _NAME, "fault": _ANY}}]}
    listed = {"faults": {"type": "array", "items": armed}, "points": {"type": "array", "items": _NAME}}
    told = "The armed fault plans, and the points at which faults can strike."
    link = {"disarm": {"operationId": "disarm", "parameters": {"number": "$response.body#/number"}}}
    arm = _post("arm", "Arms a fault plan.", _ref("FaultPlan"), 201, armed, links=link)
    clear = _bodiless("delete", "disarmAll", "Takes all fault plans out of force.", listed)
    yield "/faults", {**_get("faults", told, _object(listed)), **arm, **clear}
    number = _in_path("number", {"type": "integer", "minimum": 1})
    gone = _get(
        "disarm", "Takes a fault plan out of force.", _object(listed), also={404}, parameters=[number]
    )
    yield "/faults/{number}", {"delete": gone["get"]}


def _status() -> Json:
    return {
        "i_account": {"type": "integer", "minimum": 1},
        "group": _NAME,
        "status": {"enum": ["OK", "IN_PROGRESS", "RETRY", "FAILED"]},
        "message": {"type": ["string", "null"]},
        "stored_at": _TIME,
    }


def _event() -> Json:
    numbers = {"attempt": _COUNT, "status": _COUNT}
    delivery = _object({"handler": _NAME, "sent_at": {"type": "number"}, **numbers})
    fate = {"enum": ["queued", "given-up", "dropped", "superseded", "finished", "unsubscribed"]}
    told = {"event_type": _NAME, "variables": _ANY, "fate": fate}
    handler = _object({"name": _NAME, "attempts": _COUNT, **told})
    return _object(
        {
            "i_event": {"type": "integer", "minimum": 1},
            **told,
            "deliveries": {"type": "array", "items": delivery},
            "handlers": {"type": "array", "items": handler},
        }
    )


def _early_without_outcome() -> Json:
    """What is told before the order is answered is the outcome, so there must be one."""
    untold = {"enum": ["silent", "manual"]}
    return {"required": ["early", "outcome"], "properties": {"early": {"const": True}, "outcome": untold}}


def _whole_card() -> Json:
    """That a SIM card has both numbers, and no card none."""
    given, left_out = {"minLength": 1}, {"maxLength": 0}
    return {
        "anyOf": [
            {"required": ["iccid", "imsi"], "properties": {"iccid": given, "imsi": given}},
            {"properties": {"iccid": left_out, "imsi": left_out}},
        ]
    }


def _get(
    operation_id: str,
    summary: str,
    answer: Json,
    *,
    query: type[BaseModel] | None = None,
    also: set[int] | None = None,
    parameters: list[Json] | None = None,
) -> Json:
    asked = [*(parameters or ()), *(_in_query(query) if query else ())]
    refusals = {*(also or ()), *_AT_THE_GATE, *({400} if asked else ())}
    operation = {
        "operationId": operation_id,
        "summary": summary,
        "responses": _answers(200, answer, refusals),
    }
    return {"get": {**operation, **({"parameters": asked} if asked else {})}}


def _post(
    operation_id: str,
    summary: str,
    taken: Json,
    code: int,
    answer: Json,
    *,
    also: set[int] | None = None,
    links: Json | None = None,
) -> Json:
    answers = _answers(code, answer, {400, *_AT_THE_GATE, *(also or ())})
    if links:
        answers[str(code)]["links"] = links
    body = {"required": True, "content": {JSON: {"schema": taken}}}
    return {
        "post": {
            "operationId": operation_id,
            "summary": summary,
            "requestBody": body,
            "responses": answers,
        }
    }


def _bodiless(method: str, operation_id: str, summary: str, answer: Json) -> Json:
    return {method: _get(operation_id, summary, _object(answer))["get"]}


def _in_query(model: type[BaseModel]) -> Iterator[Json]:
    properties = model.model_json_schema()["properties"]
    for name, schema in properties.items():
        # A parameter is left out rather than null.
        kinds = [kind for kind in schema.get("anyOf", [schema]) if kind != {"type": "null"}]
        shown = {key: value for key, value in kinds[0].items() if key != "title"}
        yield {"name": name, "in": "query", "schema": shown}


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _ref(model: str) -> Json:
    return {"$ref": REFERENCE.format(model=model)}


def _listed(name: str, item: Json) -> Json:
    return _object({name: {"type": "array", "items": item}})


def _object(properties: Json, *, required: list[str] | None = None) -> Json:
    return {"type": "object", "required": required or list(properties), "properties": properties}


def _answers(code: int, answer: Json, refusals: set[int]) -> Json:
    refusal = {"content": {JSON: {"schema": _ref("Refusal")}}}
    return {
        str(code): {"description": "Done.", "content": {JSON: {"schema": answer}}},
        **{str(status): {"description": _REFUSALS[status], **refusal} for status in sorted(refusals)},
    }
