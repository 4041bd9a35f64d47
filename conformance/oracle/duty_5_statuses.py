"""The rules of duty 5 on what is reported: values, groups, and the sequence that follows the facts."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from conformance.oracle.case import Case, Declared
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.course import Course, Step, course_of
from conformance.oracle.misdirected import owner_of_misdirected
from conformance.oracle.outcomes import (
    BAD_NEWS,
    OUTCOMES,
    allowed_final,
    decision,
    is_given_up,
    reports_of_outcome,
    sole_meaning,
)
from conformance.oracle.reading import is_taken, is_told, read_group, read_status, was_answered_before
from simulators.espf.core import STATUSES
from simulators.journal import Record
from simulators.world import PREDEFINED_GROUPS

# How ESPF answers to a group that is not registered.
NOT_FOUND: Final = 404


def status_values(case: Case, _declared: Declared) -> Iterator[Check]:
    """STATUS-VALUES: one of the four, to the letter."""
    subject = Subject(requirement="STATUS-VALUES", i_account=case.i_account)
    for status in case.statuses:
        value = status.detail.get("status")
        yield subject.check(
            holds=value in STATUSES,
            expected=f"status is exactly one of {listed(STATUSES)}",
            received=f"status is {value!r}",
            shown_by=[status],
        )


def status_group(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-GROUP: a declared group under its registered name, and the one whose outcome it is."""
    for status in case.statuses:
        group = read_group(status)
        unknown = not group or (status.status == NOT_FOUND and not status.fault)
        subject = Subject(requirement="STATUS-GROUP", i_account=case.i_account, group=group or None)
        yield subject.check(
            holds=group in declared.groups,
            expected=f"one of the declared groups {listed(list(declared.groups))}",
            received=f"group {status.detail.get('group')!r} ({answer(status)})",
            shown_by=[status],
            otherwise="fail" if unknown else "warn",
        )
        owner = owner_of_misdirected(case, declared, status) if group in declared.groups else None
        if owner:
            yield subject.check(
                holds=False,
                expected=f"the outcome of {owner} under group {owner}",
                received=f"{told(status)}, and no such report for {owner}",
                shown_by=[*case.news_of(declared.groups[owner], before=status.seq), status],
            )


