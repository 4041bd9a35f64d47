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

# Real seconds, so short that a target which does nothing is found out soon.
IMPATIENT = "converge = 0.5\nhang = 0.2\nack = 0.5\nsilence = 1.0\nready = 5.0"
# A server that is ready, and answers what is posted as its code says.
SERVER = """
import http.server, os, threading, time, urllib.request

def post(path, body):
    request = urllib.request.Request(os.environ["PORTABILLING_URL"] + path, body)
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except OSError:
        pass

def flood():
    while True:
        post("/espf/v1/account/i/1/status", b"status=OK&group=HSS")

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        {code}
    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
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


@pytest.mark.parametrize(
    ("code", "exit_code", "told"),
    [
        ("os._exit(9)", 1, "ended with exit code 9"),
        ("self.answer(200)", 1, "called nobody"),
        ("self.answer(500)", 1, "received  answer 500"),
        ("self.answer(200); threading.Thread(target=flood, daemon=True).start()", 1, "names no account"),
        ("time.sleep(60)", 4, "no answer in time"),
        ("self.wfile.write(b'no HTTP')", 4, "Nothing usable is heard"),
        ("self.answer(401)", 4, "refuses the event credentials"),
        ("self.answer(404)", 4, "Check the path of events_url"),
    ],
    ids=["dies", "does-nothing", "always-500", "floods", "hangs", "garbage", "always-401", "always-404"],
)
def test_broken_target_is_told_in_a_sentence(  # noqa: PLR0917 - fixtures, which pytest passes by name
    code: str,
    exit_code: int,
    told: str,
    run_conformance: Callable[..., Any],
    write_target: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """Whatever a target does instead of its work, the first story tells it, and nothing is left of it."""
    path = tmp_path / "program.py"
    path.write_text(SERVER.replace("{code}", code))

    run = run_conformance(write_target(path, timeouts=IMPATIENT))

    assert (run.code, "Traceback" in run.errors) == (exit_code, False), run.output + run.errors
    assert told in run.output + run.errors


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("PASSWORD", "wrong", "PortaBilling refused its login (Server.Session.auth_failed"),
        ("OMS_TOKEN", "wrong", "The OMS refused its token"),
        ("EVENT_PASSWORD", "wrong", "refuses the event credentials"),
        ("NOTIFY_URL", "http://127.0.0.1:{port}/elsewhere", "hand {notify_url} to it"),
        ("OMS_URL", "http://127.0.0.1:1", "sent the OMS nothing"),
        ("ESPF_URL", "http://127.0.0.1:1", "reported no status"),
        ("ACTIVATE_EVENTS", "My/Own", "called nobody"),
    ],
)
def test_doctor_finds_a_wrong_setting(
    setting: str, value: str, told: str, marked_env: Mapping[str, str], tmp_path: Path
) -> None:
    """A mistake of the set-up is told before anything is judged, with what to do and exit code 4."""
    lines = find("targets", "reference").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"{setting} ")]
    changed = "\n".join(kept).replace("[target.env]", f'[target.env]\n{setting} = "{value}"')
    target = tmp_path / "target.toml"
    target.write_text(f"{changed}\n\n[timeouts]\nhang = 0.4\nconverge = 1.0\n")

    command = [sys.executable, "-m", "conformance", "doctor", "--target", str(target)]
    done = subprocess.run(
        [*command, "--report-dir", str(tmp_path)],
        env=marked_env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, "Traceback" in done.stderr) == (4, False), done.stdout + done.stderr
    assert told in done.stdout + done.stderr


def test_doctor_passes_a_target_that_is_set_up(marked_env: Mapping[str, str], tmp_path: Path) -> None:
    """Nothing is found, and the exit code is 0."""
    command = [sys.executable, "-m", "conformance", "doctor", "--target", "reference"]
    done = subprocess.run(
        [*command, "--report-dir", str(tmp_path)],
        env=marked_env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "is ready to be judged" in done.stdout


def test_failed_smoke_story_blocks_all_others(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path], tmp_path: Path
) -> None:
    """The first failure is told once: what was not judged for it is blocked, and names it."""
    path = tmp_path / "program.py"
    path.write_text(SERVER.replace("{code}", "self.answer(500)"))

    run = run_conformance(write_target(path, timeouts=IMPATIENT))

    blocked = [entry for entry in run.report["requirements"] if entry["verdict"] == "blocked"]
    assert run.ids("fail") == {"EVENT-ACK"}
    assert "STATUS-VALUES" in {entry["id"] for entry in blocked}
    assert {entry["reason"] for entry in blocked} <= {
        "the smoke story failed: first mend what is told of it",
        "follows from EVENT-ACK",
        "follows from another failure",
    }


@pytest.mark.parametrize("workers", ["0", "2"])
def test_interrupted_run_leaves_no_process_behind(
    workers: str, marked_env: Mapping[str, str], tmp_path: Path
) -> None:
    """Ctrl-C in the middle of a run ends the simulators, the workers and the targets."""
    # A shell starts its background jobs deaf to it, and what these start inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
