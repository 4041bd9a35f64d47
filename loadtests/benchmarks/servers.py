"""Benchmark: the web servers that could carry the simulators, each under the same status updates.

Run it with `python -m loadtests.benchmarks.servers`; with names of servers it compares these alone. Servers
that are not installed are named. It needs `wrk` (a Debian package) to load them. Times are real seconds.
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from loadtests.benchmarks.contenders import CONTENDERS, Contender
from loadtests.benchmarks.wrk import (
    CONNECTIONS,
    PATIENCE,
    Load,
    ask,
    free_port,
    load_with_wrk,
    until_answered,
    write_script,
)

ROUNDS: Final = 3
WRK_SECONDS: Final = 3
HELD: Final = 300


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round of one server: the loads by connections, and what its life cost."""

    loads: tuple[Load, ...]
    start: float
    held: int
    stop: float
    megabytes: float


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server in a process of its own, and how long it took from its making to its first answer."""

    process: subprocess.Popen[str]
    port: int
    start: float


@contextmanager
def served(contender: Contender, *, threads: int) -> Iterator[Served]:
    """Start a server; it is ended however the block ends."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "loadtests.benchmarks.contenders",
        contender.name,
        str(port),
        str(threads),
    ]
    options: Any = {"stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(command, **options) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout  # noqa: S101 - a pipe was asked for
            begun = float(process.stdout.readline())
            until_answered(port)
            # One monotonic clock serves all processes of a machine.
            yield Served(process=process, port=port, start=time.monotonic() - begun)
        finally:
            # With its workers, where it has some; each of them would keep the pipe open.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def play_round(contender: Contender, script: Path) -> Round:
    """Load a server, let it hold many answers at once, and stop it."""
    with served(contender, threads=24) as server:
        loads = tuple(
            load_with_wrk(server.port, script, connections=connections, seconds=WRK_SECONDS)
            for connections in CONNECTIONS
        )
        megabytes = _megabytes(server.process.pid)
        stopping = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
        stop, start = time.monotonic() - stopping, server.start
    with served(contender, threads=HELD + 20) as server:
        held = _held(server.port)
    return Round(loads=loads, start=start, held=held, stop=stop, megabytes=megabytes)


def _megabytes(pid: int) -> float:
    """What a process and its workers hold in memory; what they share is counted once."""
    process = Path(f"/proc/{pid}")
    share = re.search(
        r"^Pss:\s+(\d+) kB", (process / "smaps_rollup").read_text(encoding="utf-8"), re.MULTILINE
    )
    workers = " ".join(path.read_text(encoding="utf-8") for path in process.glob("task/*/children")).split()
    return int(share[1] if share else 0) / 1024 + sum(_megabytes(int(worker)) for worker in workers)


def _held(port: int) -> int:
    """How many answers the server held at once, of as many requests as are made at once."""
    with ThreadPoolExecutor(HELD) as clients:
        answers = list(clients.map(lambda _: ask(port, "/held"), range(HELD)))
    return max(int(answer) for answer in answers)


def report(rounds: dict[str, list[Round]]) -> Table:
    """The medians of all rounds, as a table."""
    table = Table(title=f"Status updates by server, median of {ROUNDS} rounds", title_justify="left")
    loads = [f"{what} at {number}" for number in CONNECTIONS for what in ("req/s", "p99 ms")]
    fixed = ("in process", "TLS", "port 0")
    for column in ("server", *loads, "not 2xx", "start ms", f"held of {HELD}", "stop ms", "MB", *fixed):
        table.add_column(column, justify="left" if column == "server" else "right")
    for contender in CONTENDERS:
        if played := rounds.get(contender.name):
            table.add_row(contender.name, *_cells(played), *contender.abilities)
    return table


def _cells(played: Sequence[Round]) -> Iterator[str]:
    for number in range(len(CONNECTIONS)):
        yield f"{statistics.median(one.loads[number].rate for one in played):,.0f}"
        yield f"{statistics.median(one.loads[number].p99 for one in played):,.1f}"
    yield str(sum(load.refused for one in played for load in one.loads))
    yield f"{statistics.median(one.start for one in played) * 1000:,.0f}"
    yield f"{min(one.held for one in played)}"
    yield f"{statistics.median(one.stop for one in played) * 1000:,.0f}"
    yield f"{statistics.median(one.megabytes for one in played):,.0f}"


def main() -> None:
    """Play the rounds in turn, so that a drift of the machine meets all alike, and print the table."""
    console = Console()
    if not shutil.which("wrk"):
        console.print("wrk loads the servers and is not installed: apt-get install wrk.")
        sys.exit(4)
    wanted = [one for one in CONTENDERS if one.name in sys.argv[1:] or not sys.argv[1:]]
    missing = [one.module for one in wanted if importlib.util.find_spec(one.module) is None]
    if missing:
        console.print(f"Left out, since not installed: pip install {' '.join(missing)} would add them.")
    rounds: dict[str, list[Round]] = {one.name: [] for one in wanted if one.module not in missing}
    with tempfile.TemporaryDirectory() as folder:
        script = write_script(Path(folder))
        for _ in range(ROUNDS):
            for one in wanted:
                if one.name in rounds:
                    rounds[one.name].append(play_round(one, script))
    console.print(report(rounds))
    console.print(json.dumps({"rounds": ROUNDS, "seconds": WRK_SECONDS, "python": sys.version.split()[0]}))


if __name__ == "__main__":
    main()
