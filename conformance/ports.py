"""Ports for targets: blocks that are locked per worker, so that a restarted target finds its port free."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from conformance.errors import TargetError

# Below the ephemeral ranges of Linux (32768) and of the IANA (49152).
FIRST: Final = 21_000
BLOCK: Final = 10
BLOCKS: Final = 900


@contextmanager
def reserved_port(host: str) -> Iterator[int]:
    """A port that is free now and that no other worker of this machine takes meanwhile.

    Raises:
        TargetError: every block is taken.
    """
    folder = Path(tempfile.gettempdir()) / f"espf-harness-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    # Users cannot see each other's locks, so each begins elsewhere.
    first = os.getuid() * 101 % BLOCKS
    for number in (*range(first, BLOCKS), *range(first)):
        lock = FileLock(folder / f"{number}.lock", mode=0o666, blocking=False)
        try:
            lock.acquire()
        except Timeout:
            continue
        try:
            if port := _free_port(host, FIRST + number * BLOCK):
                yield port
                return
        finally:
            lock.release()
    raise TargetError(f"No port between {FIRST} and {FIRST + BLOCK * BLOCKS} is free for a target on {host}.")


def _free_port(host: str, first: int) -> int | None:
    return next((port for port in range(first, first + BLOCK) if _is_free(host, port)), None)


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
