"""What notified states mean for a group: when its outcome is decided, and which status says so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.oracle.case import Case, Declared, is_success, last_states, read_group, read_status
from simulators.espf.core import STATUSES
from simulators.journal import Record

OUTCOMES: Final = ("completed", "failed")
# While no outcome was notified, these are all legal: FAILED by a time limit of the provisioner's own.
UNDECIDED: Final = (None, "IN_PROGRESS", "RETRY", "FAILED")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A group's outcome: the status that reports it, and the notification that decided it."""

    status: str
    notice: Record


def decided_status(services: Collection[str], states: Mapping[str, str]) -> str | None:
    """The status that reports a group's outcome: any failed is FAILED, all completed OK; None while open."""
    if any(states.get(service) == "failed" for service in services):
        return "FAILED"
    if all(states.get(service) == "completed" for service in services):
        return "OK"
    return None


def notified_status(case: Case, declared: Declared, group: str) -> str | None:
    """The status that all notifications for a group mean, acknowledged or not."""
    services = case.services_of(group, declared)
    return decided_status(services, case.states_of(services))


def decision(case: Case, declared: Declared, group: str, *, before: int | None = None) -> Decision | None:
    """The outcome that the acknowledged notifications leave a group with; None while it is open.

    What comes later and changes nothing, such as a repeated notification, decides nothing anew.
    """
    services = case.services_of(group, declared)
    made: Decision | None = None
    heard: list[Record] = []
    for notice in case.news_of(services, before=before):
        if not is_success(notice.status):
            continue
        heard.append(notice)
        meant = decided_status(services, last_states(heard))
        if meant is None:
            made = None
        elif made is None or made.status != meant:
            made = Decision(status=meant, notice=notice)
    return made


def allowed_final(case: Case, declared: Declared, group: str) -> Sequence[str | None]:
    """The stored statuses that the facts allow a group to end with; None stands for no status at all."""
    decided = notified_status(case, declared, group)
    return UNDECIDED if decided is None else (decided,)


def is_settled(case: Case, declared: Declared) -> bool:
    """Tell whether every group of an account shows what the facts allow at this moment."""
    return all(
        case.stored(group) in allowed_final(case, declared, group) for group in case.needed_groups(declared)
    )


def owner_of_misdirected(case: Case, declared: Declared, status: Record) -> str | None:
    """The other group whose outcome a status reports, where that group itself never got its report."""
    group, value = read_group(status), read_status(status)
    own = decision(case, declared, group, before=status.seq)
    if own and own.status == value and not _is_taken(case, group, own, before=status.seq):
        return None
    # What may well be its own, told again or by a time limit, is another's only if that got no report at all.
    others_words = set(STATUSES) - {"IN_PROGRESS"} if value in _allowed(own) else {value}
    for other in case.needed_groups(declared):
        made = decision(case, declared, other)
        if other == group or made is None or made.status != value or status.seq < made.notice.seq:
            continue
        if not _is_told(case, other, made, words=others_words):
            return other
    return None


def _allowed(made: Decision | None) -> Sequence[str | None]:
    return UNDECIDED if made is None else (made.status,)


def _is_taken(case: Case, group: str, made: Decision, *, before: int) -> bool:
    """Tell whether ESPF has taken a report of this outcome."""
    later = (status for status in _later(case, group, made) if status.seq < before)
    return any(read_status(status) == made.status and is_success(status.status) for status in later)


def _is_told(case: Case, group: str, made: Decision, *, words: Collection[str]) -> bool:
    """Tell whether a group shows its outcome or was told it, in one of these words or a misspelt one."""
    shown = case.stored(group, before=made.notice.seq) == made.status
    told = any(read_status(status) in words for status in _later(case, group, made))
    mine = (read_status(status) for status in case.statuses if read_group(status) == group)
    return shown or told or any(word not in STATUSES for word in mine)


def _later(case: Case, group: str, made: Decision) -> list[Record]:
    """The statuses of a group that came after its outcome had been decided."""
    return [
        status for status in case.statuses if read_group(status) == group and status.seq > made.notice.seq
    ]
