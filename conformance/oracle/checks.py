"""The result of one check, and the small verbs that the rules make them with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from simulators.journal import Record

Grade = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was judged: what was expected, what was received, and the records that show it."""

    requirement: str
    grade: Grade
    expected: str
    received: str
    i_account: int | None = None
    group: str | None = None
    records: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a check is about; its verbs make checks of one requirement."""

    requirement: str
    i_account: int | None
    group: str | None = None

    def check(
        self,
        *,
        holds: bool,
        expected: str,
        received: str,
        shown_by: Iterable[Record] = (),
        otherwise: Grade = "fail",
    ) -> Check:
        """A check that passes where the condition holds, and has the other grade where it does not."""
        return Check(
            requirement=self.requirement,
            grade="pass" if holds else otherwise,
            expected=expected,
            received=received,
            i_account=self.i_account,
            group=self.group,
            records=tuple(record.seq for record in shown_by),
        )


def answer(record: Record) -> str:
    """Say how a request was answered."""
    if record.status is None:
        return "not answered yet"
    return "no answer" if record.status == 0 else f"answer {record.status}"


def listed(values: Sequence[str]) -> str:
    """Write a list for a reader."""
    return ", ".join(values) or "nothing"


def told(record: Record) -> str:
    """Say what a status request told."""
    return f"{record.detail.get('status')!r} for {record.detail.get('group')} ({answer(record)})"
