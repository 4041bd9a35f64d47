"""The seam between the OMS's rules and its wire: how orders and notifications are written.

No public OMS interface exists for this, so it is a dialect: a class with five operations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulators.transport import Answer


class OrderRefusedError(Exception):
    """An order is not taken; `status` is the HTTP status that says so, `code` a word for programs."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request as it reached the OMS."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """What the OMS answers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """What a provisioner ordered, whatever the dialect."""

    reference: str
    action: str
    account: Mapping[str, Any]
    services: tuple[str, ...]
    notify_url: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """An accepted order."""

    order_id: str
    request: OrderRequest
    accepted_at: float


@dataclass(frozen=True, kw_only=True)
class Notification:
    """News of one service of an order; `occurred_at` is virtual time."""

    notification_id: str
    order: Order
    service: str
    state: str
    message: str
    occurred_at: float


class Dialect(Protocol):
    """The five operations."""

    def read_order(self, request: HttpRequest, *, token: str) -> OrderRequest:
        """Read an order; raises `OrderRefusedError` when it cannot be taken. `token` is the OMS's."""

    def answer(self, order: Order) -> HttpReply:
        """Say that an order was accepted."""

    def refuse(self, refusal: OrderRefusedError) -> HttpReply:
        """Say that an order was refused."""

    def write_notification(self, notification: Notification) -> HttpRequest:
        """Write a notification; `path` of the result is the whole URL."""

    def is_taken(self, answer: Answer) -> bool:
        """Tell from its answer whether a notification was taken; if not, it is sent again."""
