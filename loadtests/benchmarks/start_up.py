"""Benchmark: from the start of `espf-simulators up` to the first answer of each simulator, in real seconds.

Run it with `python -m loadtests.benchmarks.start_up`.
"""

import json
import statistics
import subprocess
import sys
import time

import requests
from rich.console import Console
from rich.table import Table

ROUNDS = 10
TARGET_SECONDS = 0.5


def start_up_seconds() -> float:
    """Start all simulators as a process of their own, ask each once, stop them; gives the real seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "simulators", "up", "--port-base", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout  # noqa: S101 - a pipe was asked for
        addresses = json.loads(process.stdout.readline())
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{addresses['control']}/_sim/health", timeout=5)
            session.get(f"{addresses['portabilling']}/espf/v1/groups", timeout=5)
            session.get(addresses["oms"], timeout=5)
        seconds = time.perf_counter() - started
        process.terminate()
    return seconds


def main() -> None:
    """Print the table."""
    rounds = [start_up_seconds() for _ in range(ROUNDS)]
    table = Table(title="Start of all simulators to the first answer of each", title_justify="left")
    for column in ("rounds", "median s", "slowest s", "target s"):
        table.add_column(column, justify="right")
    median = statistics.median(rounds)
    table.add_row(str(ROUNDS), f"{median:.2f}", f"{max(rounds):.2f}", f"{TARGET_SECONDS:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
