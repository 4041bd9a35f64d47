"""All benchmarks that have a target, as one table: what was to be reached, and what this machine reached.

Run it with `python -m loadtests.benchmarks`; it takes about five minutes.
"""

import os
import platform
import statistics
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from loadtests.benchmarks import emitter_rate, peers, pending_timers, start_up, whole_stories

Row = tuple[str, str, str]


def rows(console: Console) -> Iterator[Row]:
    """What is measured, its target, and what was found."""
    seconds = statistics.median(start_up.start_up_seconds() for _ in range(start_up.ROUNDS))
    yield "start of all simulators to the first answer", "0.50 s", f"{seconds:.2f} s"
    yield from _rates(console)
    yield "events delivered by the emitter", "-", f"{emitter_rate.measure():,.0f} a second"
    found = whole_stories.measure()
    yield "whole stories", "100 a second", f"{found.rate:.0f} a second"
    late = f"{found.notifications_late * 1000:.0f} ms"
    yield "notifications late at half of that, p99", "20 ms", late
    late = f"{found.events_late * 1000:.0f} ms"
    yield "events of the generator late at half of that, p99", "20 ms", late
    for kind in pending_timers.KINDS:
        size = pending_timers.measured(kind, pending_timers.MILLION)["bytes"]
        yield f"a million pending {kind}, each", "1,024 bytes", f"{size:,.0f} bytes"


def _rates(console: Console) -> Iterator[Row]:
    found = peers.measure(console)
    own = found["simulators"][-1]
    yield "status updates, 16 connections", "as near to WireMock as can be", f"{own.rate:,.0f} a second"
    for name, loads in found.items():
        if name != "simulators":
            yield (
                f"  the same on {name}",
                "-",
                f"{loads[-1].rate:,.0f}, {loads[-1].rate / own.rate:.1f} times",
            )


def main() -> None:
    """Print the table."""
    console = Console()
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}"
    table = Table(title=f"Benchmarks on {machine}", title_justify="left")
    table.add_column("what")
    for column in ("target", "measured"):
        table.add_column(column, justify="right")
    for row in rows(console):
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
