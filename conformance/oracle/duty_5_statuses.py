"""The rules of duty 5: update the provisioning status for the account via the ESPF API."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from conformance.oracle.case import (
    Case,
    Declared,
    is_success,
    read_group,
    read_status,
    was_answered_before,
)
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.misdirected import owner_of_misdirected
from conformance.oracle.outcomes import (
    OUTCOMES,
    allowed_final,
    decision,
    sole_meaning,
)
from simulators.espf.core import STATUSES
from simulators.journal import Record

# How ESPF answers to a group that is not registered.
NOT_FOUND: Final = 404
# Per URL form: the requirement, how the path looks, and how the page writes it.
URL_FORMS: Final = {
    "i_account": (
        "STATUS-URL-I-ACCOUNT",
        re.compile(r"/espf/v1/account/i/[0-9]+/status"),
        "/espf/v1/account/i/<i_account>/status",
    ),
    "id": ("STATUS-URL-ID", re.compile(r"/espf/v1/account/[^/?#]+/status"), "/espf/v1/account/<id>/status"),
}


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
        unknown = not group or status.status == NOT_FOUND
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


def status_not_early(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-NOT-EARLY: OK only after success was notified for all services of the group.

    OK after a failure is not early but wrong, which STATUS-MAPPING judges.
    """
    for status, group in _declared_statuses(case, declared):
        if read_status(status) != "OK":
            continue
        services = case.services_of(group, declared)
        news = case.news_of(services, before=status.seq)
        completed = _completed(news)
        failed = sole_meaning(case, declared, group, before=status.seq) == "FAILED"
        yield Subject(requirement="STATUS-NOT-EARLY", i_account=case.i_account, group=group).check(
            holds=failed or completed >= set(services),
            expected=f"OK for {group} only after {listed(services)} completed",
            received=f"OK when completed was notified for {listed(sorted(completed))}",
            shown_by=[*news, status],
        )


