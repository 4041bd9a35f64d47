"""The OpenAPI document of the JSON API, made from the methods; the real system serves one too (S33)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from simulators.documents.schemas import REFERENCE, Json, schemas
from simulators.portabilling.methods import Method
from simulators.portabilling.parameters import AuthInfo, Parameters
from simulators.release import Release

JSON: Final = "application/json"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")

# Every failure is HTTP 500 with these two (S15, S25).
_FAULT: Final[Json] = {
    "type": "object",
    "required": ["faultcode", "faultstring"],
    "properties": {"faultcode": {"type": "string", "minLength": 1}, "faultstring": {"type": "string"}},
}
# What an answer is good for: the operations that take a value of it, and as which parameter.
_TOKEN: Final = {"access_token": "access_token"}
_FOLLOWERS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "Session/login": {
        "Session/ping": _TOKEN,
        "Session/logout": _TOKEN,
        "Session/refresh_access_token": {"refresh_token": "refresh_token"},
    },
    "Session/refresh_access_token": {"Session/ping": _TOKEN, "Session/logout": _TOKEN},
    "Account/add_account": {
        "Account/get_account_info": {"i_account": "i_account"},
        "Account/get_alias_list": {"i_account": "i_account"},
        "Account/terminate_account": {"i_account": "i_account"},
    },
    "Customer/add_customer": {"Customer/get_customer_info": {"i_customer": "i_customer"}},
}


def document(methods: Iterable[Method], *, release: Release, takes_json: bool = True) -> Json:
    """The OpenAPI 3.1 document of these methods; without `takes_json` they take forms alone."""
    methods = sorted(methods, key=lambda method: method.name)
    found, definitions = _schemas(methods)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PortaBilling JSON API (simulated)",
            "version": str(release),
            "description": "Every failure is HTTP 500 with faultcode and faultstring.",
        },
        "servers": [{"url": "/rest"}],
        "paths": {
            f"/{method.name}": {"post": _operation(method, found, takes_json=takes_json)}
            for method in methods
        },
        "components": {
            "schemas": {**definitions, "Fault": _FAULT},
            "securitySchemes": {"access_token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(methods: Iterable[Method]) -> tuple[Mapping[tuple[str, str], Json], Json]:
    """The schema of each method's parameters and of each field of its answer, and what they refer to."""
    inputs: list[Any] = [("auth_info", "validation", TypeAdapter(AuthInfo))]
    for method in methods:
        adapter: TypeAdapter[Parameters] = TypeAdapter(method.parameters)
        inputs.append((f"{method.name} takes", "validation", adapter))
        inputs.extend(
            (f"{method.name} answers {field}", "serialization", shape)
            for field, shape in method.answers.items()
        )
    return schemas(inputs, with_defaults=False)


def _operation(method: Method, found: Mapping[tuple[str, str], Json], *, takes_json: bool) -> Json:
    params = found[f"{method.name} takes", "validation"]
    answers = {field: found[f"{method.name} answers {field}", "serialization"] for field in method.answers}
    return {
        "operationId": method.name,
        "tags": [method.name.partition("/")[0]],
        "security": [] if method.is_open else [{"access_token": []}],
        "requestBody": _body(method, params, takes_json=takes_json),
        "responses": {
            "200": {
                "description": "The answer; a look-up of nothing is answered with an empty object.",
                "content": {
                    JSON: {"schema": {"type": "object", "properties": answers}},
                    **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in method.files},
                },
                **_links(method),
            },
            "500": {
                "description": "A fault.",
                "content": {JSON: {"schema": {"$ref": REFERENCE.format(model="Fault")}}},
            },
        },
    }


def _body(method: Method, params: Json, *, takes_json: bool) -> Json:
    is_required = "anyOf" in method.parameters.model_json_schema() or any(
        field.is_required() for field in method.parameters.model_fields.values()
    )
    auth_info = {"auth_info": {"$ref": REFERENCE.format(model="AuthInfo")}}
    parts = {"params": params, **({} if method.is_open else auth_info)}
    required = {"required": ["params"]} if is_required else {}
    # In a form, each part is JSON text (S9, S19).
    texts = {
        name: {"type": "string", "contentMediaType": JSON, "contentSchema": part}
        for name, part in parts.items()
    }
    form = {"schema": {"type": "object", "properties": texts, **required}}
    content = {JSON: {"schema": {"type": "object", "properties": parts, **required}}} if takes_json else {}
    return {"required": is_required, "content": {**content, **dict.fromkeys(FORMS, form)}}


def _links(method: Method) -> Json:
    followers = _FOLLOWERS.get(method.name, {})
    links = {
        follower.replace("/", "."): {
            "operationId": follower,
            "requestBody": {"params": {name: f"$response.body#/{field}" for name, field in values.items()}},
        }
        for follower, values in followers.items()
    }
    return {"links": links} if links else {}
