"""The rules of duty 1: receive provisioning events from the ESPF."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from conformance.oracle.case import Case, Declared, read_group, read_status, was_answered_before
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.outcomes import sole_meaning
from simulators.journal import Record

ANSWERED: Final = 200
REFUSED: Final = range(400, 500)


def event_ack(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-ACK: 200, and in time; an answer to what comes once more is EVENT-DUPLICATE's concern."""
    subject = Subject(requirement="EVENT-ACK", i_account=case.i_account)
    for event in _handled(case, declared):
        if not (_is_redelivered(case, event) or _is_overlapping(case, event)):
            yield _taken(subject, event, declared)
            if event.status == ANSWERED and event.duration is not None:
                yield subject.check(
                    holds=event.duration <= declared.ack,
                    expected=f"an answer within {declared.ack:g} s",
                    received=f"an answer after {event.duration:.1f} s",
                    shown_by=[event],
                    otherwise="warn",
                )


def event_duplicate(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-DUPLICATE: once answered 200, again 200, and no second order; before that, anything but 4xx."""
    subject = Subject(requirement="EVENT-DUPLICATE", i_account=case.i_account)
    again: list[Record] = []
    for event in _handled(case, declared):
        if _is_redelivered(case, event):
            again.append(event)
            yield _taken(subject, event, declared)
            yield from _second_reports(subject, case, declared, event)
        elif _is_overlapping(case, event):
            again.append(event)
            yield subject.check(
                holds=event.status not in REFUSED,
                expected=f"no 4xx to i_event {event.i_event} while its first delivery is unanswered",
                received=answer(event),
                shown_by=[event],
            )
    if again:
        yield from references(subject, case, declared, since=again[0].seq)


def references(subject: Subject, case: Case, declared: Declared, *, since: int = 0) -> Iterator[Check]:
    """Check that no service got more accepted references than the account had events, after a record."""
    events = {event.i_event for event in _handled(case, declared)}
    accepted = {
        (order.reference, service): order.seq
        for order in reversed(case.accepted)
        for service in order.detail["services"]
    }
    for service, count in sorted(Counter(service for _, service in accepted).items()):
        last = max(seq for (_, name), seq in accepted.items() if name == service)
        yield subject.check(
            holds=count <= len(events) or last <= since,
            expected=f"at most {len(events)} accepted reference(s) for {service}, one for each event",
            received=f"{count} accepted reference(s)",
            shown_by=case.accepted,
        )


def _second_reports(subject: Subject, case: Case, declared: Declared, event: Record) -> Iterator[Check]:
    """Check that a redelivery does not start anew what was decided and reported; other rules judge values."""
    for group in case.needed_groups(declared):
        services = case.services_of(group, declared)
        decided = sole_meaning(case, declared, group, before=event.seq)
        if decided is None or case.stored(group, before=event.seq) != decided:
            continue
        later = [status for status in case.statuses if status.seq > event.seq and read_group(status) == group]
        restarted = "IN_PROGRESS" in {read_status(status) for status in later}
        news = [notice for notice in case.news_of(services) if notice.seq > event.seq]
        yield subject.check(
            holds=bool(news) or not restarted,
            expected=f"{decided} for {group} to stay as it is after the redelivery",
            received=listed([told(status) for status in later]),
            shown_by=[event, *later],
        )


def _taken(subject: Subject, event: Record, declared: Declared) -> Check:
    lenient = declared.success == "any-2xx" and event.status in {202, 204}
    return subject.check(
        holds=event.status == ANSWERED,
        expected=f"200 to {event.detail['event_type']}, i_event {event.i_event}",
        received=answer(event),
        shown_by=[event],
        otherwise="warn" if lenient else "fail",
    )


def _handled(case: Case, declared: Declared) -> list[Record]:
    return [event for event in case.events if event.detail.get("event_type") in declared.handled]


def _is_redelivered(case: Case, event: Record) -> bool:
    """Tell whether this i_event had been answered 200 when this delivery was sent."""
    return any(
        earlier.status == ANSWERED and was_answered_before(earlier, event)
        for earlier in _earlier(case, event)
    )


def _is_overlapping(case: Case, event: Record) -> bool:
    """Tell whether another delivery of this i_event was unanswered when this one was sent."""
    return any(not was_answered_before(earlier, event) for earlier in _earlier(case, event))


def _earlier(case: Case, event: Record) -> list[Record]:
    return [other for other in case.events if other.i_event == event.i_event and other.seq < event.seq]
