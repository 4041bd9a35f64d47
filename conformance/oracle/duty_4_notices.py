"""The rules of duty 4: receive and process notifications from the external system."""

from collections.abc import Iterator, Sequence

from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.course import course_of
from conformance.oracle.misdirected import owner_of_misdirected, reports_of
from conformance.oracle.outcomes import OUTCOMES, Decision, decision, is_given_up, reports_of_outcome
from conformance.oracle.reading import (
    is_reached,
    is_success,
    notification_id,
    read_group,
    read_status,
)
from simulators.journal import Record


def notice_ack(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-ACK: 2xx to each notification about an accepted order.

    It may be refused while a neighbour is in trouble, and before its order's answer came, or right after
    it if it is taken later; one that is repeated is NOTICE-DUPLICATE's concern.
    """
    subject = Subject(requirement="NOTICE-ACK", i_account=case.i_account)
    for notice in case.notifications:
        order = case.order_of(notice)
        excused = order is None or order.is_early(notice) or not case.is_healthy(notice)
        excused |= bool(order and order.is_fresh(notice, declared) and case.is_taken_later(notice))
        # A copy beside another one comes again if it is refused.
        if notice.status is not None and not (excused or _is_again(case, notice) or case.is_beside(notice)):
            yield subject.check(
                holds=is_success(notice.status),
                expected=f"2xx to the notification {_news(notice)}",
                received=answer(notice),
                shown_by=[notice],
            )


def _is_again(case: Case, notice: Record) -> bool:
    """Tell whether a notification may have been taken before."""
    return case.is_repeated(notice) or case.is_resent_unheard(notice)


def notice_delay(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-DELAY: what was notified, however late, leads to a status; which one, other rules judge."""
    for group in case.needed_groups(declared):
        made = decision(case, declared, group)
        if made is not None:
            yield _is_processed("NOTICE-DELAY", case, declared, group, made)


def notice_early(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-EARLY: an outcome that overtook the answer to its order leads to a status all the same."""
    for group in case.needed_groups(declared):
        made = decision(case, declared, group)
        services = case.services_of(group, declared)
        taken = [notice for notice in case.news_of(services) if is_success(notice.status)]
        if made is not None and any(_is_early_outcome(case, notice) for notice in taken):
            yield _is_processed("NOTICE-EARLY", case, declared, group, made)


def _is_early_outcome(case: Case, notice: Record) -> bool:
    """Tell whether a notification, at its first attempt, overtook the answer to the order it concludes."""
    order = case.order_of(notice)
    is_newest = order is not None and case.newest_order(notice.detail["service"]) is order
    first = next(news for news in case.notifications if notification_id(news) == notification_id(notice))
    return bool(order and is_newest and notice.detail["state"] in OUTCOMES and order.is_early(first))


def _is_processed(requirement: str, case: Case, declared: Declared, group: str, made: Decision) -> Check:
    later = [status for status in case.statuses if status.seq > made.notice.seq]
    meant = reports_of_outcome(case, group, made)
    meant += [status for status in later if read_group(status) != group]
    # Nothing is left to tell where the group shows this outcome already, as after a time limit.
    is_over = case.stored(group, before=made.notice.seq) == made.status or is_given_up(case, group)
    return Subject(requirement=requirement, i_account=case.i_account, group=group).check(
        holds=is_over or any(_is_about(case, declared, status, group, made) for status in meant),
        expected=f"a status for {group} after the notification {_news(made.notice)}",
        received=f"afterwards {listed([told(status) for status in later])}",
        shown_by=[made.notice, *later],
    )


def _is_about(case: Case, declared: Declared, status: Record, group: str, made: Decision) -> bool:
    """Tell whether a status was meant for a group, be it under the name of another or of none."""
    named = read_group(status)
    if named in declared.groups:
        return group in {named, owner_of_misdirected(case, declared, status)}
    return read_status(status) == made.status


def notice_duplicate(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-DUPLICATE: what was taken before is answered 2xx once more, and changes no status."""
    repeated = [notice for notice in case.notifications if case.is_repeated(notice)]
    subject = Subject(requirement="NOTICE-DUPLICATE", i_account=case.i_account)
    for notice in case.notifications:
        is_again = _is_again(case, notice) and not case.is_beside(notice)
        if is_again and notice.status is not None and case.is_healthy(notice):
            yield subject.check(
                holds=is_success(notice.status),
                expected=f"2xx to the notification {_news(notice)}, as when it came first",
                received=answer(notice),
                shown_by=[notice],
            )
    yield from _unmoved("NOTICE-DUPLICATE", case, declared, repeated, why="had been taken before")


def notice_reordered(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-REORDERED: what occurred earlier and comes later changes no status."""
    late = [
        notice
        for notice in case.notifications
        if is_reached(notice) and case.is_late(notice) and not case.is_repeated(notice)
    ]
    why = "tells of something older than what was notified before"
    yield from _unmoved("NOTICE-REORDERED", case, declared, late, why=why)


def _unmoved(
    requirement: str, case: Case, declared: Declared, notices: Sequence[Record], *, why: str
) -> Iterator[Check]:
    """Check that no status tells what these notifications say, since it is past."""
    for group, services in declared.groups.items():
        course = course_of(case, declared, group)
        for notice in notices:
            if notice.detail["service"] not in services:
                continue
            misled = [
                step.status
                for step in course.misled_by(notice)
                if step.place is not None or course.cause(step) == requirement
            ]
            yield Subject(requirement=requirement, i_account=case.i_account, group=group).check(
                holds=not misled,
                expected=f"no change of {group} by the notification {_news(notice)}, which {why}",
                received=listed([told(status) for status in misled]),
                shown_by=[notice, *misled],
            )


def notice_missing(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-MISSING: no OK, however long one waits, while no outcome was notified."""
    for group in declared.groups:
        course = course_of(case, declared, group)
        invented = [step.status for step in course.steps if course.cause(step) == "NOTICE-MISSING"]
        services = case.services_of(group, declared)
        news = [notice for notice in case.news_of(services) if is_reached(notice)]
        is_silent = bool(case.accepted) and not any(n.detail["state"] in OUTCOMES for n in news)
        if invented or (is_silent and any(case.newest_order(service) for service in services)):
            yield Subject(requirement="NOTICE-MISSING", i_account=case.i_account, group=group).check(
                holds=not invented,
                expected=f"no OK for {group}, since no outcome of {listed(services)} was notified",
                received=listed([told(status) for status in invented or case.statuses]),
                shown_by=[*news, *invented],
            )


def notice_interleaved(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """NOTICE-INTERLEAVED: an outcome among those of other accounts is reported of its own account."""
    ordered = [case for case in cases(records) if case.accepted]
    for case in ordered if len(ordered) > 1 else ():
        others = [other for other in ordered if other is not case]
        for group in case.needed_groups(declared):
            made = decision(case, declared, group)
            if made is None:
                continue
            astray = [status for other in others for status in reports_of(case, other, declared, group)]
            yield Subject(requirement="NOTICE-INTERLEAVED", i_account=case.i_account, group=group).check(
                holds=not astray,
                expected=f"{made.status} for {group} of i_account {case.i_account} after the notification "
                f"{_news(made.notice)}",
                received=listed([f"{told(status)} of i_account {status.i_account}" for status in astray])
                if astray
                else "no such report of another account in its place",
                shown_by=[made.notice, *astray],
            )


def _news(notice: Record) -> str:
    return f"{notice.detail['service']} {notice.detail['state']} of order {notice.order_id}"
