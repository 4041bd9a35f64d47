"""What notified states mean for a group: when its outcome is decided, and which status says so."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from conformance.oracle.case import Case, Declared, read_status
from simulators.journal import Record

OUTCOMES: Final = ("completed", "failed")
# While no outcome was notified, these are all legal: FAILED by a time limit of the provisioner's own.
UNDECIDED: Final = (None, "IN_PROGRESS", "RETRY", "FAILED")


def decided_status(services: Collection[str], states: Mapping[str, str]) -> str | None:
    """The status that reports a group's outcome: any failed is FAILED, all completed OK; None while open."""
    if any(states.get(service) == "failed" for service in services):
        return "FAILED"
    if all(states.get(service) == "completed" for service in services):
        return "OK"
    return None


def allowed_final(case: Case, declared: Declared, group: str) -> Sequence[str | None]:
    """The stored statuses that the facts allow a group to end with; None stands for no status at all."""
    services = declared.groups[group]
    decided = decided_status(services, case.states_of(services))
    return UNDECIDED if decided is None else (decided,)


def is_settled(case: Case, declared: Declared) -> bool:
    """Tell whether every group of an account shows what the facts allow at this moment."""
    return all(
        case.stored(group) in allowed_final(case, declared, group) for group in case.needed_groups(declared)
    )


def owner_of_misdirected(case: Case, declared: Declared, status: Record) -> str | None:
    """The other group whose outcome a status reports, where that group itself never got its report."""
    group, value = status.detail["group"], read_status(status)
    if _is_own_report(case, declared, status):
        return None
    for other, services in declared.groups.items():
        news = case.news_of(services, before=status.seq)
        states = case.states_of(services, before=status.seq)
        if other == group or not news or decided_status(services, states) != value:
            continue
        if not _reported(case, other, value, after=news[-1].seq):
            return other
    return None


def _is_own_report(case: Case, declared: Declared, status: Record) -> bool:
    """Tell whether a status is the first report of what its own group's facts say."""
    group, value = status.detail["group"], read_status(status)
    services = declared.groups[group]
    if decided_status(services, case.states_of(services, before=status.seq)) != value:
        return False
    last_news = case.news_of(services, before=status.seq)[-1].seq
    return not _reported(case, group, value, after=last_news, before=status.seq)


def _reported(case: Case, group: str, value: str, *, after: int, before: int | None = None) -> bool:
    return any(
        status.seq > after and (before is None or status.seq < before) and read_status(status) == value
        for status in case.statuses
        if status.detail.get("group") == group
    )
