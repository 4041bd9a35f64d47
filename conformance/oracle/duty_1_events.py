"""The rules of duty 1: receive provisioning events from the ESPF."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from conformance.oracle.case import Case, Declared
from conformance.oracle.checks import Check, Subject, answer
from simulators.journal import Record

ANSWERED: Final = 200


def event_ack(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-ACK: 200, and in time."""
    subject = Subject(requirement="EVENT-ACK", i_account=case.i_account)
    for event in case.events:
        if event.detail.get("event_type") not in declared.handled:
            continue
        lenient = declared.success == "any-2xx" and event.status in {202, 204}
        yield subject.check(
            holds=event.status == ANSWERED,
            expected=f"200 to {event.detail['event_type']}, i_event {event.i_event}",
            received=answer(event),
            shown_by=[event],
            otherwise="warn" if lenient else "fail",
        )
        if event.status == ANSWERED and event.duration is not None:
            yield subject.check(
                holds=event.duration <= declared.ack,
                expected=f"an answer within {declared.ack:g} s",
                received=f"an answer after {event.duration:.1f} s",
                shown_by=[event],
                otherwise="warn",
            )


def event_duplicate(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-DUPLICATE: once answered 200, again 200, and no second order."""
    subject = Subject(requirement="EVENT-DUPLICATE", i_account=case.i_account)
    repeated = _redeliveries(case)
    for event in repeated:
        yield subject.check(
            holds=event.status == ANSWERED,
            expected=f"200 to the redelivered i_event {event.i_event}",
            received=answer(event),
            shown_by=[event],
        )
    if repeated:
        yield from references(subject, case, declared)


def references(subject: Subject, case: Case, declared: Declared) -> Iterator[Check]:
    """Check that no service has more accepted references than the account had events."""
    events = {event.i_event for event in case.events if event.detail.get("event_type") in declared.handled}
    accepted = {(order.reference, service) for order in case.accepted for service in order.detail["services"]}
    for service, count in sorted(Counter(service for _, service in accepted).items()):
        yield subject.check(
            holds=count <= len(events),
            expected=f"at most {len(events)} accepted reference(s) for {service}, one for each event",
            received=f"{count} accepted reference(s)",
            shown_by=case.accepted,
        )


def _redeliveries(case: Case) -> list[Record]:
    """The deliveries of an event that came after one of the same i_event had been answered 200."""
    found: list[Record] = []
    by_event = sorted(case.events, key=lambda event: (event.i_event or 0, event.seq))
    for _, deliveries in groupby(by_event, key=lambda event: event.i_event):
        taken = False
        for event in deliveries:
            if taken:
                found.append(event)
            taken = taken or event.status == ANSWERED
    return found
