"""The generator alone, before a receiver of the test's own: what leaves, and when."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from loadtests import locustfile_path
from simulators.settings import StackSettings
from simulators.stack import Stack

DEADLINE = 60


class Receiver(ThreadingHTTPServer):
    """Answers nobody before `together` requests are there, and keeps what they showed."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, *, together: int = 1) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.together = together
        self.received: list[tuple[Mapping[str, str], bytes]] = []
        self.enough = threading.Event()

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Keep it, and wait for the others."""
        self.received.append((headers, body))
        if len(self.received) >= self.together:
            self.enough.set()
        self.enough.wait(DEADLINE)


class Handler(BaseHTTPRequestHandler):
    """Answers 200."""

    server: Receiver

    def do_POST(self) -> None:
        """Hand over what came."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.take(headers, self.rfile.read(int(headers["content-length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(**options: int) -> Iterator[Receiver]:
    """A receiver, as long as the block lasts."""
    with Receiver(**options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def generate(receiver: Receiver, folder: Path, *options: str, before: Sequence[str] = ()) -> list[Any]:
    """Let plain Locust send to a receiver; gives what it wrote down of answered attempts."""
    url, sent = f"http://127.0.0.1:{receiver.server_port}/events", folder / "sent.jsonl"
    locust = [*before, sys.executable, "-m", "locust", "-f", str(locustfile_path()), "--headless"]
    subprocess.run(
        [*locust, "--events-url", url, "--sent-file", str(sent), *options],
        check=True,
        capture_output=True,
        timeout=DEADLINE,
    )
    rows = [json.loads(line) for line in sent.read_text().splitlines()]
    return [row for row in rows if row["ended"] is not None]


def test_events_are_those_of_the_emitter(tmp_path: Path) -> None:
    """Body, headers and credentials are those that the emitter's simulator sends for the same event."""
    with listening() as receiver:
        url = f"http://127.0.0.1:{receiver.server_port}/events"
        settings = StackSettings(port_base=0, clock="real", events_url=url, first_i_event=189)
        with Stack(settings) as stack:
            stack.emitter.emit("Account/New", i_account=189)
            receiver.enough.wait(DEADLINE)
        generate(receiver, tmp_path, "--rate", "10", "--duration", "0.1", "--first-account", "189")

    (simulated, generated) = receiver.received
    assert generated[1] == simulated[1]
    for name in ("content-type", "connection", "authorization"):
        assert generated[0][name] == simulated[0][name]
    assert parsedate_to_datetime(generated[0]["date"]) >= parsedate_to_datetime(simulated[0]["date"])


def test_event_that_found_no_connection_leaves_later(tmp_path: Path) -> None:
    """A machine that has too few open files for a burst sends the rest as soon as it can, and says when."""
    few_files = ("prlimit", "--nofile=64:64")
    with listening(together=20) as receiver:
        rows = generate(
            receiver, tmp_path, "--shape", "burst", "--rate", "100", "--duration", "1", before=few_files
        )

    assert len(receiver.received) == 100
    assert {(row["attempt"], row["status"]) for row in rows} == {(1, 200)}
    assert {row["i_account"] for row in rows} == set(range(1_000_000, 1_000_100))
