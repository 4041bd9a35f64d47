"""OpenAPI documents of a provisioner's two endpoints, as Schemathesis reads them.

The event receiver is the webhook description of the ESPF turned into a path (S3, S20), the notification
receiver that of the dialect `simple`. They say what is well-formed, and no more: unknown keys are legal.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

Json = dict[str, Any]
_TEXT: Final[Mapping[str, Any]] = {"type": "string"}
# Numbers, or texts of digits (S3, S4).
_NUMBER: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]{1,9}$"}]
}
_STATES: Final = ("in_progress", "completed", "failed", "retrying")


def event_receiver(events_url: str, event_types: Sequence[str]) -> Json:
    """The document of `events_url`, with these event types."""
    variables = _object({"i_account": _NUMBER, "i_event": _NUMBER}, required=("i_account", "i_event"))
    types = {"type": "string", "enum": list(event_types)}
    body = _object({"event_type": types, "variables": variables}, required=("event_type", "variables"))
    return _document("ESPF event receiver", events_url, "receiveEvent", body)


def notification_receiver(notify_url: str) -> Json:
    """The document of `notify_url`."""
    told = {
        "notification_id": _TEXT,
        "order_id": _TEXT,
        "reference": _TEXT,
        "service": _TEXT,
        "state": {"type": "string", "enum": list(_STATES)},
        "message": _TEXT,
        "occurred_at": {"type": "string", "format": "date-time"},
    }
    body = _object(told, required=("reference", "service", "state"))
    return _document("OMS notification receiver", notify_url, "receiveNotification", body)


def _object(properties: Mapping[str, Any], *, required: Sequence[str]) -> Json:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _document(title: str, url: str, operation: str, body: Json) -> Json:
    parts = urlsplit(url)
    post = {
        "operationId": operation,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "Taken."}, "4XX": {"description": "Refused for good."}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": f"{parts.scheme}://{parts.netloc}"}],
        "paths": {parts.path or "/": {"post": post}},
    }
