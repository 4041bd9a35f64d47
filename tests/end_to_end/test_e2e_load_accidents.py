"""Loads that something ends early: it is said clearly, and what happened until then is reported."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

# It writes no files of its own.
TARGET_IN_MEMORY = Path(__file__).parent.parent / "variants" / "single_threaded.toml"
DEADLINE = 120
LOOK_EVERY = 0.1
KILOBYTE = 1024


def command(folder: Path, *options: str, target: str = "reference") -> list[str]:
    """A load whose reports lie in a folder."""
    run = [sys.executable, "-m", "loadtests", "run", "--target", target, "--drain", "2"]
    return [*run, "--report-dir", str(folder), *options]


def report_in(folder: Path) -> Any:
    """What the load reported."""
    return json.loads((folder / "load.json").read_text())


def sent_in(folder: Path) -> list[Any]:
    """What the generator wrote down."""
    return [json.loads(line) for line in (folder / "sent.jsonl").read_text().splitlines()]


@contextmanager
def started(args: list[str], env: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own, which does not outlive the block."""
    with subprocess.Popen(
        args,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(
    args: list[str], env: Mapping[str, str], *, preexec_fn: Callable[[], None] | None = None
) -> "subprocess.CompletedProcess[str]":
    """What became of a process; `preexec_fn` is run in it before it begins."""
    return subprocess.run(
        args,
        env={**os.environ, **env},
        preexec_fn=preexec_fn,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@pytest.fixture
def _sigint_is_heard() -> Iterator[None]:
    """Hear SIGINT: a shell starts its background jobs deaf to it, and what these start inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def wait_for_events(process: "subprocess.Popen[str]", sent: Path, *, number: int) -> None:
    """Return when so many events were sent."""
    until = time.monotonic() + DEADLINE
    while not sent.exists() or sent.read_text().count('"ended": null') < number:
        assert time.monotonic() < until, f"not even {number} events were sent"
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_EVERY)
            pytest.fail(f"the load ended before {number} events were sent")


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_worker_that_leaves_is_told_as_a_bottleneck(
    tmp_path: Path, marked_env: Mapping[str, str], sign: signal.Signals
) -> None:
    """What it would have sent is missing, and nobody sends again what was sent: the result does not count."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    worker = [sys.executable, "-m", "loadtests", "worker", "--master-port", port]
    shared = (
        "--master",
        "--processes",
        "2",
        "--master-port",
        port,
        "--rate",
        "20",
        "--duration",
        "5",
        "--drain",
        "8",
    )
    with (
        started(command(tmp_path, *shared), marked_env) as master,
        started(worker, marked_env),
        started(worker, marked_env) as second,
    ):
        wait_for_events(master, tmp_path / "sent.jsonl", number=1)
        os.kill(child_of(second), sign)
        said, _ = master.communicate(timeout=DEADLINE)

    assert master.returncode == 2, said
    assert "The result does not count: the generator: it sent" in said
    assert 0 < report_in(tmp_path)["figures"]["sent"] < 100
    left = [row["i_account"] for row in sent_in(tmp_path) if row["ended"] is None]
    assert len(left) == len(set(left))


def child_of(process: "subprocess.Popen[str]") -> int:
    """The one child of a process."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return int(children.read_text().split()[0])


@pytest.mark.usefixtures("_sigint_is_heard")
def test_load_that_is_interrupted_reports_what_was_sent(
    tmp_path: Path, marked_env: Mapping[str, str]
) -> None:
    """Ctrl-C ends it with 130 and a report of the events until then."""
    args = command(tmp_path, "--rate", "10", "--duration", "60", "--drain", "1")
    with started(args, marked_env) as load:
        wait_for_events(load, tmp_path / "sent.jsonl", number=20)
        os.killpg(load.pid, signal.SIGINT)
        said, _ = load.communicate(timeout=DEADLINE)

    assert load.returncode == 130, said
    assert "It was interrupted" in said
    assert 20 <= report_in(tmp_path)["figures"]["sent"] < 600


def test_full_disk_is_told_of(tmp_path: Path, marked_env: Mapping[str, str]) -> None:
    """What is not on record may have happened all the same: nothing counts, and the reason is said."""
    no_room = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (256 * KILOBYTE, resource.RLIM_INFINITY))
    args = command(tmp_path, "--rate", "20", "--duration", "4", target=str(TARGET_IN_MEMORY))
    done = finished(args, marked_env, preexec_fn=no_room)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "could be written down no longer" in done.stdout
    assert report_in(tmp_path)["failures"] == []


def test_report_that_cannot_be_written_is_told_of(tmp_path: Path, marked_env: Mapping[str, str]) -> None:
    """The figures stand in the terminal with the reason, and the exit code says that it went wrong."""
    (tmp_path / "load.json").symlink_to("/dev/full")
    done = finished(command(tmp_path, "--rate", "10", "--duration", "1", "--drain", "60"), marked_env)

    assert done.returncode == 4, done.stdout + done.stderr
    assert "10 OK" in done.stdout
    assert "No space left on device" in done.stderr
