"""The rules of duty 3: send the subscriber data to the external system."""

from collections.abc import Iterator
from typing import Final

from conformance.oracle.case import Case, Declared, Order, is_success
from conformance.oracle.checks import Check, Subject, answer, listed
from conformance.oracle.duty_1_events import references
from conformance.oracle.outcomes import is_given_up
from conformance.oracle.reading import REFUSALS, is_told
from simulators.journal import Record

# The account and its SIM data, by the names that the journal's facts and orders share.
ORDERED_FIELDS: Final = ("i_account", "id", "msisdn", "imsi", "iccid")


def order_content(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-CONTENT: the account's own data, and at least the services that it needs.

    Data that were true before are its own too: whether they are still fresh, DATA-FRESH judges.
    """
    subject = Subject(requirement="ORDER-CONTENT", i_account=case.i_account)
    for order in case.accepted:
        known = [fact.detail for fact in case.facts if fact.seq < order.seq] or [case.account]
        for name in ORDERED_FIELDS:
            held, sent = [account.get(name) for account in known], order.detail["account"].get(name)
            yield subject.check(
                holds=sent in held,
                expected=f"{name} {held[-1]!r} in the order",
                received=repr(sent),
                shown_by=[order],
            )
    told = [event for event in case.activating(declared) if is_success(event.status)]
    if case.is_at_hand and told:
        yield _services_ordered(subject, told[-1], case, declared)


def order_once(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-ONCE: per event and service, one accepted reference at most."""
    yield from references(Subject(requirement="ORDER-ONCE", i_account=case.i_account), case, declared)


def order_retry(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-RETRY: what the OMS did not take in its trouble comes again until it is taken.

    What is not needed any more, or was shown to be closed meanwhile, need not come again.
    """
    subject = Subject(requirement="ORDER-RETRY", i_account=case.i_account)
    for order in case.placed:
        failed = [
            request for request in order.requests if not (is_success(request.status) or _refuses(request))
        ]
        if not failed or order.accepted in failed:
            continue
        later = {
            service for other in case.placed if _decided_after(other, failed[0]) for service in other.services
        }
        yield subject.check(
            holds=_still_due(order, case, declared) <= later,
            expected=f"order {order.reference} again, until the OMS takes it",
            received=f"{len(order.requests)} requests: {listed([answer(one) for one in order.requests])}",
            shown_by=order.requests,
        )


def order_reply_lost(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-REPLY-LOST: an order whose answer was lost is repeated under the same reference."""
    subject = Subject(requirement="ORDER-REPLY-LOST", i_account=case.i_account)
    for order in case.placed:
        if order.accepted is None or is_told(order.accepted):
            continue
        events = {
            event.i_event for event in case.events if event.detail.get("event_type") in declared.handled
        }
        same = [
            other for other in case.placed if other.accepted and set(other.services) & set(order.services)
        ]
        yield subject.check(
            holds=len(same) <= len(events),
            expected=f"order {order.reference} again under the same reference",
            received=f"references {listed([other.reference for other in same])}",
            shown_by=[other.accepted for other in same if other.accepted],
            otherwise="warn",
        )


def order_refused(case: Case, declared: Declared) -> Iterator[Check]:
    """ORDER-REFUSED: the groups of an order that is refused for good end with FAILED."""
    for group, stands_for in declared.groups.items():
        newest = (order for order in map(case.newest_order, stands_for) if order)
        # One that was taken before it was refused may come to any end.
        refused = [order for order in newest if order.refused and not order.accepted]
        if not refused or is_given_up(case, group):
            continue
        stored = case.stored(group)
        yield Subject(requirement="ORDER-REFUSED", i_account=case.i_account, group=group).check(
            holds=stored == "FAILED",
            expected=f"FAILED stored for {group}, whose order the OMS refused for good",
            received=f"stored: {stored or 'nothing'}",
            shown_by=[request for order in refused for request in order.requests],
        )


def _still_due(order: Order, case: Case, declared: Declared) -> set[str]:
    if order.action == "deactivate":
        return set(order.services)
    first = order.requests[0]
    return (
        set()
        if case.last_closed(declared) > first.seq
        else set(order.services) & set(case.needed_services(declared))
    )


def _refuses(request: Record) -> bool:
    return request.status in REFUSALS


def _decided_after(order: Order, failed: Record) -> bool:
    return order.decided_at is not None and order.decided_at.seq > failed.seq


def _services_ordered(subject: Subject, event: Record, case: Case, declared: Declared) -> Check:
    """Check that what was needed by an event, and still is, was ordered; ORDER-CHANGE has the rest."""
    needed = [name for name in case.needed_services(declared, at=event.seq) if case.needs(name)]
    # One that was refused for good was ordered all the same.
    ordered = sorted(case.decided_services)
    return subject.check(
        holds=set(needed) <= set(ordered),
        expected=f"orders for {listed(needed)}",
        received=f"orders for {listed(ordered)}",
        shown_by=case.orders,
    )
