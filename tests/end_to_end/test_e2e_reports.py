"""The reports as users get them: the same again from the journals, and without secrets."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulators.settings import StackSettings
from simulators.stack import Stack

MUTANT = Path(__file__).parent.parent / "mutants" / "ok_at_acceptance.py"
REPORTS = ("conformance.json", "junit.xml", "report.html")


@pytest.fixture(name="mutant")
def _mutant(write_target: Callable[..., Path]) -> Path:
    """A target that tells OK too early."""
    return write_target(MUTANT, timeouts="hang = 0.5\nconverge = 1.0")


@pytest.fixture(name="command")
def _command(tmp_path: Path, marked_env: Mapping[str, str]) -> Callable[..., Any]:
    """Run `espf-conformance` with these words."""

    def command(*words: str | Path) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "conformance", *words],
            env=marked_env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return command


def known(path: Path, *ids: str) -> Path:
    """Write a file of expected failures."""
    entries = [f'[[expect]]\nid = "{id_}"\nreason = "known"\nexpires = 2999-01-01\n' for id_ in ids]
    path.write_text("".join(entries))
    return path


def test_saved_journals_give_the_same_verdict_and_the_same_report(
    run_conformance: Callable[..., Any], command: Callable[..., Any], mutant: Path, tmp_path: Path
) -> None:
    """`judge` comes from the files alone to all that the run found, and ends with its exit code."""
    run = run_conformance(mutant, "--only", "STATUS-NOT-EARLY", "--seed", "7", "-n", "2")
    journals = sorted(run.report_dir.glob("journal-*.jsonl"))

    again = command("judge", *journals, "--report-dir", tmp_path / "again")

    report = json.loads((tmp_path / "again" / "conformance.json").read_text())
    assert again.returncode == run.code == 1, run.output + run.errors + again.stdout + again.stderr
    assert run.report["seed"] == 7
    assert {**report, "wall_seconds": 0} == {**run.report, "wall_seconds": 0}


def test_smoke_story_that_blocks_all_is_judged_again_like_the_run(
    run_conformance: Callable[..., Any], command: Callable[..., Any], mutant: Path, tmp_path: Path
) -> None:
    """Where the first story failed, its journal alone tells what the run told."""
    run = run_conformance(mutant)

    again = command("judge", *run.report_dir.glob("journal-*.jsonl"), "--report-dir", tmp_path / "again")

    report = json.loads((tmp_path / "again" / "conformance.json").read_text())
    assert (again.returncode, run.code) == (1, 1)
    assert report["requirements"] == run.report["requirements"]
    blocked = [entry for entry in report["requirements"] if entry["verdict"] == "blocked"]
    assert any("smoke story failed" in entry["reason"] for entry in blocked)


def test_expected_failure_lets_a_pipeline_pass_until_it_is_gone(
    run_conformance: Callable[..., Any], mutant: Path, tmp_path: Path
) -> None:
    """A known failure is excused and takes nothing from the verdict; one that stays out is exit code 7."""
    options = ("--only", "STATUS-NOT-EARLY", "--expect-fail")
    run = run_conformance(mutant, *options, str(known(tmp_path / "known.toml", "STATUS-NOT-EARLY")))
    found = run.report
    mended = run_conformance("reference", *options, str(tmp_path / "known.toml"))

    assert run.code == 0, run.output + run.errors
    assert found["verdict"] == "not-conformant"
    assert "happened: STATUS-NOT-EARLY failed as expected" in run.output
    assert mended.code == 7, mended.output + mended.errors


def test_mistake_in_expectations_is_told_before_anything_runs(
    run_conformance: Callable[..., Any], tmp_path: Path
) -> None:
    """Exit code 4, the place of the mistake, and nothing was started."""
    run = run_conformance(
        "reference", "--expect-fail", str(known(tmp_path / "known.toml", "STATUS-NONSENSE"))
    )
    assert (run.code, "Traceback" in run.errors) == (4, False)
    assert "expect.0.id: this is no requirement of the catalogue" in run.errors
    assert not run.report_dir.exists()


def test_no_credential_of_the_run_is_in_its_reports(
    run_conformance: Callable[..., Any], mutant: Path
) -> None:
    """Neither the reports nor the journals hold what the target was given to log in with."""
    with Stack(StackSettings(port_base=0)) as stack:
        world = stack.world
    secrets = {world.oms.token, world.events.password}
    secrets |= {value for user in world.users.values() for value in (user.password, user.api_token)}

    run = run_conformance(mutant, "--only", "STATUS-NOT-EARLY")

    files = [run.report_dir / name for name in REPORTS] + list(run.report_dir.glob("journal-*.jsonl"))
    whole = "".join(path.read_text() for path in files) + run.output + run.errors
    assert {secret for secret in secrets if secret and secret in whole} == set()
    assert "***" in whole
