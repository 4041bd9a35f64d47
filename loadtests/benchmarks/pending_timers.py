"""Benchmark: what a million pending timers cost, bare and as notifications that the OMS is still to send.

Run it with `python -m loadtests.benchmarks.pending_timers`, or with another number. Each kind is measured
in a process of its own; memory is what the process grew by, so the orders behind notifications count too.
"""

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from simulators.clock import Clock, InFlight, parse_mode
from simulators.oms.core import Oms
from simulators.oms.dialect import HttpRequest, load_dialect
from simulators.oms.plans import Plan, Uniform
from simulators.wire.transport import Answer, Outbound
from simulators.world import World

MILLION: Final = 1_000_000
TARGET_BYTES: Final = 1024
# Virtual seconds within which all fall due, in no order.
SPAN: Final = 86_400.0


def make_clock() -> Clock:
    """A clock that stands still."""
    guard = threading.Condition(threading.RLock())
    return Clock(mode=parse_mode("manual"), guard=guard, in_flight=InFlight(guard), settle=0.0)


def put_timers(clock: Clock, number: int) -> None:
    """Put bare timers on a clock."""
    chance = random.Random(0)  # noqa: S311 - a simulation
    for _ in range(number):
        clock.call_later(chance.uniform(0, SPAN), _nothing, label="timer")


def put_notifications(clock: Clock, number: int) -> None:
    """Place orders of two services each, as the documented story does; the OMS tells within a day."""

    def answer_at_once(outbound: Outbound, on_answer: Callable[[Answer], None]) -> None:
        del outbound
        on_answer(Answer(status=200))

    oms = Oms(world=World.load("demo"), clock=clock, send=answer_at_once, dialect=load_dialect("simple"))
    oms.plan(Plan(delay=Uniform(uniform=(0, SPAN))))
    for i_account in range(1, number // 2 + 1):
        placed = oms.handle(_order(i_account))
        assert placed.order, placed.reply  # noqa: S101 - else nothing would be measured


KINDS: Final[Mapping[str, Callable[[Clock, int], None]]] = {
    "timers": put_timers,
    "notifications of the OMS": put_notifications,
}


def measure(kind: str, number: int) -> dict[str, float]:
    """Schedule and fire so many; gives bytes and microseconds for each."""
    clock, before, begun = make_clock(), _resident(), time.perf_counter()
    KINDS[kind](clock, number)
    scheduled, grown = time.perf_counter(), _resident() - before
    # Until the last has fired, not until a deadline that is meant for a provisioner's answers.
    clock.advance(seconds=SPAN, deadline=float("inf"))
    fired = time.perf_counter()
    return {
        "bytes": grown / number,
        "schedule": (scheduled - begun) / number * 1e6,
        "fire": (fired - scheduled) / number * 1e6,
    }


def measured(kind: str, number: int) -> dict[str, float]:
    """The same, measured in a process of its own."""
    command = [sys.executable, "-m", "loadtests.benchmarks.pending_timers", kind, str(number)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own command
    costs: dict[str, float] = json.loads(said)
    return costs


def _order(i_account: int) -> HttpRequest:
    body = {
        "reference": f"event-{i_account}",
        "action": "activate",
        "account": {"i_account": i_account, "id": f"{i_account}@msisdn"},
        "services": ["HSS", "PCRF"],
        "notify_url": "http://127.0.0.1:8080/notifications",
    }
    headers = {"Authorization": "Bearer offline-oms", "Content-Type": "application/json"}
    return HttpRequest(method="POST", path="/orders", headers=headers, body=json.dumps(body).encode())


def _nothing() -> None:
    """What a bare timer does."""


def _resident() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """Print the table, or with the name of a kind its figures alone."""
    number = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), MILLION)
    if sys.argv[1:] and sys.argv[1] in KINDS:
        sys.stdout.write(json.dumps(measure(sys.argv[1], number)))
        return
    table = Table(title=f"{number:,} pending at once", title_justify="left")
    for column in ("what", "bytes each", "target bytes", "µs to schedule", "µs to fire"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for kind in KINDS:
        cost = measured(kind, number)
        times = (f"{cost[name]:.1f}" for name in ("schedule", "fire"))
        table.add_row(kind, f"{cost['bytes']:,.0f}", f"{TARGET_BYTES:,}", *times)
    Console().print(table)


if __name__ == "__main__":
    main()
