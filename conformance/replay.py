"""The command `replay`: plays a saved story against a target, with new accounts, and judges it."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError
from rich.console import Console

from conformance.about import About, about_run
from conformance.bench import open_bench
from conformance.errors import StoryError
from conformance.expectations import load_expectations
from conformance.plugin import note_run, save_journal
from conformance.report import make_folder, publish
from conformance.report_run import conclude_run
from conformance.requirements import requirement
from conformance.scenario import Scenario, conclude
from conformance.story import MissedWaitError, NotDeclaredError, Story, play
from conformance.target import TargetFile, UrlForm, load_target
from conformance.verdict import Ending, exit_code
from simulators.validation import Strict, mistaken, mistakes

JOURNAL: Final = "journal-replay.jsonl"


class SavedStory(Strict):
    """A story as a report keeps it: what was done, by which URL form, and what it was told for."""

    version: Literal[1] = 1
    scenario: str
    url_form: UrlForm
    seed: int = 0
    requirements: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]


def read_story(path: Path) -> SavedStory:
    """Read a saved story.

    Raises:
        StoryError: it cannot be read, or is none; all mistakes are named.
    """
    try:
        return SavedStory.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StoryError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise StoryError(mistaken(str(path), mistakes(error))) from error


def replay_story(
    path: Path, *, target: str, report_dir: Path, expect_fail: Path | None, strict: bool, console: Console
) -> int:
    """Play a saved story, judge and report it; gives the exit code of a run that tells this story alone.

    Raises:
        ConformanceError: the story, the target file or the target's set-up is wrong, or the target does not
            declare what the story needs.
    """
    started = time.monotonic()
    saved, expectations = read_story(path), load_expectations(expect_fail)
    for id_ in saved.requirements:
        requirement(id_)
    target_path, file = load_target(target)
    make_folder(report_dir)
    about = about_run(file, name=target, seed=saved.seed, only=saved.requirements)
    scenario = _played(saved, file, folder=target_path.parent, about=about, report_dir=report_dir)
    run = conclude_run(
        [scenario],
        about=about,
        features=file.features,
        expectations=expectations,
        blocked_by="",
        journals={JOURNAL: report_dir / JOURNAL},
        wall_seconds=time.monotonic() - started,
    )
    publish(run, console=console, report_dir=report_dir)
    return exit_code(
        run.verdict,
        ending=Ending(scenarios=1),
        unexpected=run.reckoning.unexpected,
        not_happened=run.reckoning.not_happened,
        strict=strict,
    )


def _played(saved: SavedStory, file: TargetFile, *, folder: Path, about: About, report_dir: Path) -> Scenario:
    with open_bench(file, folder=folder, url_form=saved.url_form, report_dir=report_dir) as bench:
        note_run(bench, about)
        seeded = replace(bench, seed=saved.seed)
        story, missed = Story(seeded, name=saved.scenario, requirements=saved.requirements), None
        try:
            play(story, saved.steps)
        except NotDeclaredError as error:
            raise StoryError(f"{saved.scenario} cannot be played: {error}.") from error
        except MissedWaitError as error:
            missed = error
        scenario = conclude(story, journal=JOURNAL, missed=missed)
        save_journal(bench, about, report_dir / JOURNAL)
    return scenario
