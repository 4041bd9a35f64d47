"""The command `judge`: gives the saved journals of a run their verdict again, with the reports of a run."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from conformance.expectations import load_expectations
from conformance.report import make_folder, publish
from conformance.report_run import conclude_run
from conformance.saved import SavedJournal, judge_again, read_journals
from conformance.scenario import Scenario
from conformance.smoke import BLOCKS_ALL
from conformance.smoke import NAME as SMOKE
from conformance.verdict import Ending, exit_code


def judge_journals(
    paths: Sequence[Path], *, report_dir: Path, expect_fail: Path | None, strict: bool, console: Console
) -> int:
    """Judge the journals of one run again and report; gives the exit code.

    Raises:
        JournalError: a file is no journal of a run, or they come from several runs.
        ExpectationError: the file of expected failures has mistakes.
    """
    expectations = load_expectations(expect_fail)
    journals = read_journals(paths)
    scenarios, blocked_by = _counted([told for journal in journals for told in judge_again(journal)])
    run = conclude_run(
        scenarios,
        about=journals[0].about,
        features=journals[0].declared.features,
        expectations=expectations,
        blocked_by=blocked_by,
        journals={journal.name: journal.path for journal in journals},
        wall_seconds=_wall_seconds(journals),
    )
    make_folder(report_dir)
    publish(run, console=console, report_dir=report_dir)
    return exit_code(
        run.verdict,
        ending=Ending(scenarios=len(scenarios)),
        unexpected=run.reckoning.unexpected,
        not_happened=run.reckoning.not_happened,
        strict=strict,
    )


def _counted(told: Sequence[Scenario]) -> tuple[tuple[Scenario, ...], str]:
    """What a run counts: the smoke story only where it was the last one told, and then why."""
    others = tuple(scenario for scenario in told if scenario.name != SMOKE)
    return (others, "") if others else (tuple(told), BLOCKS_ALL if told else "")


def _wall_seconds(journals: Sequence[SavedJournal]) -> float:
    """The real time from the first record to the last: all that a journal knows of it."""
    times = [record.real_time for journal in journals for record in journal.records]
    return max(times) - min(times)
