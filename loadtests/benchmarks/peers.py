"""Benchmark: the same status update on the simulators, on WireMock and on Prism, in one run, as ratios.

Run it with `python -m loadtests.benchmarks.peers`. The peers come from npm into a temporary folder; WireMock
needs Java as well, and all need `wrk` (Debian packages). Who is not at hand is named and left out. Equal work
is to check the credentials, to match the body, to answer from what was asked, and to keep a journal.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
from rich.console import Console
from rich.table import Table

from loadtests.benchmarks.wrk import (
    CONNECTIONS,
    Load,
    free_port,
    load_with_wrk,
    until_answered,
    write_script,
)
from simulators.settings import StackSettings
from simulators.stack import Stack

ROUNDS: Final = 3
SECONDS: Final = 3
# Without it, a virtual machine that compiles while it runs would be judged by its beginning.
WARM_UP: Final = 8
WIREMOCK: Final = "wiremock@3.13.2"
PRISM: Final = "@stoplight/prism-cli@5.16.0"
MAPPING: Final[Mapping[str, Any]] = {
    "request": {
        "method": "POST",
        "urlPathPattern": "/espf/v1/account/i/[0-9]+/status",
        "basicAuthCredentials": {"username": "provisioner", "password": "offline-only"},
        "bodyPatterns": [{"matchesJsonPath": "$.status"}, {"matchesJsonPath": "$.group"}],
    },
    "response": {
        "status": 200,
        "headers": {"Content-Type": "application/json"},
        "body": '{"group": "{{jsonPath request.body \'$.group\'}}"}',
        "transformers": ["response-template"],
    },
}


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server: its package of npm if it has one, the programs it needs, and its command for a port."""

    name: str
    command: Callable[[Path, int], Sequence[str]]
    package: str = ""
    needs: tuple[str, ...] = ("npm",)
    env: Mapping[str, str] = field(default_factory=dict)


def _wiremock(folder: Path, port: int) -> Sequence[str]:
    mappings = folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    (mappings / "status.json").write_text(json.dumps(MAPPING), encoding="utf-8")
    started = folder / "node_modules" / ".bin" / "wiremock"
    return [
        str(started),
        "--port",
        str(port),
        "--root-dir",
        str(mappings.parent),
        "--bind-address",
        "127.0.0.1",
    ]


def _prism(folder: Path, port: int) -> Sequence[str]:
    started = folder / "node_modules" / ".bin" / "prism"
    return [
        str(started),
        "mock",
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        "-v",
        "fatal",
        str(folder / "espf.json"),
    ]


def _simulators(_: Path, port: int) -> Sequence[str]:
    return [sys.executable, "-m", "simulators", "up", "--port-base", str(port - 1), "--json"]


PEERS: Final = (
    Peer(name="simulators", command=_simulators, needs=()),
    Peer(name="WireMock", command=_wiremock, package=WIREMOCK, needs=("npm", "java")),
    Peer(name="Prism", command=_prism, package=PRISM),
)


@contextmanager
def started(peer: Peer, folder: Path) -> Iterator[int]:
    """A peer in a process of its own, warmed up; gives its port."""
    port = free_port()
    options: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(peer.command(folder, port), **options) as process:  # noqa: S603 - ours or a fixed package
        try:
            until_answered(port)
            yield port
        finally:
            # What npm starts for a package is a child of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def measure(console: Console) -> dict[str, list[Load]]:
    """The median loads of each peer that is at hand, by the numbers of connections; all take turns."""
    found: dict[str, list[list[Load]]] = {}
    with tempfile.TemporaryDirectory(prefix="espf-peers-") as temporary, ExitStack() as running:
        folder = Path(temporary)
        script, ports = write_script(folder), {}
        for peer in at_hand(folder, console):
            ports[peer.name] = running.enter_context(started(peer, folder))
            load_with_wrk(ports[peer.name], script, connections=CONNECTIONS[-1], seconds=WARM_UP)
        for _ in range(ROUNDS):
            for name, port in ports.items():
                loads = [
                    load_with_wrk(port, script, connections=number, seconds=SECONDS) for number in CONNECTIONS
                ]
                found.setdefault(name, []).append(loads)
    return {name: _medians(rounds) for name, rounds in found.items()}


def at_hand(folder: Path, console: Console) -> Iterator[Peer]:
    """The peers that can be measured here; their packages are installed into the folder."""
    (folder / "espf.json").write_text(json.dumps(_document()), encoding="utf-8")
    for peer in PEERS:
        missing = [program for program in (*peer.needs, "wrk") if not shutil.which(program)]
        if missing:
            console.print(f"{peer.name} is left out: it needs {', '.join(missing)}.")
        elif peer.package and not _install(peer.package, folder):
            console.print(f"{peer.name} is left out: npm could not install {peer.package}.")
        else:
            yield peer


def _install(package: str, folder: Path) -> bool:
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), package]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - a fixed command


def _document() -> Mapping[str, Any]:
    """What the simulators say of the ESPF API."""
    with Stack(StackSettings(port_base=0)) as stack:
        answer = requests.get(f"{stack.addresses.portabilling}/doc/api/ESPFInterface.json", timeout=10)
    document = answer.json()
    # Prism knows no path before those of the document.
    paths = {f"/espf/v1{path}": said for path, said in document["paths"].items()}
    return {**document, "servers": [{"url": "/"}], "paths": paths}


def _medians(rounds: Sequence[Sequence[Load]]) -> list[Load]:
    return [
        Load(
            rate=statistics.median(load.rate for load in loads),
            p99=statistics.median(load.p99 for load in loads),
            refused=sum(load.refused for load in loads),
        )
        for loads in zip(*rounds, strict=True)
    ]


def report(found: Mapping[str, Sequence[Load]]) -> Table:
    """The table: figures, and each peer's rate as a multiple of the simulators'."""
    title = f"Status updates, median of {ROUNDS} rounds of {SECONDS} s taken in turn"
    table = Table(title=title, title_justify="left")
    table.add_column("server")
    for number in CONNECTIONS:
        for what in (f"req/s at {number}", "ratio", "p99 ms"):
            table.add_column(what, justify="right")
    table.add_column("not 2xx", justify="right")
    own = found["simulators"]
    for name, loads in found.items():
        cells = [
            cell
            for load, ours in zip(loads, own, strict=True)
            for cell in (f"{load.rate:,.0f}", f"{load.rate / ours.rate:.2f}", f"{load.p99:.1f}")
        ]
        table.add_row(name, *cells, str(sum(load.refused for load in loads)))
    return table


def main() -> None:
    """Print the table."""
    console = Console()
    console.print(report(measure(console)))


if __name__ == "__main__":
    main()
