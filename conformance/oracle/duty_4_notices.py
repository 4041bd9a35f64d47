"""The rules of duty 4: receive and process notifications from the external system."""

from collections.abc import Iterator

from conformance.oracle.case import Case, Declared, is_success, read_group, read_status
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.misdirected import owner_of_misdirected
from conformance.oracle.outcomes import Decision, decision
from simulators.journal import Record


def notice_ack(case: Case, _declared: Declared) -> Iterator[Check]:
    """NOTICE-ACK: each notification about an accepted order is answered 2xx."""
    subject = Subject(requirement="NOTICE-ACK", i_account=case.i_account)
    for notice in case.notifications:
        yield subject.check(
            holds=is_success(notice.status),
            expected=f"2xx to the notification {_news(notice)}",
            received=answer(notice),
            shown_by=[notice],
        )


def notice_delay(case: Case, declared: Declared) -> Iterator[Check]:
    """NOTICE-DELAY: what was notified, however late, leads to a status; which one, other rules judge."""
    for group in case.needed_groups(declared):
        made = decision(case, declared, group)
        if made is None:
            continue
        later = [status for status in case.statuses if status.seq > made.notice.seq]
        # Nothing is left to tell where the group shows this outcome already, as after a time limit.
        shown = case.stored(group, before=made.notice.seq) == made.status
        yield Subject(requirement="NOTICE-DELAY", i_account=case.i_account, group=group).check(
            holds=shown or any(_is_about(case, declared, status, group, made) for status in later),
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


def _news(notice: Record) -> str:
    return f"{notice.detail['service']} {notice.detail['state']} of order {notice.order_id}"
