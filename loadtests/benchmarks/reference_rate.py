"""Benchmark: 1,000 events at 50 per second for the reference provisioner, until every status is final.

The simulators and the provisioner are processes of their own, as in operation, and are looked at over HTTP
alone. Run it with `python -m loadtests.benchmarks.reference_rate`.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from conformance.target import fill, load_target
from simulators.client import ControlClient

EVENTS = 1_000
PER_SECOND = 50
STATUSES_PER_EVENT = 2
HOST = "127.0.0.1"
FIRST = 1_000_000
# Real seconds: from an order to its notifications, between two looks, and until all must be final.
NOTIFIED = 5
LOOK_EVERY = 0.5
PATIENCE = 180
WORLD = f"""
[events]
user = "espf"
password = "offline-events"
[oms]
token = "offline-oms"
[[oms.plans]]
delay = {NOTIFIED}
[[users]]
login = "provisioner"
password = "offline-only"
api_token = "offline-token"
[derived]
first = {FIRST}
count = {EVENTS}
"""

BACKLOG = "espf_provisioner_backlog{"
OLDEST = "espf_provisioner_oldest_unfinished_seconds "


@dataclass(kw_only=True)
class Observed:
    """What was seen from outside; times are real seconds since all events were handed over."""

    final: int = 0
    all_final_after: float | None = None
    highest_backlog: int = 0
    backlog: int = 0
    oldest: float = 0.0


@contextmanager
def simulators(events_url: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """Run the simulators, which send so many events a second; gives their addresses."""
    world = folder / "world.toml"
    world.write_text(WORLD)
    options = ["--world", str(world), "--port-base", "0", "--events-url", events_url, "--json"]
    command = [sys.executable, "-m", "simulators", "up", *options, "--rate", str(PER_SECOND)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout  # noqa: S101 - a pipe was asked for
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def provisioner(addresses: Mapping[str, str], *, port: int, folder: Path) -> Iterator[None]:
    """Run the reference provisioner as its target file says, or with the DATABASE of the environment."""
    _, file = load_target("reference")
    values = {
        "port": str(port),
        "host": HOST,
        "portabilling_url": addresses["portabilling"],
        "espf_url": addresses["portabilling"],
        "oms_url": addresses["oms"],
        "login": "provisioner",
        "password": "offline-only",
        "oms_token": "offline-oms",
        "event_user": "espf",
        "event_password": "offline-events",
        "notify_url": f"http://{HOST}:{port}/notifications",
        "state_dir": str(folder),
        "url_form": "i_account",
        "ca_file": "",
    }
    env = {name: fill(text, values) for name, text in file.target.env.items()} | os.environ
    command = [fill(word, {"python": sys.executable}) for word in file.target.command]
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=env, stderr=log) as process:  # noqa: S603 - our own
        try:
            await_ready(f"http://{HOST}:{port}/readyz")
            yield
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def await_ready(url: str) -> None:
    """Wait until it is answered 200."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=10).ok:
                return
        except requests.ConnectionError:
            time.sleep(LOOK_EVERY / 10)


def observe(control: ControlClient, metrics_url: str) -> Observed:
    """Look at both sides until every status is final and nothing is left to do."""
    seen, started = Observed(), time.monotonic()
    while time.monotonic() - started < PATIENCE:
        lines = requests.get(metrics_url, timeout=10).text.splitlines()
        seen.backlog = sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith(BACKLOG))
        oldest = next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(OLDEST))
        seen.highest_backlog = max(seen.highest_backlog, seen.backlog)
        seen.oldest = max(seen.oldest, oldest)
        if seen.backlog == 0 and time.monotonic() - started > EVENTS / PER_SECOND:
            seen.final = sum(status["status"] == "OK" for status in control.statuses())
            if seen.final == EVENTS * STATUSES_PER_EVENT:
                seen.all_final_after = time.monotonic() - started
                return seen
        time.sleep(LOOK_EVERY)
    return seen


def measure() -> Observed:
    """Run everything once."""
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="espf-benchmark-")))
        port = free_port()
        addresses = resources.enter_context(simulators(f"http://{HOST}:{port}/events", folder))
        resources.enter_context(provisioner(addresses, port=port, folder=folder))
        control = ControlClient(addresses["control"])
        for number in range(EVENTS):
            control.emit("Account/New", i_account=FIRST + number)
        return observe(control, f"http://{HOST}:{port}/metrics")


def main() -> None:
    """Print the table."""
    seen = measure()
    title = f"{EVENTS} events at {PER_SECOND} a second, notified {NOTIFIED} s after their order"
    table = Table(title=title, title_justify="left")
    for column in (
        "statuses final",
        "all final after s",
        "highest backlog",
        "oldest s",
        "backlog at the end",
    ):
        table.add_column(column, justify="right")
    after = "never" if seen.all_final_after is None else f"{seen.all_final_after:.1f}"
    final = f"{seen.final} of {EVENTS * STATUSES_PER_EVENT}"
    table.add_row(final, after, str(seen.highest_backlog), f"{seen.oldest:.1f}", str(seen.backlog))
    Console().print(table)


if __name__ == "__main__":
    main()
