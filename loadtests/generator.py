"""Starts Locust as a process of its own, and waits until the schedule is at its end."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests import locustfile_path
from loadtests.errors import GeneratorError
from loadtests.scenarios import LoadScenario

# Real seconds between two looks at a running generator.
LOOK_EVERY: Final = 0.5
# By this variable the locustfile learns what events show.
CREDENTIALS: Final = "ESPF_EVENT_CREDENTIALS"
LAST_WORDS: Final = 10
# Locust ends so if a request failed, which is no defect of its own.
EXIT_CODES: Final = frozenset({0, 1})


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where events go, and what is shown there."""

    events_url: str
    header: str
    credentials: str
    event_type: str
    first_account: int


def generate(
    scenario: LoadScenario,
    where: Where,
    *,
    report_dir: Path,
    processes: int,
    seed: int,
    look: Callable[[], None],
) -> None:
    """Send all events of a scenario; `look` is called meanwhile.

    Raises:
        GeneratorError: Locust broke, or was ended; its last words are told.
    """
    command = _command(scenario, where, report_dir=report_dir, processes=processes, seed=seed)
    with _started(command, credentials=where.credentials, report_dir=report_dir) as locust:
        while True:
            try:
                code = locust.wait(LOOK_EVERY)
                break
            except subprocess.TimeoutExpired:
                look()
    if code not in EXIT_CODES:
        words = (report_dir / "locust.log").read_text(errors="replace").splitlines()[-LAST_WORDS:]
        raise GeneratorError("\n  | ".join([f"Locust ended with exit code {code}:", *words]))


@contextmanager
def _started(
    command: list[str], *, credentials: str, report_dir: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    env = {**os.environ, CREDENTIALS: credentials}
    with (
        (report_dir / "locust.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=env) as process,  # noqa: S603 - ours
    ):
        try:
            yield process
        finally:
            process.terminate()


def _command(
    scenario: LoadScenario, where: Where, *, report_dir: Path, processes: int, seed: int
) -> list[str]:
    arrivals = scenario.arrivals
    own = {
        "events-url": where.events_url,
        "event-header": where.header,
        "event-type": where.event_type,
        "shape": arrivals.shape,
        "rate": arrivals.rate,
        "duration": arrivals.duration,
        "first-account": where.first_account,
        "duplicates": scenario.duplicates,
        "streams": processes,
        "chance": seed,
        "sent-file": report_dir / "sent.jsonl",
        "users": processes,
        "spawn-rate": processes,
        "csv": report_dir / "locust",
        "html": report_dir / "locust.html",
        "loglevel": "WARNING",
    }
    options = [word for name, value in own.items() for word in (f"--{name}", str(value))]
    shared = ["--processes", str(processes)] if processes > 1 else []
    return [sys.executable, "-m", "locust", "-f", str(locustfile_path()), "--headless", *options, *shared]
