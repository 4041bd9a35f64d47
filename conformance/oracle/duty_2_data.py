"""The rules of duty 2: query the obligatory subscriber data via the PortaBilling API."""

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from conformance.oracle.case import Case, Declared, Order, cases
from conformance.oracle.checks import Check, Subject, answer, listed
from conformance.oracle.reading import REFUSED, effect, is_showing_closed, is_success, read_status
from simulators.journal import Record

# What an order says of its account, besides the number that the event brought.
VALUES: Final = ("id", "msisdn", "imsi", "iccid")
# So many failed calls within a real second are a loop without pause.
LOOP: Final = 20
# So often may one that does not exist be asked for after each event: more, to the end, is for ever.
ENOUGH: Final = 20
# Real seconds: who has not asked within them when a story ends has ended.
LULL: Final = 1.0
# At least three faults of PortaBilling (F), each followed by a login (L) and nothing else; the first came
# with a session that had served before (S).
RENEWED: Final = re.compile(r"(?:^|S)(?P<faults>(?:FL+){3,})")
# How the journal writes a secret: equal ones alike.
MARK: Final = re.compile(r"\*{3}[0-9a-f]{8}")
# A session for each of several workers is legal; one for each event is not.
FEW: Final = 6
# Faults after which there is no answer that can be read.
SILENT: Final = frozenset({"hang", "reset", "truncate"})
# The fact that the harness ended every session.
SESSIONS_ENDED: Final = "sessions ended"
LOGIN: Final = "Session/login"


def data_query(case: Case, _declared: Declared) -> Iterator[Check]:
    """DATA-QUERY: between the event and its order, PortaBilling was asked about the account."""
    subject = Subject(requirement="DATA-QUERY", i_account=case.i_account)
    for order in case.placed:
        event = _event_of(order, case)
        first = order.requests[0]
        asked = [
            query for query in case.queries if event and query.seq < first.seq and _ends_after(query, event)
        ]
        yield subject.check(
            holds=bool(asked),
            expected="a query about the account between its event and its order",
            received=listed([query.operation for query in asked]),
            shown_by=[*([event] if event else []), *asked, first],
        )


def data_fresh(case: Case, _declared: Declared) -> Iterator[Check]:
    """DATA-FRESH: each value in the order stands in a reply about the account since its event."""
    subject = Subject(requirement="DATA-FRESH", i_account=case.i_account)
    for order in case.placed:
        event, request = _event_of(order, case), order.accepted
        if event is None or request is None:
            continue
        replies = [query for query in case.queries if query.seq < request.seq and _ends_after(query, event)]
        held = {value for reply in replies for value in _values(_json(reply.response_body))}
        for name in VALUES:
            sent = request.detail["account"].get(name)
            if sent is not None and replies:
                yield subject.check(
                    holds=str(sent) in held,
                    expected=f"{name} as a reply of PortaBilling said after i_event {event.i_event}",
                    received=f"{name} {sent!r}, which no such reply held",
                    shown_by=[event, *replies, request],
                )


def data_session_expiry(case: Case, _declared: Declared) -> Iterator[Check]:
    """DATA-SESSION-EXPIRY: after a dead session the same is asked again, and answered."""
    subject = Subject(requirement="DATA-SESSION-EXPIRY", i_account=case.i_account)
    for query in case.queries:
        if "check_auth" in query.response_body and not is_success(query.status):
            yield _asked_again(subject, case, query, "asked again with a new session")


