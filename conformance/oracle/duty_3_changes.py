"""The rules of duty 3 on changes: what was changed or closed reaches the external system as well."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.oracle.case import Case, Declared, Order
from conformance.oracle.checks import Check, Subject, listed
from conformance.oracle.duty_3_orders import ORDERED_FIELDS
from conformance.target import Action
from simulators.journal import Record


def order_change(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-CHANGE: when a change was told of, the newest order of each service carries what is true.

    What an order carries already matters to no service, and an account that was never ordered has none.
    """
    event = _told_of(case, declared, "modify")
    truths = [case.account_at(event.seq), *_later_facts(case, event)] if event else []
    if event is None or not case.is_at_hand or any(map(_is_closed, truths)):
        return
    if not any(order.accepted and order.accepted.seq < event.seq for order in case.placed):
        return
    due = set(case.needed_services(declared, at=event.seq)) & set(case.needed_services(declared))
    old = sorted(service for service in due if not _carries(case.newest_order(service), truths))
    yield Subject(requirement="ORDER-CHANGE", i_account=case.i_account).check(
        holds=not old,
        expected=f"orders with the changed data for {listed(sorted(due))}",
        received=f"none with them for {listed(old)}",
        shown_by=[event, *case.orders],
    )


def order_close(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-CLOSE: when a closing was told of, what was activated is deactivated, unless opened again."""
    event = _told_of(case, declared, "deactivate")
    truths = [case.account_at(event.seq), *_later_facts(case, event)] if event else []
    if event is None or not case.is_at_hand or not all(map(_is_closed, truths)):
        return
    active = {service for order in case.placed if _activates(order, event) for service in order.services}
    kept = sorted(service for service in active if not _deactivates(case.newest_order(service)))
    if active:
        yield Subject(requirement="ORDER-CLOSE", i_account=case.i_account).check(
            holds=not kept,
            expected=f"orders that deactivate {listed(sorted(active))}",
            received=f"none that deactivates {listed(kept)}",
            shown_by=[event, *case.orders],
        )


def _told_of(case: Case, declared: Declared, action: Action) -> Record | None:
    """The newest event of an action that was taken."""
    types = declared.features.actions.get(action, ())
    taken = (event for event in reversed(case.events) if declared.is_taken(event))
    return next((event for event in taken if event.detail.get("event_type") in types), None)


def _later_facts(case: Case, event: Record) -> list[Mapping[str, Any]]:
    return [fact.detail for fact in case.facts if fact.seq > event.seq]


def _is_closed(account: Mapping[str, Any]) -> bool:
    return account.get("bill_status") == "C"


def _carries(order: Order | None, truths: list[Mapping[str, Any]]) -> bool:
    """Tell whether an order holds what was true at some moment since the event."""
    return order is not None and any(
        all(order.account.get(name) == truth.get(name) for name in ORDERED_FIELDS) for truth in truths
    )


def _activates(order: Order, event: Record) -> bool:
    is_before = order.accepted is not None and order.accepted.seq < event.seq
    return is_before and order.action != "deactivate"


def _deactivates(order: Order | None) -> bool:
    return order is not None and order.action == "deactivate"
