"""The OpenAPI document of the ESPF API; the real system serves one too, from MR101 on (S33)."""

from collections.abc import Mapping
from typing import Any, Final

from simulators.espf.bodies import FORM, JSON
from simulators.espf.core import AUDIENCE, MAX_MESSAGE, SCOPE, STATUSES
from simulators.espf.settings import EspfSettings
from simulators.world import FIRST_CUSTOM_GROUP, MAX_GROUP_NAME, MAX_ID

Json = dict[str, Any]
# Below 2^31, as the documented `int` (S3).
_NUMBER: Final[Json] = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_NAME: Final[Json] = {"type": "string", "minLength": 1, "maxLength": MAX_GROUP_NAME}
# The account of the documented story (P).
_EXAMPLE: Final = 189
_REFUSALS: Final[Mapping[int, str]] = {
    400: "A field is missing or wrong, or the body is not of its type.",
    401: "The credentials are nobody's.",
    403: f"The user may not use the ESPF API: it needs the audience {AUDIENCE} and the scope {SCOPE}.",
    404: "Nothing has this number, ID or name.",
    409: "The groups as they are forbid it: the name is taken, or the group is predefined or used.",
    415: "The body is neither a form nor JSON.",
}


def document(settings: EspfSettings) -> Json:
    """The OpenAPI 3.1 document of an ESPF API with these settings."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PortaBilling ESPF API (simulated)",
            "version": str(settings.release),
            "description": "Every refusal is a 40x with a JSON object that says why.",
        },
        "servers": [{"url": "/espf/v1"}],
        "security": [{"basic": []}, {"access_token": []}],
        "paths": {**_statuses(settings), **_groups(settings)},
        "components": {
            "schemas": {
                "StatusUpdate": _status_update(),
                "Group": _group(settings),
                "Refusal": _object({"error": {"type": "string", "minLength": 1}}),
            },
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _statuses(settings: EspfSettings) -> Json:
    by_number = {"name": "i_account", "in": "path", "required": True, "example": _EXAMPLE, "schema": _NUMBER}
    by_id = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The account's ID; all that is no letter, digit, -, ., _ or ~ is percent-encoded.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_ID},
    }
    refusals = {400, 401, 403, 404, 415, settings.unregistered_group}
    shared: Json = {
        "tags": ["Status"],
        "requestBody": _body({"$ref": "#/components/schemas/StatusUpdate"}),
        "responses": _answers(_stored(settings), refusals),
    }
    return {
        "/account/i/{i_account}/status": {
            "post": {"operationId": "updateStatus", "parameters": [by_number], **shared}
        },
        "/account/{id}/status": {
            "post": {"operationId": "updateStatusById", "parameters": [by_id], **shared}
        },
    }


def _groups(settings: EspfSettings) -> Json:
    i_group = {"name": "i_group", "in": "path", "required": True, "schema": _NUMBER}
    in_body = _object({"i_group": {"anyOf": [_NUMBER, {"type": "string", "pattern": "^[1-9][0-9]{0,9}$"}]}})
    created = _content(_object({"name": _NAME, "i_group": _NUMBER}))
    listed = _object({"group_list": {"type": "array", "items": {"$ref": "#/components/schemas/Group"}}})
    gone = _answers(_content({"type": "object"}), {401, 403, 404, settings.conflict})
    gone_by_body = _answers(_content({"type": "object"}), {400, 401, 403, 404, 415, settings.conflict})
    made = _answers(created, {400, 401, 403, 415, settings.conflict}, links=_links())
    return {
        "/groups": {"get": _operation("listGroups", responses=_answers(_content(listed), {401, 403}))},
        "/group/create": {
            "post": _operation("createGroup", requestBody=_body(_object({"name": _NAME})), responses=made)
        },
        "/group/{i_group}": {"delete": _operation("deleteGroup", parameters=[i_group], responses=gone)},
        "/group/delete": {
            "post": _operation("deleteGroupByBody", requestBody=_body(in_body), responses=gone_by_body)
        },
    }


def _operation(operation_id: str, **parts: Any) -> Json:
    return {"operationId": operation_id, "tags": ["Groups"], **parts}


def _links() -> Json:
    """What a new group is good for."""
    number, name = "$response.body#/i_group", "$response.body#/name"
    return {
        "list": {"operationId": "listGroups"},
        "delete": {"operationId": "deleteGroup", "parameters": {"i_group": number}},
        "deleteByBody": {"operationId": "deleteGroupByBody", "requestBody": {"i_group": number}},
        "use": {
            "operationId": "updateStatus",
            "parameters": {"i_account": _EXAMPLE},
            "requestBody": {"status": STATUSES[0], "group": name},
        },
    }


def _status_update() -> Json:
    properties: Json = {
        "status": {"enum": list(STATUSES)},
        "group": {"type": "string", "minLength": 1, "description": "The name of a registered group."},
        "message": {"type": ["string", "null"], "maxLength": MAX_MESSAGE},
    }
    example = {"status": STATUSES[0], "group": "HSS"}
    return {**_object(properties, required=["status", "group"]), "examples": [example]}


def _stored(settings: EspfSettings) -> Json:
    if settings.status_answer == "empty":
        return {}
    return _content(
        _object({"i_account": _NUMBER, "group": {"type": "string"}, "status": {"enum": list(STATUSES)}})
    )


def _group(settings: EspfSettings) -> Json:
    if settings.group_types == "table":
        types: Json = {"i_group": _NUMBER, "name": _NAME, "is_custom": {"enum": ["true", "false"]}}
        example: Json = {"i_group": FIRST_CUSTOM_GROUP, "name": "IOT", "is_custom": "true"}
    else:
        types = {
            "i_group": {"type": "string", "pattern": "^[1-9][0-9]*$"},
            "name": _NAME,
            "is_custom": {"type": "boolean"},
        }
        example = {"i_group": str(FIRST_CUSTOM_GROUP), "name": "IOT", "is_custom": True}
    return {**_object(types), "examples": [example]}


def _object(properties: Json, *, required: list[str] | None = None) -> Json:
    return {"type": "object", "required": required or list(properties), "properties": properties}


def _content(schema: Json) -> Json:
    return {"content": {JSON: {"schema": schema}}}


def _body(schema: Json) -> Json:
    return {"required": True, "content": {FORM: {"schema": schema}, JSON: {"schema": schema}}}


def _answers(good: Json, refusals: set[int], *, links: Json | None = None) -> Json:
    refusal = _content({"$ref": "#/components/schemas/Refusal"})
    return {
        "200": {"description": "Done.", **good, **({"links": links} if links else {})},
        **{str(code): {"description": _REFUSALS[code], **refusal} for code in sorted(refusals)},
    }
