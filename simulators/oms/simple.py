"""The dialect `simple`: a JSON order with its notify address, a JSON notification per service and state."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.clock import iso
from simulators.oms.dialect import (
    HttpReply,
    HttpRequest,
    Hub,
    Notification,
    Order,
    OrderRefusedError,
    OrderRequest,
)
from simulators.validation import mistakes
from simulators.wire.transport import Answer


class _Account(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    i_account: int
    id: str


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)
    reference: str = Field(min_length=1)
    action: str = Field(pattern="^(activate|modify|deactivate)$")
    account: _Account
    services: list[str] = Field(min_length=1)
    notify_url: str = Field(default="", pattern=r"^(https?://[^/?#\s].*)?$")


class SimpleDialect:
    """POST /orders with a Bearer token; 200 accepts, 4xx refuses for good."""

    def read_order(self, request: HttpRequest, *, token: str) -> OrderRequest:
        """Read an order; raises `OrderRefusedError` when it cannot be taken."""
        if (request.method, request.path) != ("POST", "/orders"):
            raise OrderRefusedError(
                404, "not_found", f"{request.method} {request.path} is not served: POST /orders is."
            )
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or credentials != token:
            raise OrderRefusedError(401, "unauthorized", "The OMS's Bearer token is required.")
        try:
            order = _Order.model_validate_json(request.body)
        except ValidationError as error:
            raise OrderRefusedError(400, "malformed", "; ".join(mistakes(error))) from error
        return OrderRequest(
            reference=order.reference,
            action=order.action,
            account=order.account.model_dump(),
            services=tuple(order.services),
            notify_url=order.notify_url,
        )

    def answer(self, accepted: Order | Hub) -> HttpReply:
        """Say that an order was accepted; this dialect knows no registrations."""
        if isinstance(accepted, Hub):
            raise TypeError("the dialect simple reads no registrations")
        return _json(200, order_id=accepted.order_id, reference=accepted.request.reference, state="accepted")

    def refuse(self, refusal: OrderRefusedError) -> HttpReply:
        """Say that an order was refused."""
        return _json(refusal.status, error=refusal.code, message=str(refusal))

    def write_notification(self, notification: Notification, *, notify_url: str) -> HttpRequest:
        """Write a notification of any state."""
        body = {
            "notification_id": notification.notification_id,
            "order_id": notification.order.order_id,
            "reference": notification.order.request.reference,
            "service": notification.service,
            "state": notification.state,
            "message": notification.message,
            "occurred_at": iso(notification.occurred_at),
        }
        return HttpRequest(
            method="POST",
            path=notify_url,
            headers={"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
        )

    def is_taken(self, answer: Answer) -> bool:
        """Any 2xx takes a notification."""
        return 200 <= answer.status < 300  # noqa: PLR2004 - the class of success


def _json(status: int, **fields: Any) -> HttpReply:
    return HttpReply(
        status=status, body=json.dumps(fields).encode(), headers={"Content-Type": "application/json"}
    )
