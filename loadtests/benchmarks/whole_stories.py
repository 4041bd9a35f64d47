"""Benchmark: whole stories a second, and how late the simulators are at half of that.

Run it with `python -m loadtests.benchmarks.whole_stories`. A story is an event, two queries, an order, two
notifications and four statuses; `espf-loadtest` tells them against a provisioner that costs next to nothing.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

CHEAP: Final = Path(__file__).parent / "cheap.toml"
# The highest rate of the ramp, in events a second, and its real seconds.
HIGHEST: Final = 200
SECONDS: Final = 60
# Seconds at half the rate that was kept up with.
HALF_SECONDS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Stories:
    """What was measured: stories a second, and the 99th percentiles of lateness at half of it in seconds."""

    rate: float
    events_late: float
    notifications_late: float


def measure() -> Stories:
    """Tell ever more stories, then half as many as were kept up with."""
    rate = float(_load("--scenario", "ramp", "--rate", HIGHEST, "--duration", SECONDS)["kept_up"])
    half = _load("--rate", max(1.0, rate / 2), "--duration", HALF_SECONDS)
    return Stories(rate=rate, events_late=half["lateness"]["p99"], notifications_late=half["notified"]["p99"])


def _load(*options: object) -> Any:
    with tempfile.TemporaryDirectory(prefix="espf-benchmark-") as folder:
        command = [sys.executable, "-m", "loadtests", "run", "--target", str(CHEAP), "--report-dir", folder]
        subprocess.run(  # noqa: S603 - our own command
            [*command, "--drain", "20", *map(str, options)], stdout=subprocess.DEVNULL, check=False
        )
        return json.loads((Path(folder) / "load.json").read_text(encoding="utf-8"))["figures"]


def main() -> None:
    """Print the table."""
    found = measure()
    table = Table(title="Whole stories", title_justify="left")
    for column in ("stories/s", "events late at half, p99 ms", "notifications late at half, p99 ms"):
        table.add_column(column, justify="right")
    table.add_row(
        f"{found.rate:.0f}", f"{found.events_late * 1000:.1f}", f"{found.notifications_late * 1000:.1f}"
    )
    Console().print(table)


if __name__ == "__main__":
    main()
