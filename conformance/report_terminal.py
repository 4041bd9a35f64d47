"""The report for the terminal: a table, then each failure with what was expected and received."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.report_run import Run
from conformance.report_words import (
    printable,
    replay_command,
    search_summary,
    shown_by,
    subject,
    summary,
    title,
    waited,
    why,
)
from conformance.verdict import BEYOND_CORE, LEFT_OUT, Doubt, Evidence, RequirementVerdict

COLOURS: Final = {"pass": "green", "warn": "yellow", "fail": "bold red", "inconclusive": "magenta"}
# How many pieces of evidence the terminal shows for one requirement; the files hold them all.
SHOWN: Final = 2


def print_report(run: Run, *, console: Console, report_dir: Path) -> None:
    """Print the table, the failures, what could not be told, what was expected, and the verdict."""
    console.print(_table(run))
    for entry in run.verdict.by_grade("fail"):
        told = [_evidence(item, run, report_dir) for item in entry.own_evidence if item.check.grade == "fail"]
        _print_entry(entry, told, console=console, colour="bold red")
    for entry in run.verdict.by_grade("inconclusive"):
        told = [_doubt(item, run, report_dir) for item in entry.doubts]
        _print_entry(entry, told, console=console, colour="magenta")
    if run.reckoning.entries:
        console.print("\nexpected failures")
    for reckoned in run.reckoning.entries:
        _print_plain(f"  {reckoned.state}: {reckoned.sentence}", console=console)
    _print_plain(f"\n{summary(run)} with seed {run.about.seed}.", console=console)
    if searched := search_summary(run):
        _print_plain(searched, console=console)
    _print_plain(f"Open {report_dir / 'report.html'} in a browser for the whole story.", console=console)
    console.print(f"verdict: [bold]{run.verdict.verdict}[/]", highlight=False)


def _table(run: Run) -> Table:
    about = run.about
    name = f"{about.target} {about.target_version}".strip()
    heading = f"{name}, beside PortaBilling {about.simulators.release} in {about.simulators.reading} reading"
    table = Table(title=escape(heading), title_justify="left")
    for column in ("requirement", "level", "verdict", "scenarios", "why"):
        table.add_column(column, overflow="fold", no_wrap=column in {"requirement", "verdict"})
    for entry in run.verdict.requirements:
        if entry.reason in {LEFT_OUT, BEYOND_CORE}:
            continue
        shown = f"{entry.verdict}, expected" if run.reckoning.excuse(entry) else entry.verdict
        table.add_row(
            entry.requirement.id,
            entry.requirement.level,
            f"[{COLOURS.get(entry.verdict, 'cyan')}]{shown}[/]",
            str(len(set(entry.scenarios))),
            escape(printable(why(entry, run))),
        )
    return table


def _print_entry(entry: RequirementVerdict, told: list[str], *, console: Console, colour: str) -> None:
    requirement = entry.requirement
    console.print(
        f"\n[{colour}]{requirement.id}[/] {entry.verdict} ({requirement.level}, source {requirement.source})",
        highlight=False,
        soft_wrap=True,
    )
    _print_plain(f"  {requirement.sentence}", console=console)
    for text in told[:SHOWN]:
        _print_plain(text, console=console)
    if len(told) > SHOWN:
        _print_plain(f"  and {len(told) - SHOWN} more in conformance.json and report.html", console=console)


def _print_plain(text: str, *, console: Console) -> None:
    console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def _evidence(item: Evidence, run: Run, report_dir: Path) -> str:
    lines = [
        f"  in {title(item.scenario)}, {subject(item.check)}",
        f"    expected  {item.check.expected}",
        f"    received  {item.check.received}",
        f"    shown by  {shown_by(item)}",
        *([f"    waited    {wait}"] if (wait := waited(item, run)) else []),
        *_again(item, run, report_dir),
    ]
    return "\n".join(lines)


def _doubt(item: Doubt, run: Run, report_dir: Path) -> str:
    lines = [
        f"  in {title(item.scenario)}",
        f"    {item.why}",
        *_again(item, run, report_dir),
    ]
    return "\n".join(lines)


def _again(found: Evidence | Doubt, run: Run, report_dir: Path) -> Iterator[str]:
    if command := replay_command(found, run, report_dir=str(report_dir)):
        yield f"    again     {command}"
