"""The report for people: one offline page that shows of each failure what was expected and what happened."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.errors import JournalError
from conformance.expectations import Expectation
from conformance.report_diagram import LANES, NAMES, Gap, Row, clipped, rows, step
from conformance.report_run import Run
from conformance.report_words import (
    limits,
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
from conformance.requirements import DUTIES
from conformance.saved import Records, read_records
from conformance.scenario import Scenario
from conformance.verdict import Doubt, Evidence, RequirementVerdict

# How many diagrams one requirement gets: the files hold the rest of the evidence.
DIAGRAMS: Final = 3
# What deserves a section of its own, the gravest first.
TOLD: Final = ("fail", "inconclusive", "warn")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one scenario has shown about one account: all that was expected there, and one diagram of it."""

    scenario: Scenario
    found: tuple[Evidence | Doubt, ...]
    diagram: tuple[Row | Gap, ...]
    command: str | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """One requirement that is no pass, and what shows it; `left_out` counts what is not shown."""

    entry: RequirementVerdict
    expectation: Expectation | None
    findings: tuple[Finding, ...]
    left_out: int


def as_html(run: Run, *, report_dir: str) -> str:
    """The report as one page, which needs no script and loads nothing."""
    author = _Author(run, report_dir=report_dir)
    return (
        _environment()
        .get_template("report.html")
        .render(
            run=run,
            about=run.about,
            verdict=run.verdict,
            sections={grade: author.sections(grade) for grade in TOLD},
            duties={
                name: [entry for entry in run.verdict.requirements if entry.requirement.duty == duty]
                for duty, name in DUTIES.items()
            },
            limits=limits(run),
            summary=f"{summary(run)}. {search_summary(run)}".strip(),
            why=lambda entry: why(entry, run),
            waited=lambda item: waited(item, run),
            lanes=[NAMES[lane] for lane in LANES],
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("conformance"), PackageLoader("simulators.console", "static")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    helpers = (clipped, shown_by, step, subject, title)
    environment.filters.update({helper.__name__: helper for helper in helpers})
    environment.filters["anchor"] = lambda text: re.sub(r"[^A-Za-z0-9]+", "-", str(text))
    environment.tests["gap"] = lambda row: isinstance(row, Gap)
    environment.tests["doubt"] = lambda found: isinstance(found, Doubt)
    return environment


def _shown(value: Any) -> Any:
    """What comes from outside is escaped after this; what the template itself made is left alone."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class _Author:
    """Gathers the sections of a page; each journal is read once."""

    def __init__(self, run: Run, *, report_dir: str) -> None:
        self._run = run
        self._report_dir = report_dir
        self._journals: dict[str, Records] = {}

    def sections(self, grade: str) -> list[Section]:
        """A section for each requirement with this verdict."""
        return [self._section(entry) for entry in self._run.verdict.requirements if entry.verdict == grade]

    def _section(self, entry: RequirementVerdict) -> Section:
        own = [item for item in entry.own_evidence if item.check.grade == entry.verdict]
        together = _together(entry.doubts if entry.verdict == "inconclusive" else own)
        return Section(
            entry=entry,
            expectation=self._run.reckoning.excuse(entry),
            findings=tuple(map(self._finding, together[:DIAGRAMS])),
            left_out=sum(map(len, together[DIAGRAMS:])),
        )

    def _finding(self, items: tuple[Evidence | Doubt, ...]) -> Finding:
        scenario = self._run.scenario(items[0])
        checks = [item.check for item in items if isinstance(item, Evidence)]
        return Finding(
            scenario=scenario,
            found=items,
            diagram=rows(
                self._records(scenario),
                i_account=checks[0].i_account if checks else None,
                marked={seq for check in checks for seq in check.records},
            ),
            command=replay_command(items[0], self._run, report_dir=self._report_dir),
        )

    def _records(self, scenario: Scenario) -> Records:
        """A scenario's records; none where a worker ended before it could save them."""
        path = self._run.journals[scenario.journal]
        if scenario.journal not in self._journals:
            try:
                self._journals[scenario.journal] = read_records(path)
            except JournalError:
                self._journals[scenario.journal] = ()
        return tuple(
            record
            for record in self._journals[scenario.journal]
            if scenario.first <= record.seq <= scenario.last
        )


def _together(found: Sequence[Evidence] | Sequence[Doubt]) -> list[tuple[Evidence | Doubt, ...]]:
    """What was found of the same account in the same scenario, which one diagram shows."""
    groups: dict[tuple[str, str, int | None], list[Evidence | Doubt]] = {}
    for item in found:
        i_account = item.check.i_account if isinstance(item, Evidence) else None
        groups.setdefault((item.journal, item.scenario, i_account), []).append(item)
    return [tuple(items) for items in groups.values()]
