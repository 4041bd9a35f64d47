"""Starts Locust as a process of its own, and waits until the schedule is at its end."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from conformance.ports import reserved_port
from conformance.target import TargetFile, fill_url
from loadtests import locustfile_path
from loadtests.errors import GeneratorError, LoadOptionError
from loadtests.scenarios import LoadScenario
from simulators.control.access import is_loopback

LOOPBACK: Final = "127.0.0.1"
# Real seconds between two looks at a running generator.
LOOK_EVERY: Final = 0.5
# What was sent, a line for each attempt.
SENT: Final = "sent.jsonl"
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


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Who shares the schedule: so many processes of this machine, or workers that come to `master_port`.

    These are awaited at `master_host`. Locust asks nobody who comes for a secret.
    """

    processes: int = 1
    master_host: str = LOOPBACK
    master_port: int | None = None

    def options(self, port: int) -> list[str]:
        """What Locust must be told; `port` is free for the processes of this machine."""
        if self.master_port is not None:
            awaited = ["--master-bind-host", self.master_host, "--master-bind-port", str(self.master_port)]
            return ["--master", *awaited, "--expect-workers", str(self.processes)]
        if self.processes == 1:
            return []
        own = ["--master-bind-host", LOOPBACK, "--master-bind-port", str(port), "--master-port", str(port)]
        return ["--processes", str(self.processes), *own]


def generate(
    scenario: LoadScenario,
    where: Where,
    *,
    report_dir: Path,
    sharing: Sharing,
    seed: int,
    look: Callable[[], bool],
) -> None:
    """Send all events of a scenario, as long as `look`, which is called meanwhile, says that it is worth it.

    Raises:
        GeneratorError: Locust broke, or was ended; its last words are told.
    """
    command = _command(scenario, where, report_dir=report_dir, sharing=sharing, seed=seed)
    with (
        reserved_port(LOOPBACK) as port,
        _started(
            [*command, *sharing.options(port)], credentials=where.credentials, report_dir=report_dir
        ) as locust,
    ):
        while (code := _ended(locust)) is None:
            # What is not taken by now, or left by a worker that died, would be waited for without end.
            if not look():
                return
    if code not in EXIT_CODES:
        words = (report_dir / "locust.log").read_text(errors="replace").splitlines()[-LAST_WORDS:]
        raise GeneratorError("\n  | ".join([f"Locust ended with exit code {code}:", *words]))


def check_reach(file: TargetFile, sharing: Sharing) -> None:
    """Make sure that workers of other machines, where some may come, reach the target.

    Raises:
        LoadOptionError: the target file's `events_url` means another target on each of their machines.
    """
    url = fill_url(file.target.events_url, {"port": "1", "host": file.simulators.host})
    is_shared = sharing.master_port is not None and not is_loopback(sharing.master_host)
    if is_shared and is_loopback(urlsplit(url).hostname or ""):
        raise LoadOptionError(
            f"Workers of other machines cannot send to {file.target.events_url}: name in events_url of the "
            "target file an address of this machine that they reach, and let the target listen there."
        )


def serve_master(*, host: str, port: int) -> int:
    """Be one of the workers of a load on another machine, until that is over; gives Locust's exit code."""
    command = [sys.executable, "-m", "locust", "-f", str(locustfile_path()), "--worker"]
    return subprocess.run(  # noqa: S603 - ours
        [*command, "--master-host", host, "--master-port", str(port)], stdin=subprocess.DEVNULL, check=False
    ).returncode


def _ended(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return None


@contextmanager
def _started(
    command: list[str], *, credentials: str, report_dir: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    env = {**os.environ, CREDENTIALS: credentials}
    with (
        (report_dir / "locust.log").open("wb") as log,
        # From a terminal Locust would read keys that change the number of its users.
        subprocess.Popen(  # noqa: S603 - ours
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env
        ) as process,
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
        "sent-file": report_dir / SENT,
        "users": sharing.processes,
        "spawn-rate": sharing.processes,
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
    ]
