"""The rules of duty 3: send the subscriber data to the external system."""

from collections.abc import Iterator
from typing import Final

from conformance.oracle.case import Case, Declared, is_success
from conformance.oracle.checks import Check, Subject, listed
from conformance.oracle.duty_1_events import references

# The account and its SIM data, by the names that the journal's facts and orders share.
ORDERED_FIELDS: Final = ("i_account", "id", "msisdn", "imsi", "iccid")


def order_content(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-CONTENT: the account's own data, and at least the services that it needs."""
    subject = Subject(requirement="ORDER-CONTENT", i_account=case.i_account)
    for order in case.accepted:
        for name in ORDERED_FIELDS:
            held, sent = case.account.get(name), order.detail["account"].get(name)
            yield subject.check(
                holds=sent == held,
                expected=f"{name} {held!r} in the order",
                received=repr(sent),
                shown_by=[order],
            )
    activating = [event for event in case.events if event.detail.get("event_type") in declared.activating]
    if any(is_success(event.status) for event in activating):
        yield _services_ordered(subject, case, declared)


def order_once(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-ONCE: per event and service, one accepted reference at most."""
    yield from references(Subject(requirement="ORDER-ONCE", i_account=case.i_account), case, declared)


def _services_ordered(subject: Subject, case: Case, declared: Declared) -> Check:
    needed = case.needed_services(declared)
    # One that was refused for good was ordered all the same.
    decided = [order for order in case.placed if order.decided_at]
    ordered = sorted({service for order in decided for service in order.services})
    return subject.check(
        holds=set(needed) <= set(ordered),
        expected=f"orders for {listed(needed)}",
        received=f"orders for {listed(ordered)}",
        shown_by=case.orders,
    )
