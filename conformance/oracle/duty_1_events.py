"""The rules of duty 1: receive provisioning events from the ESPF."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, Final

from conformance.oracle.case import (
    TAKEN,
    Case,
    Declared,
    cases,
    read_status,
    was_answered_before,
)
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.outcomes import sole_meaning
from conformance.oracle.reading import (
    REFUSED,
    is_probe,
    is_reached,
    is_showing,
    is_showing_closed,
    is_success,
    is_whole,
)
from simulators.journal import Record

ACK: Final = "EVENT-ACK"
VOCABULARY: Final = "EVENT-VOCABULARY"
# A SHOULD: who cannot bear what a later release adds is warned.
EXTRA: Final = "EVENT-EXTRA"
# What the documented events of accounts carry (S3, S11).
KNOWN_VARIABLES: Final = frozenset({"i_account", "i_event", "event_time", "i_env"})


def event_ack(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-ACK, EVENT-VOCABULARY, EVENT-NUMBERS and EVENT-EXTRA: 200, and in time, while all is well.

    What comes once more is EVENT-DUPLICATE's concern, and what names no account DATA-NOT-FOUND's.
    """
    for event in _handled(case, declared) if case.exists else ():
        if not (_is_redelivered(case, event, declared) or _is_overlapping(case, event)) and case.is_healthy(
            event
        ):
            subject = Subject(requirement=_concern(event, declared), i_account=case.i_account)
            yield _taken(subject, event, declared)
            if subject.requirement == ACK and event.status == TAKEN:
                yield _taken(Subject(requirement=VOCABULARY, i_account=case.i_account), event, declared)
            if declared.is_taken(event) and event.duration is not None:
                yield subject.check(
                    holds=event.duration <= declared.ack,
                    expected=f"an answer within {declared.ack:g} s",
                    received=f"an answer after {event.duration:.1f} s",
                    shown_by=[event],
                    otherwise="warn",
                )


