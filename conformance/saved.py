"""Reads saved journals again: facts delimit the scenarios, and the oracle judges each once more."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from conformance.about import About
from conformance.errors import JournalError
from conformance.oracle.case import Declared
from conformance.oracle.judge import judge
from conformance.requirements import catalogue
from conformance.scenario import Scenario
from conformance.story import NO_BATCH, Batch, Result
from simulators.journal import Record
from simulators.validation import mistakes

# What the reading of a journal itself rests on; the rest is what a simulator noted.
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "seq": (int,),
    "kind": (str,),
    "operation": (str,),
    "real_time": (int, float),
    "virtual_time": (int, float),
    "detail": (dict,),
}
Records = tuple[Record, ...]


class Begin(BaseModel):
    """The fact that begins a scenario."""

    name: str
    requirements: tuple[str, ...]
    batch: Batch = NO_BATCH


class End(BaseModel):
    """The fact that ends a scenario; one that was cut off has none."""

    unsure: str | None = "the end of the scenario"
    virtual_seconds: float = 0.0
    wall_seconds: float = 0.0
    waited: str | None = None


@dataclass(frozen=True, kw_only=True)
class SavedJournal:
    """A saved journal of one bench, and what the run was that wrote it."""

    name: str
    path: Path
    records: Records
    declared: Declared
    about: About


def read_records(path: Path) -> Records:
    """Read a journal's records.

    Raises:
        JournalError: the file cannot be read, or a line of it is no record.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"{path} cannot be read as a journal: {_why(error)}.") from error
    return tuple(_record(path, number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _why(error: OSError | UnicodeDecodeError) -> str:
    return "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def _record(path: Path, number: int, line: str) -> Record:
    """Read one line; it may hold halves of characters, which a target sent and no model would take."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if mistake := _mistake(told):
        raise JournalError(
            f"{path} is no journal: line {number} is no record ({mistake}). "
            "Name the journal-*.jsonl files of a run's report folder."
        )
    return Record(**told)


def _mistake(told: object) -> str:
    """What keeps a line from being a record; what stands there is not repeated, since it may be anything."""
    if not isinstance(told, dict):
        return "it is no JSON object"
    known = {field.name: field for field in fields(Record)}
    if unknown := sorted(told.keys() - known.keys()):
        return f"{len(unknown)} of its fields are not a record's"
    for name, field in known.items():
        if name not in told and field.default is MISSING and field.default_factory is MISSING:
            return f"it has no {name}"
        if name in told and name in TYPES and not isinstance(told[name], TYPES[name]):
            return f"its {name} is of another type"
    return ""


def read_journals(paths: Sequence[Path]) -> tuple[SavedJournal, ...]:
    """Read the journals of one run.

    Raises:
        JournalError: a file is no journal of a run, or they come from several runs.
    """
    names = [path.name for path in paths]
    journals = tuple(
        _journal(path, name=path.name if names.count(path.name) == 1 else str(path)) for path in paths
    )
    for one, other in pairwise(journals):
        if one.about != other.about:
            raise JournalError(
                f"{one.path} and {other.path} come from different runs: judge each run by itself."
            )
    return journals


def _journal(path: Path, *, name: str) -> SavedJournal:
    records = read_records(path)
    facts = {record.operation: record.detail for record in records if record.kind == "fact"}
    missing = [operation for operation in ("target", "run") if operation not in facts]
    if missing and _dropped(records):
        raise JournalError(
            f"{path} does not say any more what was judged: the first {_dropped(records)} records are gone."
        )
    if missing:
        raise JournalError(
            f"{path} is no journal of a run: it holds no fact {' and no fact '.join(missing)}. "
            "`espf-conformance run` writes such journals into its report folder."
        )
    try:
        declared = Declared.model_validate(facts["target"], by_alias=True, by_name=True)
        about = About.model_validate(facts["run"])
    except ValidationError as error:
        raise JournalError(f"{path} is of another edition: {mistakes(error)[0]}.") from error
    return SavedJournal(name=name, path=path, records=records, declared=declared, about=about)


def judge_again(journal: SavedJournal) -> tuple[Scenario, ...]:
    """Judge each scenario of a journal by its records alone; what was dropped leaves all in doubt."""
    told = tuple(
        _scenario(journal, stretch) for stretch in _stretches(journal.records) if not _is_left_out(stretch)
    )
    return (*_lost(journal), *told)


def _stretches(records: Records) -> Iterator[Records]:
    """The records of each scenario, from the fact that begins it to the one that ends it."""
    begun = 0

    def number(record: Record) -> int:
        nonlocal begun
        begun += record.kind == "fact" and record.operation == "scenario"
        return begun

    for count, group in groupby(records, key=number):
        if count:
            stretch = tuple(group)
            ends = [index for index, record in enumerate(stretch) if _is_fact(record, "end")]
            yield stretch[: ends[0] + 1] if ends else stretch


def _scenario(journal: SavedJournal, stretch: Records) -> Scenario:
    first, *rest = stretch
    try:
        begin = Begin.model_validate(first.detail)
        end = End.model_validate(rest.pop().detail if rest and _is_fact(rest[-1], "end") else {})
    except ValidationError as error:
        raise JournalError(
            f"{journal.path} is of another edition: record {first.seq}, {mistakes(error)[0]}."
        ) from error
    gap = _gap(stretch)
    # What is missing may be what would have shown that all was well.
    is_whole = gap is None and _is_fact(stretch[-1], "end")
    checks = judge(rest, journal.declared) if is_whole else ()
    has_failed = any(check.grade == "fail" for check in checks)
    return Scenario(
        name=begin.name,
        url_form=journal.declared.url_form,
        journal=journal.name,
        first=first.seq,
        last=stretch[-1].seq,
        requirements=_all_tested() if gap else begin.requirements,
        steps=tuple(record.detail for record in rest if _is_fact(record, "step")),
        batch=begin.batch,
        result=Result(
            checks=checks,
            unsure=None if has_failed else gap or end.unsure,
            virtual_seconds=end.virtual_seconds,
            wall_seconds=end.wall_seconds,
            waited=end.waited,
        ),
    )


def _lost(journal: SavedJournal) -> Iterator[Scenario]:
    """A scenario that stands for all that was told in records which are gone."""
    if gone := _dropped(journal.records):
        yield Scenario(
            name="(dropped)",
            url_form=journal.declared.url_form,
            journal=journal.name,
            first=journal.records[0].seq - gone,
            last=journal.records[0].seq - 1,
            requirements=_all_tested(),
            result=Result(
                checks=(),
                unsure=f"{gone} record(s) that the journal dropped",
                virtual_seconds=0.0,
                wall_seconds=0.0,
            ),
        )


def _all_tested() -> tuple[str, ...]:
    """Every requirement that records which are gone could have spoken against."""
    return tuple(id_ for id_, entry in catalogue().items() if not entry.not_tested)


def _dropped(records: Records) -> int:
    """How many records the journal's bound pushed out before the first that is left."""
    return records[0].seq - 1 if records else 0


def _is_left_out(stretch: Records) -> bool:
    """Whether a scenario ended because the target does not declare what it needs."""
    return _is_fact(stretch[-1], "end") and bool(stretch[-1].detail.get("left_out"))


def _gap(stretch: Records) -> str | None:
    missing = stretch[-1].seq - stretch[0].seq + 1 - len(stretch)
    if not missing:
        return None
    return f"{missing} record(s) that are missing between {stretch[0].seq} and {stretch[-1].seq}"


def _is_fact(record: Record, operation: str) -> bool:
    return record.kind == "fact" and record.operation == operation
