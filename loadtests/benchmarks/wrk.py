"""Loads a server with status updates by `wrk`, and waits until it answers at all. Times are real seconds."""

import re
import socket
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

CONNECTIONS: Final = (1, 16)
PATIENCE: Final = 20.0
PATH: Final = "/espf/v1/account/i/189/status"
STATUS_UPDATE: Final = """
wrk.method = "POST"
wrk.body = '{"status": "OK", "group": "HSS"}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5"
"""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What `wrk` saw: requests per second, the 99th percentile in milliseconds, and what was not 2xx."""

    rate: float
    p99: float
    refused: int


def write_script(folder: Path) -> Path:
    """Write down what `wrk` is to send."""
    script = folder / "status_update.lua"
    script.write_text(STATUS_UPDATE, encoding="utf-8")
    return script


def load_with_wrk(port: int, script: Path, *, connections: int, seconds: int) -> Load:
    """Update a status at a port of this machine for so long."""
    url = f"http://127.0.0.1:{port}{PATH}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"-s{script}", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - a fixed command
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if not rate or not slow:
        raise RuntimeError(f"wrk said something else than expected: {said}")
    p99 = float(slow[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]]
    return Load(rate=float(rate[1]), p99=p99, refused=int(refused[1]) if refused else 0)


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def ask(port: int, path: str) -> str:
    """What a server answers to a request by a connection of its own."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request("GET", path, headers={"Connection": "close"})
        return client.getresponse().read().decode()


def until_answered(port: int) -> None:
    """Wait until a server answers, whatever it says.

    Raises:
        TimeoutError: it did not.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            ask(port, "/")
        except OSError:
            time.sleep(0.001)
        else:
            return
    raise TimeoutError(f"nothing answers at port {port}")
