"""Whose outcome a status reports, where it went to another group or account than the one it is about."""

from collections.abc import Collection, Sequence

from conformance.oracle.case import Case, Declared
from conformance.oracle.outcomes import UNDECIDED, Decision, decision
from conformance.oracle.reading import is_success, read_group, read_status
from simulators.espf.core import STATUSES
from simulators.journal import Record


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


def reports_of(case: Case, other: Case, declared: Declared, group: str) -> Sequence[Record]:
    """The statuses of another account that report a group's outcome, which its own account never got."""
    made = decision(case, declared, group)
    if made is None or _is_told(case, group, made, words={made.status}):
        return ()
    return [status for status in _later(other, group, made) if _is_anothers(other, declared, status, made)]


def _is_anothers(case: Case, declared: Declared, status: Record, made: Decision) -> bool:
    """Tell whether a status says this although its own account has no such news, or told them before."""
    group = read_group(status)
    own = decision(case, declared, group, before=status.seq)
    is_own = own and own.status == made.status and not _is_taken(case, group, own, before=status.seq)
    return read_status(status) == made.status and not is_own


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
    mine = map(read_status, case.statuses_of(group))
    return shown or told or any(word not in STATUSES for word in mine)


def _later(case: Case, group: str, made: Decision) -> list[Record]:
    """The statuses of a group that came after its outcome had been decided."""
    return [status for status in case.statuses_of(group) if status.seq > made.notice.seq]
