"""Runs a load: simulators, target and generator together, until all is at its end or time is over."""

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from conformance.bench import Bench, open_bench
from conformance.target import TargetFile
from loadtests.figures import Figures, figures
from loadtests.generator import LOOK_EVERY, Sharing, Where, generate
from loadtests.judging import Judged, judge_load
from loadtests.scenarios import LoadScenario
from loadtests.sent import read_sent
from loadtests.spool import Spool
from simulators.oms.plans import Plan
from simulators.weather.plans import read_plan

# Accounts are new in every run, since a target may remember.
LOWEST: Final = 1_000_000
HIGHEST: Final = 2**30
# What trouble strikes: every neighbour.
POINTS: Final = ("portabilling", "oms/order", "espf/status")
STOPPED_BY_USER: Final = "It was interrupted: what had not been sent or had not ended by then is lost."
WORLD: Final = """
[events]
user = "espf"
password = "offline-events"
[oms]
token = "offline-oms"
[[users]]
login = "provisioner"
password = "offline-only"
api_token = "offline-token"
[derived]
first = {first}
count = {count}
"""


class _TargetEndedError(Exception):
    """The target ended by itself: nothing more is worth sending."""


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """What the user asked for; `drain` are the real seconds in which the rest may come to its end."""

    scenario: LoadScenario
    report_dir: Path
    sharing: Sharing
    drain: float = 60.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of a load."""

    figures: Figures
    judged: Judged
    # How the target ended by itself, or that the user ended the run.
    accident: str = ""
    is_interrupted: bool = False


def run_load(file: TargetFile, *, folder: Path, options: LoadOptions, console: Console) -> Load:
    """Start all, send all, wait for the rest, and judge.

    Raises:
        TargetError: the target does not start or never becomes ready.
        GeneratorError: Locust broke.
    """
    scenario, report_dir = options.scenario, options.report_dir
    (report_dir / "sent.jsonl").unlink(missing_ok=True)
    first = random.Random().randrange(LOWEST, HIGHEST)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory(prefix="espf-load-") as temporary:
        world = Path(temporary) / "world.toml"
        world.write_text(WORLD.format(first=first, count=scenario.arrivals.number))
        form = file.features.url[0]
        changes: Mapping[str, Any] = {"clock": "real", "world": str(world)}
        with open_bench(file, folder=folder, url_form=form, report_dir=report_dir, changes=changes) as bench:
            with Spool(bench.stack.journal, folder=Path(temporary)) as spool:
                accident = _tell(bench, scenario, first=first, options=options, spool=spool, console=console)
            sent = read_sent(report_dir / "sent.jsonl")
            judged = judge_load(
                sent,
                folder=Path(temporary),
                declared=bench.declared,
                world=bench.stack.world,
                event_type=file.features.actions["activate"][0],
            )
    found = figures(scenario, sent, judged, missed=spool.missed)
    return Load(figures=found, judged=judged, accident=accident, is_interrupted=accident == STOPPED_BY_USER)


def _tell(
    bench: Bench, scenario: LoadScenario, *, first: int, options: LoadOptions, spool: Spool, console: Console
) -> str:
    """Send all and wait for the rest; tells what cut it short, if anything."""
    bench.stack.oms.plan(Plan.model_validate({"outcome": "completed", "delay": scenario.delay}))
    for point in POINTS:
        for trouble in scenario.troubles:
            plan = {"point": point, "fault": trouble.fault, "between": [trouble.begin, trouble.end]}
            bench.stack.weather.add(read_plan(plan))
    shown = bench.stack.world.events
    where = Where(
        events_url=bench.stack.settings.events_url,
        header=shown.header,
        credentials=shown.header_value,
        event_type=bench.file.features.actions["activate"][0],
        first_account=first,
    )
    try:
        _send(bench, scenario, where, options=options, spool=spool, console=console)
    except KeyboardInterrupt:
        return STOPPED_BY_USER
    except _TargetEndedError:
        pass
    return bench.death() or ""


def _send(
    bench: Bench,
    scenario: LoadScenario,
    where: Where,
    *,
    options: LoadOptions,
    spool: Spool,
    console: Console,
) -> None:
    expected = scenario.arrivals.number * len(bench.file.features.groups)
    with console.status("sending") as progress:

        def look() -> None:
            progress.update(f"{spool.finals()} of {expected} statuses final")
            if bench.death():
                raise _TargetEndedError

        generate(
            scenario,
            where,
            report_dir=options.report_dir,
            sharing=options.sharing,
            seed=options.seed,
            look=look,
        )
        _drain(spool, expected, seconds=options.drain, look=look)


def _drain(spool: Spool, expected: int, *, seconds: float, look: Callable[[], None]) -> None:
    """Wait until every group shows an outcome, as long as anything still happens."""
    seen, until = -1, time.monotonic() + seconds
    while spool.finals() < expected and time.monotonic() < until:
        if spool.written != seen:
            seen, until = spool.written, time.monotonic() + seconds
        time.sleep(LOOK_EVERY)
        look()