def event_form(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-VOCABULARY and EVENT-NUMBERS and EVENT-EXTRA: what was taken in another form has its effect.

    What comes once more, or tells of what was ordered already, need order nothing.
    """
    for event in case.activating(declared):
        concern, is_over = _concern(event, declared), _is_redelivered(case, event, declared)
        if concern == ACK or is_over or not declared.is_taken(event) or not case.is_at_hand:
            continue
        needed = set(case.needed_services(declared))
        first = min((event, *_earlier(case, event)), key=lambda delivery: delivery.seq)
        # Whether the OMS took them is another concern.
        tried = [order for order in case.placed if order.requests[-1].seq > first.seq]
        ordered = {service for order in tried for service in order.services}
        ordered |= {service for service in needed if _is_active(case, service, at=first)}
        yield Subject(requirement=concern, i_account=case.i_account).check(
            holds=needed <= ordered,
            expected=f"orders for {listed(sorted(needed))} after {event.request_body}",
            received=f"orders for {listed(sorted(ordered))}",
            shown_by=[event, *case.orders],
            otherwise="warn" if concern == EXTRA else "fail",
        )


def _is_active(case: Case, service: str, *, at: Record) -> bool:
    """Tell whether a service had been ordered, and not been ended, when an event came."""
    newest = case.newest_order(service, before=at.seq)
    return newest is not None and newest.action != "deactivate"


def event_resend(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-RESEND: in trouble no 4xx, and what was not taken is taken when it comes again."""
    subject = Subject(requirement="EVENT-RESEND", i_account=case.i_account)
    handled = _handled(case, declared) if case.exists else []
    for event in handled:
        # What was spoilt on its way may be refused for that.
        if case.is_healthy(event) or not is_whole(event) or _is_redelivered(case, event, declared):
            continue
        yield subject.check(
            holds=event.status not in REFUSED,
            expected=f"no 4xx to i_event {event.i_event} because of trouble, or it is never sent again",
            received=answer(event),
            shown_by=[event],
        )
    for i_event in dict.fromkeys(event.i_event for event in handled):
        tries = [event for event in handled if event.i_event == i_event]
        if len(tries) > 1 and not (is_success(tries[0].status) or tries[0].status in REFUSED):
            yield subject.check(
                holds=any(map(declared.is_taken, tries)),
                expected=f"i_event {i_event} taken when it comes again",
                received=answer(tries[-1]),
                shown_by=tries,
            )


def event_reorder(case: Case, _declared: Declared) -> Iterator[Check]:
    """EVENT-REORDER: nothing is activated after its own query showed the account closed."""
    shown = list(filter(is_showing, case.queries))
    closed = list(filter(is_showing_closed, shown))
    if not closed:
        return
    late = [
        order
        for order in case.accepted
        if order.detail["action"] != "deactivate" and _saw_closed(order, shown)
    ]
    yield Subject(requirement="EVENT-REORDER", i_account=case.i_account).check(
        holds=not late,
        expected="no activation of an account that the query showed closed",
        received=f"{len(late)} orders to activate or modify it",
        shown_by=[closed[0], *late],
        otherwise="warn",
    )


def _saw_closed(order: Record, shown: Sequence[Record]) -> bool:
    """Tell whether the last reply before an order showed its account closed."""
    before = [query for query in shown if query.seq < order.seq]
    return bool(before) and is_showing_closed(before[-1])


def event_concurrent(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """EVENT-CONCURRENT: of events that overlapped, each is taken and has its effect."""
    for case in cases(records):
        for event in case.activating(declared) if case.is_at_hand else ():
            others = [
                other
                for other in records
                if other.operation == "event" and other.i_account != event.i_account and not is_probe(other)
            ]
            if not any(_overlap(event, other) for other in others) or not declared.is_taken(event):
                continue
            needed = set(case.needed_services(declared, at=event.seq))
            ordered = case.decided_services
            yield Subject(requirement="EVENT-CONCURRENT", i_account=case.i_account).check(
                holds=needed <= ordered,
                expected=f"orders for {listed(sorted(needed))} after an event that came beside others",
                received=f"orders for {listed(sorted(ordered))}",
                shown_by=[event, *case.orders],
            )


def _overlap(event: Record, other: Record) -> bool:
    return not (was_answered_before(event, other) or was_answered_before(other, event))


def event_duplicate(case: Case, declared: Declared) -> Iterator[Check]:
    """EVENT-DUPLICATE: once answered 200, again 200, and no second order; before that, anything but 4xx."""
    subject = Subject(requirement="EVENT-DUPLICATE", i_account=case.i_account)
    again: list[Record] = []
    for event in _handled(case, declared):
        if _is_redelivered(case, event, declared):
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
        elif any(map(is_reached, _earlier(case, event))):
            # Its answer was lost, or said that it was not taken: the effect is single all the same.
            again.append(event)
    if again and _is_begun_again(case):
        yield from references(subject, case, declared, since=again[0].seq)


def _is_begun_again(case: Case) -> bool:
    """Tell whether as many queries as deliveries were made: else an order was doubled, and not an event."""
    rounds = Counter(query.operation for query in case.queries)
    return max(rounds.values(), default=0) > len({event.i_event for event in case.events})


def references(subject: Subject, case: Case, declared: Declared, *, since: int = 0) -> Iterator[Check]:
    """Check that no service got more accepted references than the account had events, after a record."""
    events = _handled(case, declared)
    # A second reference after a lost answer is ORDER-REPLY-LOST's concern.
    answered = [order.answered for order in case.placed if order.answered]
    for service in sorted({service for record in answered for service in record.detail["services"]}):
        mine = [record for record in answered if service in record.detail["services"]]
        told = [len({event.i_event for event in events if event.seq < record.seq}) for record in mine]
        yield subject.check(
            holds=all(count <= known for count, known in enumerate(told, start=1)) or mine[-1].seq <= since,
            expected=f"at most {told[-1]} accepted reference(s) for {service}, one for each event before it",
            received=f"{len(mine)} accepted reference(s)",
            shown_by=case.accepted,
        )


def _second_reports(subject: Subject, case: Case, declared: Declared, event: Record) -> Iterator[Check]:
    """Check that a redelivery does not start anew what was decided and reported; other rules judge values."""
    for group in case.needed_groups(declared):
        services = case.services_of(group, declared)
        decided = sole_meaning(case, declared, group, before=event.seq)
        if decided is None or case.stored(group, before=event.seq) != decided:
            continue
        end = _next_work(case, declared, group, event)
        later = [status for status in case.statuses_of(group) if event.seq < status.seq < end]
        restarted = "IN_PROGRESS" in {read_status(status) for status in later}
        news = [notice for notice in case.news_of(services, before=end) if notice.seq > event.seq]
        yield subject.check(
            holds=bool(news) or not restarted,
            expected=f"{decided} for {group} to stay as it is after the redelivery",
            received=listed([told(status) for status in later]),
            shown_by=[event, *later],
        )


def _next_work(case: Case, declared: Declared, group: str, event: Record) -> float:
    """From which record on a group may be under way by another event than a redelivered one.

    An event that came before the redelivery may be waiting for its order still.
    """
    orders = [order for order in case.placed if set(order.services) & set(declared.groups[group])]
    decided = [(order.decided_at.seq, order.requests[0].seq) for order in orders if order.decided_at]
    since = max((placed for seq, placed in decided if seq < event.seq), default=event.seq)
    begun = [other.seq for other in case.first_deliveries(declared) if other.seq > since]
    return min([*begun, *(seq for seq, _ in decided if seq > event.seq)], default=inf)


def _taken(subject: Subject, event: Record, declared: Declared) -> Check:
    is_lenient = declared.is_taken(event) or subject.requirement == EXTRA
    return subject.check(
        holds=event.status == TAKEN,
        expected=f"200 to {event.detail['event_type']}, i_event {event.i_event}",
        received=answer(event),
        shown_by=[event],
        otherwise="warn" if is_lenient else "fail",
    )


def _concern(event: Record, declared: Declared) -> str:
    """The requirement that speaks of an event's answer: of its ids, of what is new in it, of its type."""
    try:
        body: Any = json.loads(event.request_body or "{}")
    except ValueError:
        return ACK
    variables = body.get("variables", {})
    if any(isinstance(variables.get(name), str) for name in ("i_account", "i_event")):
        return "EVENT-NUMBERS"
    if set(body) - {"event_type", "variables"} or set(variables) - KNOWN_VARIABLES:
        return EXTRA
    first = {names[0] for names in declared.features.actions.values()}
    return ACK if event.detail.get("event_type") in first else VOCABULARY


def _handled(case: Case, declared: Declared) -> list[Record]:
    return [event for event in case.events if event.detail.get("event_type") in declared.handled]


def _is_redelivered(case: Case, event: Record, declared: Declared) -> bool:
    """Tell whether this i_event had been taken when this delivery was sent."""
    return any(
        declared.is_taken(earlier) and was_answered_before(earlier, event)
        for earlier in _earlier(case, event)
    )


def _is_overlapping(case: Case, event: Record) -> bool:
    """Tell whether another delivery of this i_event was unanswered when this one was sent."""
    return any(not was_answered_before(earlier, event) for earlier in _earlier(case, event))


def _earlier(case: Case, event: Record) -> list[Record]:
    return [other for other in case.events if other.i_event == event.i_event and other.seq < event.seq]
