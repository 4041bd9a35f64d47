"""The smoke story: the page's own story told once before all others, so that what is amiss is told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.about import About
from conformance.bench import Bench, open_bench
from conformance.doctor import Finding, diagnose
from conformance.errors import SetupError
from conformance.plugin import note_run, save_journal
from conformance.scenario import Scenario, conclude
from conformance.story import MissedWaitError, NotDeclaredError, Story
from conformance.target import TargetFile

NAME: Final = "smoke story"
# What a story can say something about before any other is told.
PROVES: Final = ("EVENT-ACK", "DATA-QUERY", "ORDER-CONTENT", "NOTICE-ACK", "NOTICE-DELAY", "STATUS-FINAL")
JOURNAL: Final = "journal-smoke.jsonl"
BLOCKS_ALL: Final = "the smoke story failed: first mend what is told of it"


@dataclass(frozen=True, kw_only=True)
class Smoke:
    """What came of the smoke story; `scenario` is None where the target declares no event that begins it."""

    scenario: Scenario | None
    findings: tuple[Finding, ...]

    @property
    def has_failed(self) -> bool:
        """Whether it makes no sense to tell any other story."""
        if self.scenario is None:
            return False
        result = self.scenario.result
        return bool(result.unsure) or any(check.grade == "fail" for check in result.checks)


def documented_story(story: Story) -> None:
    """An account is created; the OMS completes one group in ten minutes and the others in an hour (P)."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=10)
    story.give_time_to_report(account)
    story.advance(minutes=50)
    story.until_reported(account)


def tell_smoke_story(file: TargetFile, *, folder: Path, report_dir: Path, about: About) -> Smoke:
    """Start simulators and target by themselves, and tell the documented story once.

    Raises:
        TargetError: the target does not start, or never becomes ready.
        SetupError: it was not set up as it must be; the message lists what was found.
    """
    with open_bench(file, folder=folder, url_form=file.features.url[0], report_dir=report_dir) as bench:
        note_run(bench, about)
        smoke = _told(bench)
        save_journal(bench, about, report_dir / JOURNAL)
    if setup := [finding for finding in smoke.findings if finding.is_setup]:
        raise SetupError(_advice(file, setup, report_dir=report_dir))
    return smoke


def _told(bench: Bench) -> Smoke:
    story = Story(bench, name=NAME, requirements=PROVES)
    missed = None
    try:
        documented_story(story)
    except NotDeclaredError as error:
        story.leave_out(str(error))
        return Smoke(scenario=None, findings=())
    except MissedWaitError as error:
        missed = error
    scenario = conclude(story, journal=JOURNAL, missed=missed)
    smoke = Smoke(scenario=scenario, findings=())
    if not smoke.has_failed:
        return smoke
    if death := bench.death():
        return Smoke(scenario=scenario, findings=(Finding(what=death, advice="", is_setup=False),))
    records = bench.stack.journal.records(since=story.first)
    return Smoke(scenario=scenario, findings=diagnose(records, bench.file))


def _advice(file: TargetFile, findings: Sequence[Finding], *, report_dir: Path) -> str:
    told = "\n".join(f"  - {finding}" for finding in findings)
    return f"{file.target.name} is not set up to be judged ({report_dir / JOURNAL} shows it):\n{told}"
