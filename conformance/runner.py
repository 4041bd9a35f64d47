"""Runs the suite against a target: one story by itself, then pytest, then the verdict and the exit code."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console
from rich.markup import escape

from conformance.about import About, Budget, about_run
from conformance.errors import TargetError
from conformance.expectations import load_expectations, only_expected
from conformance.plugin import SCENARIO, TARGET_ERROR
from conformance.progress import progress_bar
from conformance.report import make_folder, publish
from conformance.report_run import Run, conclude_run
from conformance.requirements import Profile, requirement
from conformance.scenario import Scenario
from conformance.smoke import BLOCKS_ALL, Smoke, tell_smoke_story
from conformance.target import load_target
from conformance.verdict import CONFORMANT, NOTHING_TESTED, Ending, exit_code
from simulators.commands import CONFIGURATION, HARNESS_BROKE, INTERRUPTED

# Seeds are short enough to be typed again.
SEEDS: Final = 2**31
SUITE: Final = Path(__file__).parent / "suite"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the user asked for."""

    target: str
    report_dir: Path
    only: tuple[str, ...] = ()
    profile: Profile = "full"
    budget: Budget = "normal"
    workers: int = 0
    strict: bool = False
    seed: int | None = None
    expect_fail: Path | None = None


@dataclass
class Collector:
    """A pytest plugin of the controller: gathers what came of each scenario and shows progress."""

    console: Console
    scenarios: list[Scenario] = field(default_factory=list)
    target_errors: list[str] = field(default_factory=list)
    harness_errors: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one report."""
        errors = [str(value) for name, value in report.user_properties if name == TARGET_ERROR]
        told = [str(value) for name, value in report.user_properties if name == SCENARIO]
        if errors:
            self.target_errors += errors
        elif report.when == "call" and told:
            for scenario in map(Scenario.from_json, told):
                self.add(scenario)
        elif report.failed:
            self.harness_errors.append(f"{report.nodeid} ({report.when}):\n{report.longreprtext}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take in that scenarios could not even be collected."""
        if report.failed:
            self.harness_errors.append(report.longreprtext)

    def add(self, scenario: Scenario) -> None:
        """Take in what came of a scenario, and show that it ran."""
        self.scenarios.append(scenario)
        mark = "[red]failed[/]" if scenario.went_wrong else "[green]ok[/]"
        hours = scenario.result.virtual_seconds / 3600
        function, bracket, parameters = scenario.name.removeprefix("test_").partition("[")
        name = escape(function.replace("_", " ") + f" {bracket}{parameters}")
        seconds = scenario.result.wall_seconds
        line = f"  {mark}  {name}  ({hours:.3g} virtual h, {seconds:.1f} s)"
        self.console.print(line, highlight=False, soft_wrap=True)


def run_suite(options: RunOptions, *, console: Console) -> int:
    """Run and report; gives the exit code.

    Raises:
        ConformanceError: the target file, an id of `only`, the expectations or the target's set-up is wrong.
    """
    started = time.monotonic()
    path, file = load_target(options.target)
    for id_ in options.only:
        requirement(id_)
    expectations = load_expectations(options.expect_fail)
    make_folder(options.report_dir, without="journal-*.jsonl")
    if not file.target.command and options.workers:
        console.print("The target already runs, so one worker judges it.")
        options = replace(options, workers=0)
    seed = secrets.randbelow(SEEDS) if options.seed is None else options.seed
    scope = {"only": options.only, "profile": options.profile, "budget": options.budget}
    about = about_run(file, name=options.target, seed=seed, **scope)
    collector = Collector(console=console)
    # A pipeline that gives up sends SIGTERM: it gets the report so far, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    smoke = tell_smoke_story(file, folder=path.parent, report_dir=options.report_dir, about=about)
    blocked_by, code = _why_no_more(smoke, options, collector), int(pytest.ExitCode.OK)
    if blocked_by and only_expected(collector.scenarios, file.features, expectations):
        collector.scenarios.clear()
        blocked_by = ""
    if not blocked_by:
        code = _pytest(options, about, collector)
    if code == pytest.ExitCode.INTERRUPTED:
        console.print("Interrupted: what had not run is missing from the report.")
    run = conclude_run(
        collector.scenarios,
        about=about,
        features=file.features,
        expectations=expectations,
        blocked_by=blocked_by,
        journals={told.journal: options.report_dir / told.journal for told in collector.scenarios},
        wall_seconds=time.monotonic() - started,
    )
    publish(run, console=console, report_dir=options.report_dir)
    return _exit_code(code, collector, run, strict=options.strict)


