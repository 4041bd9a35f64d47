"""Duty 1, receive provisioning events: the receiver that the ESPF calls.

What is answered 200 will not be sent again, so it is stored before; what is answered 4xx is dropped by the
ESPF for good, so only what can never be understood is answered that way.
"""

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError

from reference_provisioner.errors import MalformedError, UnauthorizedError
from reference_provisioner.models import Action, Event, EventType
from reference_provisioner.store import Store

log = logging.getLogger(__name__)


def _digits(value: object) -> object:
    # EVENT-NUMBERS: the type table says int, the documented example sends strings of digits (S3, S4).
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("is not a whole number")


# The upper bound is what the database's widest integer holds.
Number = Annotated[int, BeforeValidator(_digits), Field(gt=0, lt=1 << 63)]


class _Envelope(BaseModel):
    event_type: EventType
    variables: dict[str, Any]


class _Variables(BaseModel):
    i_account: Number
    i_event: Number


@dataclass(frozen=True, kw_only=True)
class EventReceiver:
    """Takes the events of the ESPF that come with the right credentials; `actions` says what a type means."""

    store: Store
    user: str
    password: SecretStr
    actions: Mapping[str, Action]
    wake_workers: Callable[[], None]

    def authorize(self, user: str | None, password: str | None) -> None:
        """Raise UnauthorizedError unless both are the agreed ones (EVENT-AUTH)."""
        # Both are always compared, in constant time: how long it takes tells nothing of either.
        right_user = hmac.compare_digest((user or "").encode(), self.user.encode())
        right_password = hmac.compare_digest(
            (password or "").encode(), self.password.get_secret_value().encode()
        )
        if not (right_user & right_password):
            raise UnauthorizedError("wrong credentials")

    def receive(self, body: bytes) -> None:
        """Store the event, if it is one of ours and new; raises MalformedError when it cannot be read."""
        event = read_event(body, actions=self.actions)
        if event is None:
            return
        is_new = self.store.add_event(event)
        log.info(
            # EVENT-DUPLICATE
            "event received" if is_new else "event was received before",
            extra={"i_event": event.i_event, "i_account": event.i_account, "action": event.action},
        )
        if is_new:
            self.wake_workers()


def read_event(body: bytes, *, actions: Mapping[str, Action]) -> Event | None:
    """Return the event, or None for one of a type that is not handled; raises MalformedError."""
    try:
        envelope = _Envelope.model_validate_json(body)
        action = actions.get(envelope.event_type)
        # EVENT-UNKNOWN: events of customers, numbers or invoices have other variables, which are no mistake.
        if action is None:
            log.info("event of a type without an action: %.100s", envelope.event_type)
            return None
        variables = _Variables.model_validate(envelope.variables)
    except ValidationError as error:
        # EVENT-MALFORMED
        raise MalformedError.of("an event", error) from error
    return Event(i_event=variables.i_event, i_account=variables.i_account, action=action)