def data_sessions_ended(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """DATA-SESSION-EXPIRY: what is told of after all sessions were ended is ordered all the same.

    Who sends credentials with each call has no session that could die.
    """
    ended = next((record for record in records if record.operation == SESSIONS_ENDED), None)
    for case in cases(records) if ended else ():
        later = [event for event in case.activating(declared) if ended and event.seq > ended.seq]
        if later:
            needed = set(case.needed_services(declared))
            ordered = case.decided_services
            yield Subject(requirement="DATA-SESSION-EXPIRY", i_account=case.i_account).check(
                holds=needed <= ordered,
                expected=f"orders for {listed(sorted(needed))} although PortaBilling ended all sessions",
                received=f"orders for {listed(sorted(ordered))}",
                shown_by=[*later, *case.orders],
            )


def data_slow(case: Case, _declared: Declared) -> Iterator[Check]:
    """DATA-SLOW: what PortaBilling never answered is asked again."""
    subject = Subject(requirement="DATA-SLOW", i_account=case.i_account)
    for query in case.queries:
        if query.status == 0 or effect(query) in SILENT:
            yield _asked_again(subject, case, query, "asked again after no answer")


def data_fault(case: Case, _declared: Declared) -> Iterator[Check]:
    """DATA-FAULT: a business fault is no reason to ask again without pause."""
    subject = Subject(requirement="DATA-FAULT", i_account=case.i_account)
    failed = list(filter(_is_business_fault, case.queries))
    if failed:
        yield _paused(subject, failed, "while PortaBilling fails")


def data_fault_renewals(records: Sequence[Record], _declared: Declared) -> Iterator[Check]:
    """DATA-FAULT: a business fault is no reason for a new session, time after time.

    Only who used a session before, and gave it up at each fault with nothing else in between, did so because
    of them: others log in once for each event or worker.
    """
    asked = [record for record in records if record.destination == "portabilling"]
    renewed = dict(_renewed(asked))
    for i_account in dict.fromkeys(query.i_account for query in asked if _is_business_fault(query)):
        shown = renewed.get(i_account, ())
        yield Subject(requirement="DATA-FAULT", i_account=i_account).check(
            holds=not shown,
            expected="no new session because of a fault that does not say that the session is dead",
            received=f"{sum(call.operation == LOGIN for call in shown)} logins that only follow such faults",
            shown_by=shown,
        )


def _renewed(asked: Sequence[Record]) -> Iterator[tuple[int | None, Sequence[Record]]]:
    """The faults of one account, with the logins that each led to, where nothing else explains these."""
    for found in RENEWED.finditer("".join(map(_letter, asked))):
        before, shown = asked[found.start() : found.start("faults")], asked[slice(*found.span("faults"))]
        faults = list(filter(_is_business_fault, shown))
        i_account = faults[0].i_account
        is_of_one = {fault.i_account for fault in faults} == {i_account}
        served_another = all(query.i_account != i_account for query in before)
        given_up = {mark for fault in faults for mark in _marks(fault)}
        later = {mark for record in asked[found.end("faults") :] for mark in _marks(record)}
        if is_of_one and served_another and not given_up & later:
            yield i_account, shown


def _letter(record: Record) -> str:
    """What became of a call to PortaBilling, for a look at many in a row."""
    if record.operation == LOGIN:
        return "L" if is_success(record.status) else "-"
    return "F" if _is_business_fault(record) else "S" if is_success(record.status) else "-"


def _marks(record: Record) -> set[str]:
    """The marks of the secrets that a request shows, except for those of a login."""
    shown = f"{record.request_headers} {record.request_body}" if record.operation != LOGIN else ""
    return set(MARK.findall(shown))


def _is_business_fault(query: Record) -> bool:
    return query.status == 500 and "check_auth" not in query.response_body  # noqa: PLR2004 - every fault


def data_not_found(case: Case, declared: Declared) -> Iterator[Check]:
    """DATA-NOT-FOUND: where there is no such account, there is no order and no OK, and the event ends."""
    if case.exists or not case.events:
        return
    subject = Subject(requirement="DATA-NOT-FOUND", i_account=case.i_account)
    reported = [status for status in case.statuses if read_status(status) == "OK"]
    yield subject.check(
        holds=not case.accepted and not reported,
        expected="no order and no OK for an account that PortaBilling does not know",
        received=f"{len(case.accepted)} orders, {len(reported)} times OK",
        shown_by=[*case.events, *case.accepted[:3], *reported[:3]],
    )
    last = case.events[-1]
    yield subject.check(
        holds=declared.is_taken(last) or last.status in REFUSED,
        expected="an answer that ends the event",
        received=answer(last),
        shown_by=[last],
    )


def data_not_found_ends(records: Sequence[Record], _declared: Declared) -> Iterator[Check]:
    """DATA-NOT-FOUND: where there is no such account, it is not asked for again until the story ends."""
    for case in cases(records):
        if case.exists or not case.queries:
            continue
        rounds = max(Counter(query.operation for query in case.queries).values())
        is_going_on = records[-1].real_time - case.queries[-1].real_time < LULL
        yield Subject(requirement="DATA-NOT-FOUND", i_account=case.i_account).check(
            holds=rounds <= ENOUGH * len(case.events) or not is_going_on,
            expected=f"no more than {ENOUGH} queries after an event about an account that does not exist",
            received=f"{rounds} queries, until the story ended",
            shown_by=[*case.events[:1], *case.queries[:3]],
        )


def data_session_reuse(records: Sequence[Record], _declared: Declared) -> Iterator[Check]:
    """DATA-SESSION-REUSE: fewer logins than events, where there are many."""
    events = {record.i_event for record in records if record.operation == "event" and record.i_event}
    logins = [record for record in records if record.operation == LOGIN and is_success(record.status)]
    if len(events) >= FEW:
        yield Subject(requirement="DATA-SESSION-REUSE", i_account=None).check(
            holds=len(logins) < len(events),
            expected=f"fewer logins than the {len(events)} events",
            received=f"{len(logins)} logins",
            shown_by=logins[:FEW],
            otherwise="warn",
        )


def _paused(subject: Subject, queries: Sequence[Record], when: str) -> Check:
    moments = sorted(query.real_time for query in queries)
    busiest = max(bisect_left(moments, first + 1.0) - place for place, first in enumerate(moments))
    return subject.check(
        holds=busiest < LOOP,
        expected=f"fewer than {LOOP} repeated calls within a second {when}",
        received=f"{busiest} calls within a second",
        shown_by=queries[:3],
    )


def _asked_again(subject: Subject, case: Case, query: Record, what: str) -> Check:
    again = [
        later
        for later in case.queries
        if later.operation == query.operation and later.seq > query.seq and is_success(later.status)
    ]
    # What was ordered all the same, or turned out to be closed, need not be asked for again.
    went_on = any(order.seq > query.seq for order in case.orders)
    is_over = went_on or any(map(is_showing_closed, case.queries))
    return subject.check(
        holds=bool(again) or is_over,
        expected=f"{query.operation} {what}",
        received=listed([answer(later) for later in again]),
        shown_by=[query, *again[:1]],
    )


def _event_of(order: Order, case: Case) -> Record | None:
    """The earliest event that an order can be about, as it came first: its nth for a service, the nth told.

    Events may wait for one order together; none leads to two.
    """
    first = order.requests[0].seq
    events: dict[int | None, Record] = {}
    for event in case.events:
        if event.seq < first:
            events.setdefault(event.i_event, event)
    # An order that the OMS never decided on may come again under another reference.
    earlier = [
        other
        for other in case.placed
        if other.requests[0].seq < first and other.decided_at and set(other.services) & set(order.services)
    ]
    return list(events.values())[min(len(earlier), len(events) - 1)] if events else None


def _ends_after(query: Record, event: Record) -> bool:
    # What was asked for an event before may have been answered only after this one.
    return query.duration is not None and query.real_time + query.duration >= event.real_time


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _values(found: Any) -> Iterator[str]:
    """Every value in a reply, at any depth, as text."""
    if isinstance(found, dict):
        for inner in found.values():
            yield from _values(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _values(inner)
    elif found is not None:
        yield str(found)
