"""The OpenAPI document of the JSON API, made from the methods; the real system serves one too (S33)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from simulators.documents.schemas import REFERENCE, Json, schemas
from simulators.portabilling.methods import Method
from simulators.portabilling.parameters import AuthInfo, Parameters
from simulators.release import Release

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


def document(methods: Iterable[Method], *, release: Release) -> Json:
    """The OpenAPI 3.1 document of these methods."""
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
        "paths": {f"/{method.name}": {"post": _operation(method, found)} for method in methods},
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
    return schemas(inputs)


def _operation(method: Method, found: Mapping[tuple[str, str], Json]) -> Json:
    params = found[f"{method.name} takes", "validation"]
    answers = {field: found[f"{method.name} answers {field}", "serialization"] for field in method.answers}
    return {
        "operationId": method.name,
        "tags": [method.name.partition("/")[0]],
        "security": [] if method.is_open else [{"access_token": []}],
        "requestBody": _body(method, params),
        "responses": {
            "200": {
                "description": "The answer; a look-up of nothing is answered with an empty object.",
                "content": {"application/json": {"schema": {"type": "object", "properties": answers}}},
                **_links(method),
            },
            "500": {
                "description": "A fault.",
                "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model="Fault")}}},
            },
        },
    }


def _body(method: Method, params: Json) -> Json:
    is_required = "anyOf" in method.parameters.model_json_schema() or any(
        field.is_required() for field in method.parameters.model_fields.values()
    )
    auth_info = {"auth_info": {"$ref": REFERENCE.format(model="AuthInfo")}}
    schema = {
        "type": "object",
        "properties": {"params": params, **({} if method.is_open else auth_info)},
        **({"required": ["params"]} if is_required else {}),
    }
    return {"required": is_required, "content": {"application/json": {"schema": schema}}}


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
