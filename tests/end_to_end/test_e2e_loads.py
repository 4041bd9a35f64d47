"""Loads as users run them: what a provisioner loses is named, and a stall cannot hide."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

TARGETS = Path(__file__).parent.parent / "loadtests" / "targets"
DEADLINE = 120
# What the world of a load knows, and the header that events show.
SECRETS = ("offline-only", "offline-token", "offline-oms", "offline-events", "ZXNwZjpvZmZsaW5lLWV2ZW50cw")
Load = Callable[..., tuple[int, Any, str]]


@pytest.fixture(name="load")
def _load(tmp_path: Path, marked_env: Mapping[str, str]) -> Load:
    """Run `espf-loadtest run` as a process of its own; gives its exit code, its report and what it said."""

    def run(target: Path | str, *options: str, **env: str) -> tuple[int, Any, str]:
        command = [
            sys.executable,
            "-m",
            "loadtests",
            "run",
            "--target",
            str(target),
            # Over as soon as all is at its end, however slow the machine.
            "--drain",
            "60",
            *options,
        ]
        done = subprocess.run(
            [*command, "--report-dir", str(tmp_path / "load")],
            env={**os.environ, **marked_env, **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        report = tmp_path / "load" / "load.json"
        return (
            done.returncode,
            json.loads(report.read_text()) if report.exists() else None,
            done.stdout + done.stderr,
        )

    return run


def test_load_of_the_reference_loses_nothing(load: Load, tmp_path: Path) -> None:
    """All events of two generators come to their end; the reports are written, and hold no secret."""
    code, report, said = load("reference", "--rate", "10", "--duration", "4", "--processes", "2")

    assert code in {0, 2}, said
    assert report["figures"]["intended"] == report["figures"]["sent"] == 40
    assert report["figures"]["statuses"] == {"HSS": {"OK": 40}, "PCRF": {"OK": 40}}
    assert {path.name for path in (tmp_path / "load").iterdir()} >= {
        "load.html",
        "locust.html",
        "locust_stats.csv",
    }
    assert "<svg" in (tmp_path / "load" / "load.html").read_text()
    written = "".join(path.read_text() for path in (tmp_path / "load").iterdir())
    assert [secret for secret in SECRETS if secret in written] == []


def test_lost_events_fail_the_load_and_are_named(load: Load, write_target: Callable[..., Path]) -> None:
    """Who takes every event and forgets one of ten fails, however fast it is."""
    target = write_target(TARGETS / "drops_some.py")

    code, report, said = load(target, "--rate", "10", "--duration", "3", "--drain", "5", DROP_ONE_IN="10")

    lost = {failure["i_account"] for failure in report["failures"]}
    assert code == 1
    assert report["figures"]["lost"] == len(lost) == 3
    assert all(str(i_account) in said for i_account in lost)


def test_stall_shows_in_the_answers(load: Load, write_target: Callable[..., Path]) -> None:
    """Events go on leaving while nobody answers, so that the highest percentiles tell of the stall."""
    target = write_target(TARGETS / "stalls.py")

    _, report, said = load(target, "--rate", "20", "--duration", "6", STALL_EVERY="4", STALL_FOR="2")

    assert report["figures"]["sent"] == 120, said
    assert report["figures"]["answered"]["p99"] > 1.0


def test_workers_of_a_master_send_what_one_process_would(load: Load, marked_env: Mapping[str, str]) -> None:
    """Two workers share the schedule: together they send each event once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    command = [sys.executable, "-m", "loadtests", "worker", "--master-port", port]
    workers = [subprocess.Popen(command, env=marked_env, stderr=subprocess.DEVNULL) for _ in range(2)]

    options = ("--master", "--processes", "2", "--master-port", port)
    code, report, said = load("reference", "--rate", "10", "--duration", "3", *options)

    assert [worker.wait(DEADLINE) for worker in workers] == [0, 0]
    assert code in {0, 2}, said
    assert report["figures"]["sent"] == 30
    assert report["figures"]["statuses"] == {"HSS": {"OK": 30}, "PCRF": {"OK": 30}}


def test_target_that_dies_under_load_is_told_of(load: Load, write_target: Callable[..., Path]) -> None:
    """The report is written all the same, says how the target ended, and counts what was lost."""
    target = write_target(TARGETS / "dies.py")

    code, report, _ = load(target, "--rate", "10", "--duration", "2", "--drain", "1", DIE_AFTER="10")

    assert code == 1
    assert "ended with exit code 9" in report["accident"]
    assert report["figures"]["lost"] > 0


def test_mistakes_are_told_before_anything_is_sent(load: Load, tmp_path: Path) -> None:
    """A missing target file, impossible thresholds or an option that is none end with exit code 4."""
    (tmp_path / "limits.toml").write_text("p95 = 1")

    unknown = load("nowhere.toml")
    impossible = load("reference", "--thresholds", str(tmp_path / "limits.toml"))

    mistyped = load("reference", "--scenario", "stedy")

    assert (unknown[0], impossible[0], mistyped[0]) == (4, 4, 4)
    assert "stedy" in mistyped[2]
    assert "nowhere.toml" in unknown[2]
    assert "p95" in impossible[2]
