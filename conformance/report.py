"""Writes a run down: for a terminal, for programs, for pipelines and for people."""

import json
from pathlib import Path

from rich.console import Console

from conformance.errors import ReportFolderError
from conformance.report_html import as_html
from conformance.report_json import as_json
from conformance.report_junit import as_junit
from conformance.report_run import STORIES, Run, story_name
from conformance.report_terminal import print_report
from conformance.verdict import Doubt, Evidence


def publish(run: Run, *, console: Console, report_dir: Path) -> None:
    """Write conformance.json, junit.xml, report.html and the stories to tell again, and print what counts."""
    _write_stories(run, report_dir / STORIES)
    report = json.dumps(as_json(run), indent=2)
    (report_dir / "conformance.json").write_text(report + "\n", encoding="utf-8")
    as_junit(run).write(str(report_dir / "junit.xml"), pretty=True)
    page = as_html(run, report_dir=str(report_dir))
    (report_dir / "report.html").write_text(page, encoding="utf-8")
    print_report(run, console=console, report_dir=report_dir)


def make_folder(report_dir: Path, *, without: str = "") -> None:
    """Make the folder of the reports, `without` the files of this pattern that an earlier run left.

    Raises:
        ReportFolderError: it cannot be made, or they cannot be removed.
    """
    try:
        report_dir.mkdir(parents=True, exist_ok=True)
        # With other workers, an earlier run left journals that would be taken for this one's.
        for left in report_dir.glob(without) if without else ():
            left.unlink()
    except OSError as error:
        raise ReportFolderError(
            f"{report_dir} cannot be made: {error.strerror}. Name another folder with --report-dir."
        ) from error


def _write_stories(run: Run, folder: Path) -> None:
    found: list[Evidence | Doubt] = []
    for entry in run.verdict.requirements:
        found += [*entry.own_evidence, *entry.doubts]
    told = {scenario.name: scenario for scenario in map(run.scenario, found) if scenario.steps}
    for name, scenario in told.items():
        folder.mkdir(exist_ok=True)
        story = {
            "version": 1,
            "scenario": name,
            "seed": run.about.seed,
            "url_form": scenario.url_form,
            # What failed is judged again wherever it is played, also if it was written for something else.
            "requirements": tuple(dict.fromkeys((*scenario.requirements, *sorted(scenario.failed)))),
            "steps": scenario.steps,
        }
        (folder / story_name(name)).write_text(json.dumps(story, indent=2) + "\n", encoding="utf-8")
