"""The tests' own conftest: its guard finds what a test leaves behind, and its profiles are what they say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LEAKS = """
import subprocess
import threading

stop = threading.Event()
kept = []

def test_process():
    kept.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))

def test_thread():
    threading.Thread(target=stop.wait, name="forgotten").start()

def test_clean():
    stop.set()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    subprocess.run(["true"], check=True)
    thread.join()
"""
PROFILE = """
from hypothesis import settings

def test_profile():
    kept = settings.default.database is not None
    print(f"examples={settings.default.max_examples} random={not settings.default.derandomize} kept={kept}")
"""


def run_pytest(folder: Path, conftest: Path, module: str, **variables: str) -> str:
    """Run a module under the tests' conftest, in a process and with variables of its own."""
    (folder / "conftest.py").write_bytes(conftest.read_bytes())
    (folder / "test_planted.py").write_text(module, encoding="utf-8")
    inherited = {name: text for name, text in os.environ.items() if name not in {"CI", "HYPOTHESIS_PROFILE"}}
    # The conftest needs no plugin, and loading all of them takes seconds.
    variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-s", f"--rootdir={folder}", "."]
    run = subprocess.run(
        command,
        cwd=folder,
        env=inherited | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return run.stdout


def test_what_a_test_leaves_behind_is_found(root: Path, tmp_path: Path) -> None:
    """A process or thread that outlives its test fails that test, and only that one."""
    told = run_pytest(tmp_path, root / "tests/conftest.py", LEAKS)
    assert "(cat)" in told
    assert "thread forgotten" in told
    # The process is still there when the session ends, so the session's own guard names it again.
    assert "3 passed, 3 errors" in told


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "examples=100 random=True kept=True"),
        ({"CI": "true"}, "examples=100 random=False kept=False"),
        ({"CI": "true", "HYPOTHESIS_PROFILE": "thorough"}, "examples=2000 random=True kept=True"),
    ],
)
def test_profile_follows_the_environment(
    root: Path, tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    """CI repeats the same examples, and a profile that is asked for is not shaped by CI."""
    assert expected in run_pytest(tmp_path, root / "tests/conftest.py", PROFILE, **variables)
