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
# Real seconds after the last event until nothing more is sent again.
PATIENCE: Final = 120.0
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


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Who shares the schedule: so many processes of this machine, or workers that come to `master_port`."""

    processes: int = 1
    master_port: int | None = None

    @property
    def options(self) -> list[str]:
        """What Locust must be told."""
        if self.master_port is not None:
            port = str(self.master_port)
            return ["--master", "--master-bind-port", port, "--expect-workers", str(self.processes)]
        return ["--processes", str(self.processes)] if self.processes > 1 else []


def generate(
    scenario: LoadScenario,
    where: Where,
    *,
    report_dir: Path,
    sharing: Sharing,
    seed: int,
    look: Callable[[], None],
) -> None:
    """Send all events of a scenario; `look` is called meanwhile.

    Raises:
        GeneratorError: Locust broke, or was ended; its last words are told.
    """
    command = _command(scenario, where, report_dir=report_dir, sharing=sharing, seed=seed)
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


def serve_master(*, host: str, port: int) -> int:
    """Be one of the workers of a load on another machine, until that is over; gives Locust's exit code."""
    command = [sys.executable, "-m", "locust", "-f", str(locustfile_path()), "--worker"]
    return subprocess.run(  # noqa: S603 - ours
        [*command, "--master-host", host, "--master-port", str(port)], check=False
    ).returncode


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
    scenario: LoadScenario, where: Where, *, report_dir: Path, sharing: Sharing, seed: int
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
        "streams": sharing.processes,
        "chance": seed,
        "sent-file": report_dir / "sent.jsonl",
        "users": sharing.processes,
        "spawn-rate": sharing.processes,
        # A worker that died would be waited for without end.
        "run-time": f"{arrivals.duration + PATIENCE:.0f}s",
        "csv": report_dir / "locust",
        "html": report_dir / "locust.html",
        "loglevel": "WARNING",
    }
    options = [word for name, value in own.items() for word in (f"--{name}", str(value))]
    return [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(locustfile_path()),
        "--headless",
        *options,
        *sharing.options,
    ]
