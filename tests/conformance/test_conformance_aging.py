"""Targets that age with virtual time, under libfaketime."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from conformance import aging
from conformance.aging import aging_env
from conformance.doctor import diagnose
from conformance.errors import TargetError
from conformance.target import Target, TargetFile
from simulators.aged import AgedClock
from simulators.journal import Record

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 24 * 3600
ASK = "import sys, time\nfor _ in sys.stdin: print(time.time(), flush=True); time.sleep(0.01)"
TARGET = {
    "name": "acme",
    "events_url": "http://127.0.0.1:{port}/e",
    "notify_url": "http://127.0.0.1:{port}/n",
}


@pytest.fixture(name="aged_process")
def _aged_process(tmp_path: Path) -> Callable[..., tuple[float, ...]]:
    """Ask a process for its time before and after steps; skip without the package, but not in CI."""

    def ask(steps: Sequence[float]) -> tuple[float, ...]:
        clock = AgedClock(tmp_path / "clock", start=START.timestamp())
        try:
            env = {**os.environ, **aging_env(tmp_path / "clock")}
        except TargetError as error:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
        command = [sys.executable, "-c", ASK]
        with subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin
            assert process.stdout
            told = []
            for step in (0.0, *steps):
                clock.step(step)
                process.stdin.write("\n")
                process.stdin.flush()
                told.append(float(process.stdout.readline()))
        return tuple(told)

    return ask


def test_running_process_ages_with_virtual_time(aged_process: Callable[..., tuple[float, ...]]) -> None:
    """Days pass for a process while it runs, and its waits are still real ones."""
    started = time.monotonic()
    first, second, third = aged_process([DAY, 30 * DAY])
    took = time.monotonic() - started

    assert START.timestamp() <= first <= START.timestamp() + took
    assert DAY <= second - first <= DAY + took
    assert 30 * DAY <= third - second <= 30 * DAY + took


def test_missing_library_is_named_with_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who has no libfaketime learns how to get it."""
    monkeypatch.setattr(aging, "PLACES", (str(tmp_path),))

    with pytest.raises(TargetError, match="package faketime"):
        aging_env(tmp_path / "clock")


def test_target_that_already_runs_cannot_be_aged() -> None:
    """Whom the harness does not start, it cannot put another clock under."""
    running = {name: text.replace("{port}", "8080") for name, text in TARGET.items()}

    with pytest.raises(ValidationError, match="give a command"):
        TargetFile(target=Target.model_validate({**running, "clock": "faketime"}))


@pytest.mark.parametrize(
    ("clock", "day", "findings"),
    [("faketime", 1, 0), ("faketime", 2, 1), ("wall", 2, 0)],
    ids=["clocks agree", "clocks differ", "nothing promised"],
)
def test_doctor_compares_the_clocks(clock: Any, day: int, findings: int) -> None:
    """Where a target's `Date` shows that libfaketime does not reach it, the doctor says so."""
    target = Target.model_validate({**TARGET, "command": ["acme"], "clock": clock})
    sent = _event(asked=START, answered=START.replace(day=day))

    found = [finding for finding in diagnose([sent], TargetFile(target=target)) if "clock" in finding.what]

    assert len(found) == findings


def _event(*, asked: datetime, answered: datetime) -> Record:
    return Record(
        seq=1,
        kind="exchange",
        virtual_time=0.0,
        real_time=0.0,
        source="espf",
        destination="provisioner",
        operation="event",
        status=200,
        request_headers={"Date": format_datetime(asked, usegmt=True)},
        response_headers={"date": format_datetime(answered, usegmt=True)},
    )
