"""The rules of duty 4: receive and process notifications from the external system."""

from collections.abc import Iterator

from conformance.oracle.case import Case, Declared, is_success, read_status
from conformance.oracle.checks import Check, Subject, answer, listed, told
from conformance.oracle.outcomes import decided_status
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
    for group, services in declared.groups.items():
        meant = decided_status(services, case.states_of(services))
        if meant is None:
            continue
        last = case.news_of(services)[-1]
        later = [status for status in case.statuses if status.seq > last.seq]
        yield Subject(requirement="NOTICE-DELAY", i_account=case.i_account, group=group).check(
            holds=any(
                status.detail.get("group") == group or read_status(status) == meant for status in later
            ),
            expected=f"a status for {group} after the notification {_news(last)}",
            received=f"afterwards {listed([told(status) for status in later])}",
            shown_by=[last, *later],
        )


def _news(notice: Record) -> str:
    return f"{notice.detail['service']} {notice.detail['state']} of order {notice.order_id}"
