"""The seam between the OMS's rules and its wire: how orders and notifications are written.

No public OMS interface exists for this, so it is a dialect: a class with five operations, chosen by its
name or, a user's own, as `module:Class`.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulators.errors import DialectError
from simulators.wire.transport import Answer


class OrderRefusedError(Exception):
    """An order is not taken; `status` is the HTTP status that says so, `code` a word for programs."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request as it reached the OMS, or as it leaves it; then `path` is the whole URL."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRequest:
    """What a provisioner ordered, whatever the dialect; an empty `notify_url` stands for the OMS's own."""

    reference: str
    action: str
    account: Mapping[str, Any]
    services: tuple[str, ...]
    notify_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Hub:
    """An address that a provisioner registered for the notifications of all its orders."""

    notify_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An accepted order; `accepted_at` is virtual time."""

    order_id: str
    request: OrderRequest
    accepted_at: float


@dataclass(frozen=True, kw_only=True)
class Notification:
    """News of one service of an order; `states` has the state of each of its services after it.

    `occurred_at` is virtual time. `cause` says why it is told, in the journal's words; `group` is the
    registered group that the service is named like, if there is one.
    """

    notification_id: str
    order: Order
    service: str
    state: str
    message: str
    occurred_at: float
    states: Mapping[str, str]
    cause: str = ""
    group: str | None = None


class Dialect(Protocol):
    """The five operations."""

    def read_order(self, request: HttpRequest, *, token: str) -> OrderRequest | Hub:
        """Read an order, or the registration of an address for notifications; `token` is the OMS's.

        Raises:
            OrderRefusedError: it cannot be taken.
        """

    def answer(self, accepted: Order | Hub) -> HttpReply:
        """Say that an order, or a registration, was accepted."""

    def refuse(self, refusal: OrderRefusedError) -> HttpReply:
        """Say that an order was refused."""

    def write_notification(self, notification: Notification, *, notify_url: str) -> HttpRequest | None:
        """Write a notification; None where this dialect does not tell such news."""

    def is_taken(self, answer: Answer) -> bool:
        """Tell from its answer whether a notification was taken; if not, it is sent again."""


def load_dialect(name: str) -> Dialect:
    """The dialect of a name: `simple`, or `module:Class` for one of your own.

    Raises:
        DialectError: there is no such module or class, or it lacks an operation.
    """
    module_name, _, class_name = (
        "simulators.oms.simple:SimpleDialect" if name == "simple" else name
    ).partition(":")
    try:
        made = getattr(importlib.import_module(module_name), class_name)()
    except Exception as error:
        raise DialectError(
            f"OMS dialect {name!r} cannot be loaded ({error}): name simple, or module:Class of your own."
        ) from error
    missing = [operation for operation in _OPERATIONS if not callable(getattr(made, operation, None))]
    if missing:
        raise DialectError(f"OMS dialect {name!r} lacks {', '.join(missing)}: it needs all five operations.")
    dialect: Dialect = made
    return dialect


_OPERATIONS = ("read_order", "answer", "refuse", "write_notification", "is_taken")
