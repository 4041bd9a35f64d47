"""The rules of duty 5 on how it is reported: URL, body, credentials, and what is done after no success."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from urllib.parse import unquote

from conformance.oracle.case import Case, Declared
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.outcomes import NEVER_TAKEN, demanded
from conformance.oracle.reading import is_stored, read_group, read_status
from simulators.espf.core import MAX_MESSAGE
from simulators.journal import Record

# Per URL form: the requirement, how the path looks, and how the page writes it.
URL_FORMS: Final = {
    "i_account": (
        "STATUS-URL-I-ACCOUNT",
        re.compile(r"/espf/v1/account/i/([0-9]+)/status"),
        "/espf/v1/account/i/<i_account>/status",
    ),
    "id": ("STATUS-URL-ID", re.compile(r"/espf/v1/account/([^/?#]+)/status"), "/espf/v1/account/<id>/status"),
}
ACCOUNTS: Final = "/espf/v1/account/"
DENIED: Final = (401, 403)
# So often may one status be sent that ESPF refuses for good: more is taken to be without end.
ATTEMPTS: Final = 5


def status_url(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-URL-I-ACCOUNT and STATUS-URL-ID: the form that the target was started with."""
    ids = {fact.detail["id"] for fact in case.facts}
    for status in case.statuses:
        named = _named(status, declared)
        # The lenient reading finds the account of an ID that is not encoded as it must be.
        is_right = named is not None and (declared.url_form == "i_account" or unquote(named) in ids)
        yield _url_check(status, declared, holds=is_right, wrong=", which is not this account's ID")


def status_url_astray(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """STATUS-URL-I-ACCOUNT and STATUS-URL-ID: a URL that names no account belongs to none."""
    missing = {record.i_account for record in records if record.operation == "event"}
    missing -= {record.i_account for record in records if record.operation == "account"}
    for record in records:
        if _is_report(record) and record.i_account is None:
            named = _named(record, declared) or ""
            # An account that is not there may well be said to have failed.
            is_missing = declared.url_form == "i_account" and named.isdigit() and int(named) in missing
            yield _url_check(record, declared, holds=is_missing, wrong=", which names no account")


def _is_report(record: Record) -> bool:
    """Tell whether a request was a status, perhaps sent where nothing is: `#` and `?` cut a path short."""
    is_nowhere = record.destination == "espf" and not record.operation and record.method == "POST"
    return record.operation == "status" or (is_nowhere and record.target.startswith(ACCOUNTS))


def _named(status: Record, declared: Declared) -> str | None:
    """What a status URL of the right form names, still encoded."""
    found = URL_FORMS[declared.url_form][1].fullmatch(status.target.partition("?")[0])
    return found and found[1]


def _url_check(status: Record, declared: Declared, *, holds: bool, wrong: str) -> Check:
    requirement, _, written = URL_FORMS[declared.url_form]
    is_of_form = _named(status, declared) is not None
    return Subject(requirement=requirement, i_account=status.i_account).check(
        holds=holds,
        expected=f"POST {written}",
        received=f"{status.method} {status.target}{wrong if is_of_form and not holds else ''}",
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


def status_message(case: Case, _declared: Declared) -> Iterator[Check]:
    """STATUS-MESSAGE: where a message is sent, it is not too long."""
    subject = Subject(requirement="STATUS-MESSAGE", i_account=case.i_account)
    for status in case.statuses:
        message = status.detail.get("message")
        length = len(message) if isinstance(message, str) else 0
        yield subject.check(
            holds=length <= MAX_MESSAGE,
            expected=f"a message of at most {MAX_MESSAGE} characters, or none",
            received=f"a message of {length} characters" if message else "none",
            shown_by=[status],
        )


def status_auth(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-AUTH: a status that is answered 401 or 403 is followed by one with credentials that do."""
    for group in declared.groups:
        statuses = case.statuses_of(group)
        denied = [status for status in statuses if status.status in DENIED]
        if denied:
            later = _later(case, declared, denied[-1])
            yield Subject(requirement="STATUS-AUTH", i_account=case.i_account, group=group).check(
                holds=bool(later),
                expected=f"{told(denied[-1])} to be sent again with new credentials, and taken",
                received=listed([told(status) for status in later]),
                shown_by=[*denied, *later],
            )
        elif statuses:
            yield Subject(requirement="STATUS-AUTH", i_account=case.i_account, group=group).check(
                holds=True,
                expected="credentials of an API user",
                received=listed([answer(status) for status in statuses]),
                shown_by=statuses,
            )


def status_retry(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-RETRY: a status that was not taken is sent again until it is, or until a newer one is sent.

    What is still due is known where the facts demand it; of the rest, the story may have ended too soon.
    """
    for group in declared.groups:
        statuses = case.statuses_of(group)
        for status in statuses:
            later = _later(case, declared, status)
            is_due = case.stored(group) not in demanded(case, declared, group)
            if _is_lost(status) and (later or is_due):
                yield Subject(requirement="STATUS-RETRY", i_account=case.i_account, group=group).check(
                    holds=bool(later),
                    expected=f"{read_status(status)} for {group} once more, since ESPF did not take it",
                    received=f"{answer(status)}; afterwards {listed([told(other) for other in later])}",
                    shown_by=[status, *later],
                )


def _later(case: Case, declared: Declared, status: Record) -> list[Record]:
    """The statuses that follow one of a group: of the same group, or of none that is declared."""
    others = set(declared.groups) - {read_group(status)}
    return [other for other in case.statuses if other.seq > status.seq and read_group(other) not in others]


def _is_lost(status: Record) -> bool:
    """Tell whether ESPF did not take a status, and it may be taken another time."""
    return not is_stored(status) and (status.status == 0 or (status.status or 0) >= 500)  # noqa: PLR2004


def status_refused(case: Case, _declared: Declared) -> Iterator[Check]:
    """STATUS-REFUSED: a status that is refused for good is not sent over and over, whatever its message."""
    for group in dict.fromkeys(map(read_group, case.statuses)):
        refused = [status for status in case.statuses_of(group) if status.status in NEVER_TAKEN]
        for value, same in groupby(refused, key=read_status):
            again = list(same)
            alike = max(len(list(run)) for _, run in groupby(again, key=lambda status: status.request_body))
            # Each order and notification may be told of in words of its own.
            told_of = [*case.notifications, *(order.requests[0] for order in case.placed)]
            occasions = sum(record.seq < again[-1].seq for record in told_of)
            yield Subject(requirement="STATUS-REFUSED", i_account=case.i_account, group=group or None).check(
                holds=alike <= ATTEMPTS and len(again) <= ATTEMPTS * max(1, occasions),
                expected=f"no more than {ATTEMPTS} attempts at {told(again[0])}, which is refused for good",
                received=f"{len(again)} attempts at {value}",
                shown_by=again,
            )
