"""The rules about what a provisioner must refuse or pass over: the judge's probes at its two endpoints."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check, Grade, Subject, answer, told
from conformance.oracle.course import Course, Step, course_of
from conformance.oracle.outcomes import has_gone_wrong
from conformance.oracle.reading import REFUSED, ended_at, is_probe
from simulators.journal import Record

BROKEN: Final = range(500, 600)
UNAUTHORIZED: Final = (401, 403)
# By operation and kind of probe: the requirement that it is about.
REQUIREMENTS: Final[Mapping[tuple[str, str], str]] = {
    ("event", "malformed"): "EVENT-MALFORMED",
    ("event", "unknown-type"): "EVENT-UNKNOWN",
    ("event", "unauthorized"): "EVENT-AUTH",
    ("notification", "malformed"): "NOTICE-MALFORMED",
    ("notification", "unknown-order"): "NOTICE-UNKNOWN",
}


def probe_checks(records: Iterable[Record], declared: Declared) -> Iterator[Check]:
    """EVENT-AUTH, EVENT-MALFORMED, EVENT-UNKNOWN, NOTICE-UNKNOWN, NOTICE-MALFORMED, NOTICE-ANSWER: answers.

    And that nothing came of all the probes about one account.
    """
    listed = tuple(records)
    known = {case.i_account: case for case in cases(listed)}
    about: defaultdict[tuple[str, int | None], list[Record]] = defaultdict(list)
    for record in listed:
        if is_probe(record):
            about[_requirement(record), record.i_account].append(record)
            yield from _answers(record, declared)
    for (requirement, i_account), probes in about.items():
        case = known.get(i_account) if i_account is not None else None
        if case:
            yield from _effects(requirement, probes, case, declared)


def _requirement(probe: Record) -> str:
    return REQUIREMENTS[probe.operation, str(probe.detail["probe"])]


def _answers(probe: Record, declared: Declared) -> Iterator[Check]:
    """Check how a probe was answered; what is no HTTP has no documented answer."""
    requirement = _requirement(probe)
    subject = Subject(requirement=requirement, i_account=probe.i_account)
    case = f"{probe.detail['case']}"
    if probe.operation == "notification":
        yield Subject(requirement="NOTICE-ANSWER", i_account=probe.i_account).check(
            holds=probe.status not in BROKEN or not probe.detail["is_http"],
            expected=f"no 5xx to a notification: {case}",
            received=answer(probe),
            shown_by=[probe],
            otherwise="warn",
        )
    elif requirement == "EVENT-AUTH":
        yield subject.check(
            holds=probe.status in UNAUTHORIZED,
            expected=f"401 or 403 to an event with {case}",
            received=answer(probe),
            shown_by=[probe],
        )
    elif probe.detail["is_http"]:
        taken_is: Grade = "warn" if requirement == "EVENT-MALFORMED" else "pass"
        yield subject.check(
            holds=probe.status in REFUSED,
            expected=f"4xx to an event (200 at worst): {case}",
            received=answer(probe),
            shown_by=[probe],
            otherwise=taken_is if declared.is_taken(probe) else "fail",
        )


def _effects(requirement: str, probes: Sequence[Record], case: Case, declared: Declared) -> Iterator[Check]:
    subject = Subject(requirement=requirement, i_account=case.i_account)
    if probes[0].operation == "event":
        caused = [record for record in (*case.orders, *case.statuses) if record.seq > probes[0].seq]
        yield subject.check(
            holds=bool(case.events) or not caused,
            expected="no order and no status for an account of which no good event ever told",
            received=f"{len(case.orders)} orders, {len(case.statuses)} statuses",
            shown_by=[*probes[:3], *caused[:3]],
        )
        return
    courses = [course_of(case, declared, group) for group in declared.groups]
    wrong = [status for course in courses for status in _misled(course, probes)]
    yield subject.check(
        holds=not wrong,
        expected="no status but those that the OMS's own notifications mean",
        received=", ".join(map(told, wrong)) or "none",
        shown_by=[*probes[:3], *wrong[:3]],
    )


def _misled(course: Course, probes: Sequence[Record]) -> Iterator[Record]:
    """The statuses that follow from the probes, since no fact allows them when they are sent."""
    for step in course.steps:
        before = [probe for probe in probes if probe.seq < step.status.seq]
        if before and (step.place is None or _is_sudden(course, step, before[-1])):
            yield step.status


def _is_sudden(course: Course, step: Step, probe: Record) -> bool:
    """Tell whether a first FAILED follows a probe at once, and nothing else that happened is a ground for it.

    A time limit of its own may end at any time, yet hardly within this very moment.
    """
    case, status, ended = course.case, step.status, ended_at(probe)
    is_at_once = ended is None or status.real_time < ended + course.declared.early
    begun = max((order.requests[0].seq for order in case.placed), default=0)
    events = [event for event in case.first_deliveries(course.declared) if event.seq < status.seq]
    return (
        step.value == "FAILED"
        and is_at_once
        and status.virtual_time == probe.virtual_time
        and all(event.seq < begun for event in events)
        and not any(probe.seq < notice.seq < status.seq for notice in case.notifications)
        and not has_gone_wrong(case, course.declared.groups[course.group], before=status)
    )
