"""Benchmark: how many events a second the emitter delivers to a receiver that answers at once.

Run it with `python -m loadtests.benchmarks.emitter_rate`. The receiver is a process of its own.
"""

import asyncio
import subprocess
import sys
import time
from typing import Final

from rich.console import Console
from rich.table import Table

from loadtests.benchmarks.wrk import free_port, until_answered
from simulators.settings import StackSettings
from simulators.stack import Stack

EVENTS: Final = 3_000
PATIENCE: Final = 120.0
TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take one event, whatever it says."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b":0")
    await reader.readexactly(int(length.partition(b":")[2]))
    writer.write(TAKEN)
    await writer.drain()
    writer.close()


async def serve(port: int) -> None:
    """Be the receiver, until killed."""
    server = await asyncio.start_server(receive, "127.0.0.1", port, backlog=EVENTS)
    await server.serve_forever()


def measure() -> float:
    """Deliver all events; gives events per real second."""
    port = free_port()
    command = [sys.executable, "-m", "loadtests.benchmarks.emitter_rate", str(port)]
    settings = StackSettings(port_base=0, events_url=f"http://127.0.0.1:{port}/events")
    with subprocess.Popen(command) as receiver:  # noqa: S603 - our own command
        try:
            until_answered(port)
            with Stack(settings) as stack:
                begun = time.perf_counter()
                for _ in range(EVENTS):
                    stack.emitter.emit("Account/New", i_account=189)
                stack.clock.wait_idle(deadline=PATIENCE)
                return EVENTS / (time.perf_counter() - begun)
        finally:
            receiver.kill()


def main() -> None:
    """Print the table, or with a port be the receiver."""
    if sys.argv[1:]:
        asyncio.run(serve(int(sys.argv[1])))
        return
    table = Table(title=f"{EVENTS:,} events to a receiver that answers at once", title_justify="left")
    table.add_column("events/s", justify="right")
    table.add_row(f"{measure():,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