def status_mapping(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-MAPPING: nothing that the facts exclude, and the last report says what was decided."""
    for status, group in _declared_statuses(case, declared):
        services = case.services_of(group, declared)
        news = case.news_of(services, before=status.seq)
        yield Subject(requirement="STATUS-MAPPING", i_account=case.i_account, group=group).check(
            holds=not (
                _denies_success(case, declared, group, status)
                or _denies_failure(case, declared, group, status)
            ),
            expected=f"a status for {group} that follows from "
            f"{listed([notice.detail['state'] for notice in news])}",
            received=told(status),
            shown_by=[*news, status],
        )
    yield from _last_reports(case, declared)


def status_in_progress(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-IN-PROGRESS: reported between the order's acceptance and the outcome."""
    for group in case.needed_groups(declared):
        outcomes = case.news_of(case.services_of(group, declared))
        news = [notice for notice in outcomes if notice.detail["state"] in OUTCOMES]
        if not news:
            continue
        told_statuses = _statuses_of(case, group)
        # The order of the reports counts, not how soon the judge let the outcome come.
        before = list(takewhile(lambda status: read_status(status) not in {"OK", "FAILED"}, told_statuses))
        yield Subject(requirement="STATUS-IN-PROGRESS", i_account=case.i_account, group=group).check(
            holds="IN_PROGRESS" in {read_status(status) for status in before},
            expected=f"IN_PROGRESS for {group} before its outcome",
            received=listed([told(status) for status in before]),
            shown_by=[*before, news[0]],
            otherwise="warn",
        )


def status_url(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-URL-I-ACCOUNT and STATUS-URL-ID: the form that the target was started with."""
    for status in case.statuses:
        yield _url_check(status, declared)


def status_url_astray(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """STATUS-URL-I-ACCOUNT and STATUS-URL-ID: a URL that names no account belongs to none."""
    for record in records:
        if record.operation == "status" and record.i_account is None:
            yield _url_check(record, declared)


def _url_check(status: Record, declared: Declared) -> Check:
    """Check the URL of one status request; it may name no account at all."""
    requirement, pattern, written = URL_FORMS[declared.url_form]
    path = status.target.partition("?")[0]
    has_form = bool(pattern.fullmatch(path))
    names_account = status.i_account is not None
    return Subject(requirement=requirement, i_account=status.i_account).check(
        holds=has_form and names_account,
        expected=f"POST {written}",
        received=f"{status.method} {status.target}" + ("" if names_account else ", which names no account"),
        shown_by=[status],
    )


def status_body(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-BODY: the body is of the form that its Content-Type names."""
    subject = Subject(requirement="STATUS-BODY", i_account=case.i_account)
    for status in case.statuses:
        readable = "status" in status.detail and "group" in status.detail
        content_type = status.request_headers.get("Content-Type", "no Content-Type")
        yield subject.check(
            holds=readable and bool(status.detail.get("body_fits_type")),
            expected="status and group in the form that the Content-Type names",
            received=f"{content_type}: {status.request_body[:200]}",
            shown_by=[status],
            otherwise="warn" if readable and declared.reading == "lenient" else "fail",
        )


def status_final(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-FINAL: the stored status of each group is one that the facts allow."""
    for group in case.needed_groups(declared):
        allowed, stored = allowed_final(case, declared, group), case.stored(group)
        yield Subject(requirement="STATUS-FINAL", i_account=case.i_account, group=group).check(
            holds=stored in allowed,
            expected=f"stored for {group}: {' or '.join(value or 'nothing' for value in allowed)}",
            received=f"stored: {stored or 'nothing'}",
            shown_by=[*case.news_of(case.services_of(group, declared)), *_statuses_of(case, group)],
        )


def _last_reports(case: Case, declared: Declared) -> Iterator[Check]:
    """Where a group was reported on after its outcome, its last report is that outcome."""
    for group in declared.groups:
        made = decision(case, declared, group)
        later = [status for status in _statuses_of(case, group) if made and status.seq > made.notice.seq]
        # A notification that was not acknowledged may have been heard all the same.
        if made and later and made.status == sole_meaning(case, declared, group):
            yield Subject(requirement="STATUS-MAPPING", i_account=case.i_account, group=group).check(
                holds=read_status(later[-1]) == made.status,
                expected=f"{made.status} as the last report for {group}",
                received=told(later[-1]),
                shown_by=[made.notice, *later],
            )


def _denies_success(case: Case, declared: Declared, group: str, status: Record) -> bool:
    """Tell whether a status says failure or retry although the provisioner had heard of success alone.

    It may still be on its way while the news arrive, after a time limit of the provisioner's own.
    """

    def heard(notice: Record) -> bool:
        return is_success(notice.status) and was_answered_before(notice, status)

    services = case.services_of(group, declared, before=status.seq)
    states = {notice.detail["state"] for notice in case.news_of(services, before=status.seq) if heard(notice)}
    meant = sole_meaning(case, declared, group, before=status.seq, heard=heard)
    only_success = meant == "OK" and not states & {"failed", "retrying"}
    return only_success and read_status(status) in {"FAILED", "RETRY"}


def _denies_failure(case: Case, declared: Declared, group: str, status: Record) -> bool:
    """Tell whether a status says OK after a failure although not all of the group had ever succeeded."""
    failed = sole_meaning(case, declared, group, before=status.seq) == "FAILED"
    services = case.services_of(group, declared, before=status.seq)
    news = case.news_of(services, before=status.seq)
    return read_status(status) == "OK" and failed and not _completed(news) >= set(services)


def _completed(news: Sequence[Record]) -> set[str]:
    return {notice.detail["service"] for notice in news if notice.detail["state"] == "completed"}


def _declared_statuses(case: Case, declared: Declared) -> Iterator[tuple[Record, str]]:
    for status in case.statuses:
        group = read_group(status)
        if group in declared.groups:
            yield status, group


def _statuses_of(case: Case, group: str) -> list[Record]:
    return [status for status in case.statuses if read_group(status) == group]
