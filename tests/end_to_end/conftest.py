"""What end-to-end tests share: target files made from the reference's, and runs of the real command."""

import json
import os
import select
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from conformance.ports import reserved_port
from conformance.process import TargetProcess
from conformance.target import load_target
from simulators.bundled import find
from simulators.settings import StackSettings
from simulators.stack import Stack

MARK = "ESPF_HARNESS_TEST"
# Real seconds within which a run must have ended; far above what any takes.
DEADLINE = 120


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run of a command that has ended."""

    code: int
    output: str
    errors: str
    report_dir: Path

    @property
    def report(self) -> Any:
        """The report for programs."""
        return json.loads((self.report_dir / "conformance.json").read_text())

    def ids(self, verdict: str) -> set[str]:
        """The requirements with a verdict."""
        return {entry["id"] for entry in self.report["requirements"] if entry["verdict"] == verdict}

    def verdict_of(self, id_: str) -> str:
        """The verdict on a requirement."""
        return next(str(entry["verdict"]) for entry in self.report["requirements"] if entry["id"] == id_)


@pytest.fixture(name="marked_env")
def _marked_env() -> Iterator[Mapping[str, str]]:
    """An environment by which every process that a test starts is found again, and none may be left."""
    mark = uuid.uuid4().hex
    yield {**os.environ, MARK: mark}

    left = [pid for pid in _marked(mark) if not _ends(pid)]

    assert left == []


def _marked(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _ends(pid: int) -> bool:
    """Wait for the end of a process that is about to end by itself."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    return bool(ready)


@pytest.fixture(name="write_target")
def _write_target(tmp_path: Path) -> Callable[..., Path]:
    """Write a target file like the reference's, or the program's own beside it, with shorter waits."""

    def write(program: Path, *, timeouts: str = "hang = 1.0\nconverge = 3.0", forms: str = "") -> Path:
        own = program.with_suffix(".toml")
        lines = (own if own.exists() else find("targets", "reference")).read_text().splitlines()
        changes = {"command": f'command = ["{{python}}", "{program}"]'}
        if forms:
            changes["url ="] = f"url = [{forms}]"
        changed = [
            next((new for old, new in changes.items() if line.startswith(old)), line) for line in lines
        ]
        path = tmp_path / "target.toml"
        path.write_text("\n".join([*changed, "", "[timeouts]", timeouts, ""]))
        return path

    return write


@pytest.fixture(name="run_conformance")
def _run_conformance(tmp_path: Path, marked_env: Mapping[str, str]) -> Callable[..., Finished]:
    """Run `espf-conformance run`, or another command, as a process of its own with its own reports."""
    numbers = count(1)

    def run(target: Path | str, *options: str, command: Sequence[str] = ("run",)) -> Finished:
        report_dir = tmp_path / f"reports-{next(numbers)}"
        whole = [sys.executable, "-m", "conformance", *command, "--target", str(target), *options]
        done = subprocess.run(
            [*whole, "--report-dir", str(report_dir)],
            env=marked_env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        return Finished(code=done.returncode, output=done.stdout, errors=done.stderr, report_dir=report_dir)

    return run


@contextmanager
def _reference(port: int, stack: Stack, folder: Path) -> Iterator[None]:
    """Start the reference provisioner as a developer would: with the documented addresses and credentials."""
    path, file = load_target("reference")
    known = {
        "port": str(port),
        "host": "127.0.0.1",
        "portabilling_url": stack.addresses.portabilling,
        "espf_url": stack.addresses.portabilling,
        "oms_url": stack.addresses.oms,
        "login": "provisioner",
        "password": "offline-only",
        "oms_token": "offline-oms",
        "event_user": "espf",
        "event_password": "offline-events",
        "notify_url": f"http://127.0.0.1:{port}/notifications",
        "state_dir": str(folder),
        "url_form": "i_account",
        "ca_file": stack.ca_file,
    }
    with TargetProcess(file, folder=path.parent, values=known, log=folder / "log"):
        yield


@pytest.fixture(name="beside_reference")
def _beside_reference(tmp_path: Path) -> Callable[..., AbstractContextManager[Stack]]:
    """Start a stack with the reference provisioner beside it; options are those of `StackSettings`."""

    @contextmanager
    def start(**options: Any) -> Iterator[Stack]:
        with ExitStack() as resources:
            port = resources.enter_context(reserved_port("127.0.0.1"))
            settings = StackSettings(events_url=f"http://127.0.0.1:{port}/events", **options)
            stack = resources.enter_context(Stack(settings))
            resources.enter_context(_reference(port, stack, tmp_path))
            yield stack

    return start
