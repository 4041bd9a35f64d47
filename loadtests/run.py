"""Runs a load: simulators, target and generator together, until all is at its end or time is over."""

import random
import tempfile
import time
from collections.abc import Iterator
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
from loadtests.generator import LOOK_EVERY, SENT, Sharing, Where, generate
from loadtests.judging import judge_load
from loadtests.patience import Patience
from loadtests.processor import Processor
from loadtests.scenarios import LoadScenario
from loadtests.spool import Spool
from loadtests.tally import Tally
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
    scenario = options.scenario
    (options.report_dir / SENT).unlink(missing_ok=True)
    first = random.Random().randrange(LOWEST, HIGHEST)  # noqa: S311 - no secret
    accounts = range(first, first + scenario.arrivals.number)
    processor = Processor()
    # Beside the reports, since the machine's own folder for such things may be memory.
    with tempfile.TemporaryDirectory(prefix=".journal-", dir=options.report_dir) as temporary:
        folder = Path(temporary)
        with _bench(
            file, folder=beside, world=folder / "world.toml", accounts=accounts, options=options
        ) as bench:
            with Spool(bench.stack.journal, folder=folder, accounts=accounts) as spool:
                telling = _Telling(bench, options=options, spool=spool, processor=processor, console=console)
                accident = telling.tell(first)
            tally = _judged(bench, spool, folder=folder, accounts=accounts, options=options)
    found = figures(scenario, tally, missed=spool.missed + bool(spool.accident), busy=processor.busiest)
    return Load(
        figures=found,
        # What is not on record looks as if it never happened.
        failures=() if found.missed_records else tuple(tally.failures),
        accident=_full(spool.accident) if spool.accident else accident,
        is_interrupted=accident == STOPPED_BY_USER,
    )


def _judged(bench: Bench, spool: Spool, *, folder: Path, accounts: range, options: LoadOptions) -> Tally:
    try:
        return judge_load(
            options.report_dir / SENT,
            accounts=accounts,
            folder=folder,
            declared=bench.declared,
            world=bench.stack.world,
            event_type=bench.file.features.actions["activate"][0],
        )
    except OSError as error:
        spool.accident = error
        return Tally(begin=0.0)


def _full(error: OSError) -> str:
    return f"What happened could be written down no longer ({error.strerror}): make room for it."


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


class _Telling:
    """Sends all events of a load and waits for what comes of them."""

    def __init__(
        self, bench: Bench, *, options: LoadOptions, spool: Spool, processor: Processor, console: Console
    ) -> None:
        self._bench = bench
        self._options = options
        self._spool = spool
        self._processor = processor
        self._console = console
        self._expected = options.scenario.arrivals.number * len(bench.file.features.groups)

    def tell(self, first: int) -> str:
        """Do so, from that account on; tells what cut it short, if anything."""
        _plan(self._bench, self._options.scenario)
        try:
            self._send(_where(self._bench, first))
        except KeyboardInterrupt:
            return STOPPED_BY_USER
        except GeneratorError as error:
            # What was sent until then is worth a report.
            if not self._spool.written:
                raise
            return str(error)
        except _CutShortError as error:
            return str(error)
        return self._accident()

    def _send(self, where: Where) -> None:
        options = self._options
        patience = Patience(seconds=options.drain, at_least=options.scenario.arrivals.duration)
        with self._console.status("sending") as progress:

            def look() -> bool:
                ended = self._spool.ended()
                progress.update(f"{ended} of {self._expected} statuses final")
                self._processor.note()
                if accident := self._accident():
                    raise _CutShortError(accident)
                if (options.report_dir / SENT).exists():
                    patience.begin()
                return patience.lasts(ended)

            generate(
                options.scenario,
                where,
                report_dir=options.report_dir,
                sharing=options.sharing,
                seed=options.seed,
                look=look,
            )
            patience.begin()
            while self._spool.ended() < self._expected and look():
                time.sleep(LOOK_EVERY)

    def _accident(self) -> str:
        if self._spool.accident:
            return _full(self._spool.accident)
        return self._bench.death() or ""


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
