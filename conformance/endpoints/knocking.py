"""The collections of probes by name, each made for one account of a story."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from conformance.endpoints.documents import event_receiver, notification_receiver
from conformance.endpoints.events import malformed_events, unauthorized_events, unknown_events, written_event
from conformance.endpoints.generated import kind_of_event, kind_of_notification, negative_probes
from conformance.endpoints.notifications import (
    malformed_notifications,
    unknown_notifications,
    written_notification,
)
from conformance.endpoints.odd_requests import odd_requests
from conformance.endpoints.probes import Probe


@dataclass(frozen=True, kw_only=True)
class About:
    """What probes seem to be about: an account, an event that was never emitted, an order that was made.

    `declared` are the event types that the target handles; the first of them is used. `order` names an
    order of the account by order_id, reference and service; it is empty where there is none.
    """

    i_account: int
    i_event: int
    declared: tuple[str, ...]
    events_url: str
    notify_url: str
    order: Mapping[str, str]
    seed: int


def _odd_events(about: About) -> Iterator[Probe]:
    body = written_event(about.declared[0], i_account=about.i_account, i_event=about.i_event)
    return odd_requests(body, operation="event", i_account=about.i_account)


def _odd_notifications(about: About) -> Iterator[Probe]:
    body = written_notification(about.order, state="failed")
    return odd_requests(body, operation="notification", i_account=about.i_account)


def _generated_events(about: About) -> Iterator[Probe]:
    return negative_probes(
        event_receiver(about.events_url, about.declared),
        operation="event",
        kind_of=partial(kind_of_event, declared=about.declared),
        i_account=about.i_account,
        seed=about.seed,
    )


def _generated_notifications(about: About) -> Iterator[Probe]:
    return negative_probes(
        notification_receiver(about.notify_url),
        operation="notification",
        kind_of=kind_of_notification,
        i_account=about.i_account,
        seed=about.seed,
    )


PROBES: Final[Mapping[str, Callable[[About], Iterator[Probe]]]] = {
    "malformed events": lambda about: malformed_events(
        about.declared[0], i_account=about.i_account, i_event=about.i_event
    ),
    "unknown events": lambda about: unknown_events(i_account=about.i_account, i_event=about.i_event),
    "unauthorized events": lambda about: unauthorized_events(
        about.declared[0], i_account=about.i_account, i_event=about.i_event
    ),
    "odd events": _odd_events,
    "generated events": _generated_events,
    "malformed notifications": lambda about: malformed_notifications(about.order, i_account=about.i_account),
    "unknown notifications": lambda about: unknown_notifications(
        about.order["service"], i_account=about.i_account
    ),
    "odd notifications": _odd_notifications,
    "generated notifications": _generated_notifications,
}
