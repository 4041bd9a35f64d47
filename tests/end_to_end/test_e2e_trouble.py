"""The judge in trouble: bad input, broken targets and interrupts end in a sentence and leave nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulators.bundled import find

CRASHES = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        os._exit(9)

http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_all_mistakes_of_a_target_file_are_told_at_once(
    run_conformance: Callable[..., Any], tmp_path: Path
) -> None:
    """Exit code 4, and each mistake with its place and its value."""
    target = tmp_path / "bad.toml"
    target.write_text('[target]\nname = "x"\nevents_url = 5\ncolour = "red"\n\n[timeouts]\nack = -1\n')

    run = run_conformance(target)

    assert run.code == 4
    for told in ("target.events_url", "target.notify_url", "target.colour", "timeouts.ack", "-1", "bad.toml"):
        assert told in run.errors
    assert "Traceback" not in run.errors


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("nowhere.toml",), "nowhere.toml does not exist"),
        (("reference", "--only", "STATUS-NONSENSE"), "STATUS-NONSENSE is no requirement"),
        (("reference", "--colour"), "No such option"),
    ],
)
def test_wrong_words_on_the_command_line_are_configuration_errors(
    options: tuple[str, ...], told: str, run_conformance: Callable[..., Any]
) -> None:
    """Exit code 4 and one sentence that names the thing."""
    run = run_conformance(*options)

    assert (run.code, "Traceback" in run.errors) == (4, False)
    assert told in run.errors


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import time; time.sleep(60)", "never became ready"),
        ("import sys; sys.exit('no licence')", "no licence"),
        ("import os; os.kill(os.getpid(), 9)", "exit code 137 (signal 9)"),
    ],
)
def test_target_that_does_not_start_is_told_in_a_sentence(
    program: str,
    told: str,
    run_conformance: Callable[..., Any],
    write_target: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """A target that never becomes ready or dies at once ends the run with exit code 4 and the reason."""
    path = tmp_path / "program.py"
    path.write_text(program)

    run = run_conformance(write_target(path, timeouts="ready = 0.5"))

    assert (run.code, "Traceback" in run.errors) == (4, False)
    assert told in run.errors


def test_target_that_crashes_on_an_event_fails(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path], tmp_path: Path
) -> None:
    """A target that dies in the middle of a story is judged by what it did, and nothing is left of it."""
    path = tmp_path / "program.py"
    path.write_text(CRASHES)

    run = run_conformance(write_target(path, timeouts="converge = 0.5"), "--only", "EVENT-DUPLICATE")

    assert run.code == 1
    assert "EVENT-ACK" in run.ids("fail")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_interrupted_run_leaves_no_process_behind(
    workers: str, marked_env: Mapping[str, str], tmp_path: Path
) -> None:
    """Ctrl-C in the middle of a run ends the simulators, the workers and the targets."""
    command = [sys.executable, "-m", "conformance", "run", "--target", "reference", "-n", workers]
    run = subprocess.Popen(
        [*command, "--report-dir", str(tmp_path)],
        env=marked_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert run.stdout
    first_result = run.stdout.readline()

    os.killpg(run.pid, signal.SIGINT)
    output, _ = run.communicate(timeout=60)

    assert "ok" in first_result
    assert run.returncode == 130, output


def test_users_own_pytest_settings_do_not_reach_the_judge(
    run_conformance: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTEST_ADDOPTS of a pipeline neither deselects scenarios nor breaks the run."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --colour")

    run = run_conformance("reference", "--only", "EVENT-DUPLICATE")

    assert (run.code, run.ids("pass")) == (0, {"EVENT-DUPLICATE"}), run.output + run.errors


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('kill = ["/nonexistent"]', "kill command failed"),
        ('log = "nowhere/target.log"', "cannot be written"),
        ('notify_url = "http://127.0.0.1:{port}/{state_dir}"', "take {port} and {host} alone"),
    ],
)
def test_settings_that_cannot_work_are_told_in_a_sentence(
    wrong: str, told: str, run_conformance: Callable[..., Any], tmp_path: Path
) -> None:
    """A setting of the target file that turns out wrong at its start ends the run with exit code 4."""
    key = wrong.split(maxsplit=1)[0]
    lines = [
        line for line in find("targets", "reference").read_text().splitlines() if not line.startswith(key)
    ]
    target = tmp_path / "target.toml"
    target.write_text("\n".join(lines).replace("[target]", f"[target]\n{wrong}"))

    run = run_conformance(target)

    assert (run.code, "Traceback" in run.errors) == (4, False), run.errors
    assert told in run.errors
