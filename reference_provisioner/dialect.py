"""The dialect of the OMS, spoken as its client (orders) and as its listener (notifications).

Another external system is another class with these operations; nothing else knows its formats.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Protocol, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from reference_provisioner.errors import MalformedError
from reference_provisioner.models import Order, Report, Status


class Dialect(Protocol):
    """How an order is written, how its answer is read, and how a notification is read."""

    orders_path: str

    def write_order(self, order: Order, *, notify_url: str) -> dict[str, Any]:
        """Return the JSON body of the order."""

    def read_order_id(self, body: bytes) -> str | None:
        """Return the OMS's own name for an order that it accepted, or None when it gave none."""

    def read_notification(self, body: bytes) -> Report:
        """Return what the notification reports; raises MalformedError when it cannot be read."""


STATUSES: Final[Mapping[str, Status]] = {
    "in_progress": Status.IN_PROGRESS,
    "completed": Status.OK,
    "failed": Status.FAILED,
    "retrying": Status.RETRY,
}


def _timestamp(value: object) -> object:
    # A bare number would pass for seconds since 1970.
    if not isinstance(value, str) or "-" not in value[1:]:
        raise ValueError("is not a date and time")
    return value


# PostgreSQL holds no text with this character, and would be taken for broken.
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class _Accepted(BaseModel):
    order_id: Name


class _Notification(BaseModel):
    notification_id: Name
    reference: Name | None = None
    order_id: Name | None = None
    service: Name
    state: Literal["in_progress", "completed", "failed", "retrying"]
    occurred_at: Annotated[AwareDatetime, BeforeValidator(_timestamp)]

    @model_validator(mode="after")
    def _names_an_order(self) -> Self:
        if self.reference is None and self.order_id is None:
            raise ValueError("neither reference nor order_id is given")
        return self


class SimpleDialect:
    """The dialect `simple`: one order for all services, one notification per service and change of state."""

    orders_path = "/orders"

    def write_order(self, order: Order, *, notify_url: str) -> dict[str, Any]:
        """Return the JSON body of the order; SIM data that PortaBilling does not hold are left out."""
        return {
            "reference": order.reference,
            "action": order.action,
            "account": order.subscriber.model_dump(exclude_none=True),
            "services": list(order.services),
            "notify_url": notify_url,
        }

    def read_order_id(self, body: bytes) -> str | None:
        """Return the order_id; an answer that cannot be read is still an acceptance."""
        try:
            return _Accepted.model_validate_json(body).order_id
        except ValidationError:
            return None

    def read_notification(self, body: bytes) -> Report:
        """Return what the notification reports; raises MalformedError when it cannot be read."""
        try:
            notice = _Notification.model_validate_json(body)
        except ValidationError as error:
            # NOTICE-MALFORMED
            raise MalformedError.of("a notification", error) from error
        return Report(
            notification_id=notice.notification_id,
            reference=notice.reference,
            order_id=notice.order_id,
            service=notice.service,
            status=STATUSES[notice.state],
            occurred_at=notice.occurred_at,
        )
