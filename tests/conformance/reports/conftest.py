"""What the tests of the reports share: runs whose journals are told as short stories and judged again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from conformance.about import about_run
from conformance.oracle.case import Declared
from conformance.rejudge import judge_journals
from conformance.target import TargetFile
from simulators.journal import Record, save

Told = Callable[..., tuple[Declared, tuple[Record, ...]]]

START: Final = 1_700_000_000.0
# An account is activated, and both of its groups are told as the OMS told them.
RIGHT: Final = (
    "account",
    "event",
    "query",
    "order HSS PCRF",
    "status HSS IN_PROGRESS",
    "status PCRF IN_PROGRESS",
    "notice HSS completed",
    "status HSS OK",
    "notice PCRF completed",
    "status PCRF OK",
)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What a run left behind: its exit code, what it printed, and its folder."""

    code: int
    output: str
    folder: Path

    def text(self, name: str) -> str:
        """The text of a report."""
        return (self.folder / name).read_text(encoding="utf-8")


def fact(operation: str, detail: Mapping[str, Any]) -> Record:
    """A fact; its number is given later."""
    return Record(
        seq=0,
        kind="fact",
        virtual_time=START,
        real_time=START,
        source="harness",
        destination="harness",
        operation=operation,
        detail=detail,
    )


def numbered(records: Iterable[Record], *, first: int = 1) -> tuple[Record, ...]:
    """Records under numbers of their own, a second apart."""
    return tuple(
        replace(record, seq=seq, real_time=START + seq) for seq, record in enumerate(records, start=first)
    )


@pytest.fixture(name="file")
def _file() -> TargetFile:
    """The target file of the runs."""
    return TargetFile.model_validate(
        {
            "target": {
                "name": "acme",
                "version": "1.4",
                "events_url": "http://127.0.0.1:8/events",
                "notify_url": "http://127.0.0.1:8/notifications",
                "env": {"ACME_TOKEN": "a-secret-of-the-target"},
            }
        }
    )


@pytest.fixture(name="write_journal")
def _write_journal(tmp_path: Path, told: Told, file: TargetFile) -> Callable[..., Path]:
    """Write the journal of a run with these stories, each under its name; `steps` are those of all."""

    def write(
        stories: Mapping[str, Iterable[str]],
        *,
        steps: Iterable[Mapping[str, Any]] = (),
        unsure: str | None = None,
        only: tuple[str, ...] = (),
        change: Callable[[Record], Record] = lambda record: record,
        **options: Any,
    ) -> Path:
        declared, _ = told((), **options)
        about = about_run(file, name="acme.toml", seed=5, only=only).model_dump(mode="json")
        records = [fact("target", declared.model_dump(mode="json")), fact("run", about)]
        for name, lines in stories.items():
            records.append(fact("scenario", {"name": name, "requirements": ["EVENT-ACK"]}))
            records += [fact("step", step) for step in steps]
            records += map(change, told(lines, **options)[1])
            records.append(fact("end", {"unsure": unsure, "virtual_seconds": 7200.0, "wall_seconds": 0.5}))
        path = tmp_path / "journal-main.jsonl"
        save(numbered(records), path)
        return path

    return write


@pytest.fixture(name="judge")
def _judge(tmp_path: Path) -> Callable[..., Reported]:
    """Judge journals as the command does."""

    def judge(*paths: Path, expect_fail: Path | None = None, strict: bool = False) -> Reported:
        folder = tmp_path / "reports"
        console = Console(width=200, record=True, quiet=False, file=(tmp_path / "printed").open("w"))
        with console.file:
            code = judge_journals(
                paths, report_dir=folder, expect_fail=expect_fail, strict=strict, console=console
            )
        return Reported(code=code, output=console.export_text(), folder=folder)

    return judge


@pytest.fixture(name="report")
def _report(write_journal: Callable[..., Path], judge: Callable[..., Reported]) -> Callable[..., Reported]:
    """The reports on one story; options are those of `write_journal`."""

    def report(lines: Iterable[str] = RIGHT, **options: Any) -> Reported:
        return judge(write_journal({"test_a_story[i_account]": lines}, **options))

    return report