def examine(target: str, *, report_dir: Path, console: Console) -> int:
    """Tell the smoke story alone, and say whether the target can be judged; gives the exit code.

    Raises:
        ConformanceError: the target file or the target's set-up is wrong.
    """
    path, file = load_target(target)
    make_folder(report_dir, without="journal-*.jsonl")
    about = about_run(file, name=target, seed=0)
    smoke = tell_smoke_story(file, folder=path.parent, report_dir=report_dir, about=about)
    for finding in smoke.findings:
        console.print(f"  - {finding}", markup=False, highlight=False, soft_wrap=True)
    if smoke.scenario is None:
        console.print("It declares no event type for activate, so that no story could be told: it is ready.")
    elif smoke.findings:
        console.print(f"{file.target.name} cannot be judged like that: mend what is listed above.")
    elif smoke.has_failed:
        console.print(
            f"{file.target.name} is set up, but the documented story failed: `run` says which requirement."
        )
    else:
        console.print(f"{file.target.name} is ready to be judged: the documented story was told to its end.")
    return CONFIGURATION if smoke.findings else CONFORMANT


def _why_no_more(smoke: Smoke, options: RunOptions, collector: Collector) -> str:
    """Why no scenario is told after the smoke story; empty where all are. Chosen ones are told anyway."""
    for finding in smoke.findings:
        collector.console.print(f"Note: {finding}", markup=False, highlight=False, soft_wrap=True)
    if smoke.scenario is None or not smoke.has_failed or options.only:
        return ""
    collector.add(smoke.scenario)
    return BLOCKS_ALL


def _pytest(options: RunOptions, about: About, collector: Collector) -> int:
    own_file = Path(options.target)
    arguments = [
        *("-c", str(SUITE / "pytest.ini"), "--rootdir", str(SUITE), str(SUITE)),
        *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "xdist.plugin", "-p", "conformance.plugin"),
        *("--espf-target", str(own_file.absolute()) if own_file.is_file() else options.target),
        *("--espf-report-dir", str(options.report_dir.absolute()), "-n", str(options.workers)),
        f"--espf-about={about.model_dump_json()}",
    ]
    with _own_environment(), progress_bar(collector.console) as bar:
        return int(pytest.main(arguments, plugins=[collector, bar]))


@contextmanager
def _own_environment() -> Iterator[None]:
    """Keep the user's own pytest settings, and plugins of other packages, away from the judge.

    Plugins cost seconds of import and own option names; PYTEST_ADDOPTS could deselect scenarios.
    """
    before = dict(os.environ)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _exit_code(code: int, collector: Collector, run: Run, *, strict: bool) -> int:
    """The exit code of what was found and of how the run ended; an interrupt outweighs all."""
    if code == pytest.ExitCode.INTERRUPTED:
        return INTERRUPTED
    broke = bool(collector.harness_errors) or code in {
        pytest.ExitCode.INTERNAL_ERROR,
        pytest.ExitCode.USAGE_ERROR,
    }
    ending = Ending(
        scenarios=len(run.scenarios), harness_broke=broke, setup_failed=bool(collector.target_errors)
    )
    decided = exit_code(
        run.verdict,
        ending=ending,
        unexpected=run.reckoning.unexpected,
        not_happened=run.reckoning.not_happened,
        strict=strict,
    )
    if decided == HARNESS_BROKE:
        for error in collector.harness_errors:
            collector.console.print(f"The harness itself broke: {error}", markup=False)
    elif decided == CONFIGURATION:
        raise TargetError(collector.target_errors[0])
    elif decided == NOTHING_TESTED:
        collector.console.print("Nothing was tested: no scenario fits what the target declares and --only.")
    return decided
