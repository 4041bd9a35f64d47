"""Runs a load: simulators, target and generator together, until all is at its end or time is over."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from conformance.bench import Bench, open_bench
from conformance.oracle.checks import Check
from conformance.target import TargetFile
from loadtests.errors import GeneratorError
from loadtests.figures import Figures, figures
from loadtests.generator import LOOK_EVERY, Sharing, Where, generate
from loadtests.judging import judge_load
from loadtests.scenarios import LoadScenario
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


class _CutShortError(Exception):
    """Nothing more is worth sending: the target ended by itself, or nothing can be written any more."""


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
    # The first failures that the oracle found.
    failures: tuple[Check, ...]
    # What cut it short: the target that ended by itself, a full disk, or the user.
    accident: str = ""
    is_interrupted: bool = False


def run_load(file: TargetFile, *, beside: Path, options: LoadOptions, console: Console) -> Load:
    """Start all, send all, wait for the rest, and judge.

    Raises:
        TargetError: the target does not start or never becomes ready.
        GeneratorError: Locust broke.
    """
    scenario, sent = options.scenario, options.report_dir / "sent.jsonl"
    sent.unlink(missing_ok=True)
    first = random.Random().randrange(LOWEST, HIGHEST)  # noqa: S311 - no secret
    accounts = range(first, first + scenario.arrivals.number)
    with tempfile.TemporaryDirectory(prefix="espf-load-") as temporary:
        folder = Path(temporary)
        with _bench(
            file, folder=beside, world=folder / "world.toml", accounts=accounts, options=options
        ) as bench:
            begun = _Begun()
            with Spool(bench.stack.journal, folder=folder, accounts=accounts) as spool:
                accident = _tell(bench, first=first, options=options, spool=spool, console=console)
            busy = begun.busy()
            tally = judge_load(
                sent,
                accounts=accounts,
                folder=folder,
                declared=bench.declared,
                world=bench.stack.world,
                event_type=file.features.actions["activate"][0],
            )
    found = figures(scenario, tally, missed=spool.missed + bool(spool.accident), busy=busy)
    return Load(
        figures=found,
        # What is not on record looks as if it never happened.
        failures=() if found.missed_records else tuple(tally.failures),
        accident=accident,
        is_interrupted=accident == STOPPED_BY_USER,
    )


class _Begun:
    """Measures the share of a processor that this process had since then."""

    def __init__(self) -> None:
        self._processor, self._real = time.process_time(), time.monotonic()

    def busy(self) -> float:
        """The share: 1 is a whole processor."""
        return (time.process_time() - self._processor) / (time.monotonic() - self._real)


@contextmanager
def _bench(
    file: TargetFile, *, folder: Path, world: Path, accounts: range, options: LoadOptions
) -> Iterator[Bench]:
    """The simulators in real time, with as many accounts as there are events, and the target."""
    world.write_text(WORLD.format(first=accounts.start, count=len(accounts)))
    form, changes = file.features.url[0], {"clock": "real", "world": str(world)}
    with open_bench(
        file, folder=folder, url_form=form, report_dir=options.report_dir, changes=changes
    ) as bench:
        yield bench


def _tell(bench: Bench, *, first: int, options: LoadOptions, spool: Spool, console: Console) -> str:
    """Send all and wait for the rest; tells what cut it short, if anything."""
    _plan(bench, options.scenario)
    try:
        _send(bench, _where(bench, first), options=options, spool=spool, console=console)
    except KeyboardInterrupt:
        return STOPPED_BY_USER
    except GeneratorError as error:
        # What was sent until then is worth a report.
        if not spool.written:
            raise
        return str(error)
    except _CutShortError as error:
        return str(error)
    return _accident(bench, spool)


def _plan(bench: Bench, scenario: LoadScenario) -> None:
    bench.stack.oms.plan(Plan.model_validate({"outcome": "completed", "delay": scenario.delay}))
    for point in POINTS:
        for trouble in scenario.troubles:
            plan = {"point": point, "fault": trouble.fault, "between": [trouble.begin, trouble.end]}
            bench.stack.weather.add(read_plan(plan))


def _where(bench: Bench, first: int) -> Where:
    shown = bench.stack.world.events
    return Where(
        events_url=bench.stack.settings.events_url,
        header=shown.header,
        credentials=shown.header_value,
        event_type=bench.file.features.actions["activate"][0],
        first_account=first,
    )


def _accident(bench: Bench, spool: Spool) -> str:
    if spool.accident:
        return f"What happened could be written down no longer ({spool.accident.strerror}): make room for it."
    return bench.death() or ""


def _send(bench: Bench, where: Where, *, options: LoadOptions, spool: Spool, console: Console) -> None:
    expected = options.scenario.arrivals.number * len(bench.file.features.groups)
    with console.status("sending") as progress:

        def look() -> None:
            progress.update(f"{spool.ended()} of {expected} statuses final")
            if accident := _accident(bench, spool):
                raise _CutShortError(accident)

        generate(
            options.scenario,
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
    while spool.ended() < expected and time.monotonic() < until:
        if spool.written != seen:
            seen, until = spool.written, time.monotonic() + seconds
        time.sleep(LOOK_EVERY)
        look()