def status_group_custom(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-GROUP-CUSTOM: a group of its own is registered when the first status names it."""
    own = set(declared.groups) - set(PREDEFINED_GROUPS) if declared.features.custom_groups else set()
    for status in case.statuses:
        name = read_group(status)
        if name in own:
            yield Subject(requirement="STATUS-GROUP-CUSTOM", i_account=case.i_account, group=name).check(
                # The record names a group only if one of this name was registered.
                holds=status.group == name,
                expected=f"group {name} registered (POST /espf/v1/group/create) before a status names it",
                received=f"{told(status)}, and no such group was registered",
                shown_by=[status],
            )


def status_not_early(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-NOT-EARLY: OK only after success was notified for all services of the group.

    OK after a failure is not early but wrong, which STATUS-MAPPING judges.
    """
    for course, step in _steps(case, declared):
        if step.value != "OK":
            continue
        services = case.services_of(course.group, declared, before=step.status.seq)
        news = case.news_of(services, before=step.status.seq)
        completed = sorted(
            {notice.detail["service"] for notice in news if notice.detail["state"] == "completed"}
        )
        yield _subject("STATUS-NOT-EARLY", course).check(
            holds=course.cause(step) not in {"STATUS-NOT-EARLY", "NOTICE-MISSING"},
            expected=f"OK for {course.group} only after {listed(services)} completed",
            received=f"OK when completed was notified for {listed(completed)}",
            shown_by=[*news, step.status],
        )


def status_mapping(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-MAPPING: nothing that the facts exclude, and the last report says what was decided."""
    for course, step in _steps(case, declared):
        services = case.services_of(course.group, declared, before=step.status.seq)
        news = case.news_of(services, before=step.status.seq)
        yield _subject("STATUS-MAPPING", course).check(
            holds=course.cause(step) != "STATUS-MAPPING" and not _denies_success(course, step),
            expected=f"a status for {course.group} that follows from "
            f"{listed([notice.detail['state'] for notice in news])}",
            received=told(step.status),
            shown_by=[*news, step.status],
        )
    yield from _last_reports(case, declared)


def _last_reports(case: Case, declared: Declared) -> Iterator[Check]:
    """Where a group was reported on after its outcome, its last report is that outcome."""
    for group in declared.groups:
        made = decision(case, declared, group)
        later = [status for status in case.statuses_of(group) if made and status.seq > made.notice.seq]
        # A notification that was not acknowledged may have been heard all the same.
        is_certain = made and made.status == sole_meaning(case, declared, group)
        if made and is_certain and reports_of_outcome(case, group, made):
            yield Subject(requirement="STATUS-MAPPING", i_account=case.i_account, group=group).check(
                holds=read_status(later[-1]) in {made.status, *allowed_final(case, declared, group)},
                expected=f"{made.status} as the last report for {group}",
                received=told(later[-1]),
                shown_by=[made.notice, *later],
            )


def _denies_success(course: Course, step: Step) -> bool:
    """Tell whether a status says failure or retry although the provisioner had heard of success alone.

    It may have been on its way when the news came, or be told again, after a time limit of its own.
    """
    status = step.status

    def heard(notice: Record) -> bool:
        return is_taken(notice) and was_answered_before(notice, status)

    services = course.case.services_of(course.group, course.declared, before=status.seq)
    news = [notice for notice in course.case.news_of(services, before=status.seq) if heard(notice)]
    bad = BAD_NEWS & {notice.detail["state"] for notice in news}
    if step.value not in {"FAILED", "RETRY"} or bad or not news:
        return False
    meant = sole_meaning(course.case, course.declared, course.group, before=status.seq, heard=heard)
    newer = [point for point in course.points if news[-1].seq < point.seq < status.seq]
    told_before = any(
        other.value == step.value and not was_answered_before(news[-1], other.status)
        for other in course.steps
        if other.status.seq < status.seq
    )
    return meant == "OK" and not told_before and not any(step.value in point.words for point in newer)


def status_in_progress(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-IN-PROGRESS: reported between the order's acceptance and the outcome, for the first order."""
    for group in case.needed_groups(declared):
        services = case.services_of(group, declared)
        news = [notice for notice in case.news_of(services) if notice.detail["state"] in OUTCOMES]
        order = case.order_of(news[0]) if news else None
        # Where the outcome overtook the answer, nothing was under way that could be told.
        if order is None or order.is_early(news[0]):
            continue
        # The order of the reports counts, not how soon the judge let the outcome come.
        before = list(
            takewhile(
                lambda status: read_status(status) not in {"OK", "FAILED"},
                case.statuses_of(group),
            )
        )
        yield Subject(requirement="STATUS-IN-PROGRESS", i_account=case.i_account, group=group).check(
            holds="IN_PROGRESS" in {read_status(status) for status in before},
            expected=f"IN_PROGRESS for {group} before its outcome",
            received=listed([told(status) for status in before]),
            shown_by=[*before, news[0]],
            otherwise="warn",
        )


def status_sequence(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-SEQUENCE: what is tried again was not overtaken by something newer that was taken."""
    for course, step in _steps(case, declared):
        earlier = [other.status for other in course.steps if other.status.seq < step.status.seq]
        if all(map(is_told, earlier)):
            continue
        yield _subject("STATUS-SEQUENCE", course).check(
            holds=course.cause(step) != "STATUS-SEQUENCE",
            expected=f"no older status of {course.group} after a newer one was taken",
            received=f"{told(step.status)} after {listed([told(status) for status in earlier])}",
            shown_by=[*earlier, step.status],
        )


def status_final(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-FINAL: the stored status of each group is one that the facts allow."""
    for group in case.needed_groups(declared):
        allowed, stored = allowed_final(case, declared, group), case.stored(group)
        yield Subject(requirement="STATUS-FINAL", i_account=case.i_account, group=group).check(
            # What was refused for good need not be sent again (STATUS-REFUSED).
            holds=stored in allowed or is_given_up(case, group),
            expected=f"stored for {group}: {' or '.join(value or 'nothing' for value in allowed)}",
            received=f"stored: {stored or 'nothing'}",
            shown_by=[*case.news_of(case.services_of(group, declared)), *case.statuses_of(group)],
        )


def _steps(case: Case, declared: Declared) -> Iterator[tuple[Course, Step]]:
    """Every status of a declared group that is one of the four, with the course of its group."""
    for group in declared.groups:
        course = course_of(case, declared, group)
        yield from ((course, step) for step in course.steps)


def _subject(requirement: str, course: Course) -> Subject:
    return Subject(requirement=requirement, i_account=course.case.i_account, group=course.group)
