"""Writes a run down: a table for the terminal, `conformance.json`, and `junit.xml` for pipelines."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.plugin import Scenario
from conformance.target import TargetFile
from conformance.verdict import RequirementVerdict, Verdict
from simulators import __version__

SCHEMA: Final = 1
COLOURS: Final = {"pass": "green", "warn": "yellow", "fail": "bold red", "inconclusive": "magenta"}
# What a target sent may hold what neither XML nor a terminal can.
_CONTROL: Final = re.compile(r"[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\x7f")
# How many pieces of evidence the terminal shows for one requirement; the files hold them all.
SHOWN: Final = 2


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run: what was tested, with what, and what came of it."""

    file: TargetFile
    verdict: Verdict
    scenarios: tuple[Scenario, ...]
    wall_seconds: float

    @property
    def virtual_seconds(self) -> float:
        """The virtual time that the scenarios lived through, all together."""
        return sum(scenario.result.virtual_seconds for scenario in self.scenarios)


def write_files(run: Run, report_dir: Path) -> None:
    """Write `conformance.json` and `junit.xml`."""
    report = json.dumps(as_json(run), indent=2)
    (report_dir / "conformance.json").write_text(report + "\n", encoding="utf-8")
    _junit(run).write(str(report_dir / "junit.xml"), pretty=True)


def as_json(run: Run) -> dict[str, Any]:
    """The report for programs, schema 1."""
    target = run.file.target
    return {
        "schema": SCHEMA,
        "harness": {"version": __version__},
        "target": {
            "name": target.name,
            "version": target.version,
            "features": run.file.features.model_dump(mode="json", by_alias=True),
        },
        "seed": None,
        "settings": {
            "simulators": run.file.simulators.model_dump(mode="json"),
            "timeouts": run.file.timeouts.model_dump(mode="json"),
        },
        "wall_seconds": round(run.wall_seconds, 3),
        "virtual_seconds": run.virtual_seconds,
        "verdict": run.verdict.verdict,
        "requirements": [_requirement_json(entry) for entry in run.verdict.requirements],
    }


def _requirement_json(entry: RequirementVerdict) -> dict[str, Any]:
    return {
        "id": entry.requirement.id,
        "level": entry.requirement.level,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "tests": list(entry.scenarios),
        "evidence": [asdict(item) for item in entry.evidence],
    }


def _junit(run: Run) -> JUnitXml:
    suite = TestSuite("espf-conformance")
    for name, value in run.file.simulators.model_dump(mode="json").items():
        suite.add_property(f"simulators.{name}", str(value))
    for entry in run.verdict.requirements:
        case = TestCase(entry.requirement.id, classname=f"duty {entry.requirement.duty}")
        if entry.verdict == "fail":
            case.result = [Failure("\n".join(_evidence_lines(entry)), type_=entry.requirement.level)]
        elif entry.verdict not in {"pass", "warn"}:
            case.result = [Skipped(f"{entry.verdict}: {entry.reason}")]
        suite.add_testcase(case)
    xml = JUnitXml()
    xml.add_testsuite(suite)
    return xml


def print_report(run: Run, *, console: Console, report_dir: Path) -> None:
    """Print the table, then each failure with what was expected and received."""
    target, simulated = run.file.target, run.file.simulators
    title = f"{target.name} {target.version}".strip()
    title += f", beside PortaBilling {simulated.release} in {simulated.reading} reading"
    table = Table(title=title, title_justify="left")
    for column in ("requirement", "level", "verdict", "scenarios", "why"):
        table.add_column(column, overflow="fold", no_wrap=column == "requirement")
    for entry in run.verdict.requirements:
        colour = COLOURS.get(entry.verdict, "cyan")
        why = escape(entry.reason) if entry.verdict != "pass" else ""
        count = str(len(set(entry.scenarios)))
        level = entry.requirement.level
        table.add_row(entry.requirement.id, level, f"[{colour}]{entry.verdict}[/]", count, why)
    console.print(table)
    for entry in run.verdict.by_grade("fail"):
        _print_failure(entry, console=console)
    _print_closing(run, console=console, report_dir=report_dir)


def _print_failure(entry: RequirementVerdict, *, console: Console) -> None:
    requirement = entry.requirement
    console.print(
        f"\n[bold red]{requirement.id}[/] ({requirement.level}, source {requirement.source})", highlight=False
    )
    console.print(f"  {requirement.sentence}", markup=False, highlight=False, soft_wrap=True)
    lines = _evidence_lines(entry)
    for line in lines[:SHOWN]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  and {len(lines) - SHOWN} more in conformance.json", highlight=False)


def _evidence_lines(entry: RequirementVerdict) -> Sequence[str]:
    lines = [
        f"  in {item.scenario}, i_account {item.check.i_account}\n"
        f"    expected  {item.check.expected}\n"
        f"    received  {item.check.received}\n"
        f"    shown by  records {', '.join(map(str, item.check.records))} of {item.journal}"
        for item in entry.evidence
        if not item.blocked and item.check.grade == "fail"
    ]
    return [_CONTROL.sub(lambda found: repr(found[0])[1:-1], line) for line in lines]


def _print_closing(run: Run, *, console: Console, report_dir: Path) -> None:
    passed, judged = len(run.verdict.by_grade("pass")), len(run.verdict.requirements)
    console.print(
        f"\n{judged} requirements, {passed} passed; {len(run.scenarios)} scenarios lived through "
        f"{run.virtual_seconds / 3600:.1f} virtual hours in {run.wall_seconds:.1f} s. Reports: {report_dir}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"verdict: [bold]{run.verdict.verdict}[/]", highlight=False)
