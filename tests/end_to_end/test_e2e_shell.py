"""The pages for shells and for pytest are true: what they print is run, and prints what they say."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Final

import pytest

from conformance.ports import reserved_port
from simulators.journal import load
from simulators.settings import read_settings

DOCS: Final = Path(__file__).parents[2] / "docs"
# Real seconds within which a page must be through; far above what it takes.
DEADLINE: Final = 120
MARK: Final = "--- end of command"
SESSIONS: Final = sorted(path.name for path in DOCS.glob("*.md") if "```console\n" in path.read_text())
Session = list[tuple[str, str]]


@pytest.fixture(name="ports")
def _ports() -> Iterator[Mapping[str, str]]:
    """The ports that a page prints, and those that this test has for them."""
    with reserved_port("127.0.0.1") as first:
        yield {"17000": f"{first}", "17001": f"{first + 1}", "17002": f"{first + 2}", "8080": f"{first + 3}"}


def with_ports(text: str, ports: Mapping[str, str]) -> str:
    """A page's text with the ports of this test."""
    return re.sub(r"\b(17000|17001|17002|8080)\b", lambda found: ports[found[1]], text)


def write_files(text: str, folder: Path) -> None:
    """Write what a page prints under the name of a file, which its first line says."""
    for name, content in re.findall(r"^```\w+\n# (\w+\.\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        (folder / name).write_text(content)


def session(text: str) -> Session:
    """Each command of a page's console blocks, with the output that is printed below it."""
    blocks = "".join(re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    told = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", blocks, re.MULTILINE)
    assert told, "The page shows no session."
    return told


def played(commands: list[str], folder: Path, env: Mapping[str, str]) -> list[str]:
    """What each command prints, all of one shell."""
    bash = shutil.which("bash")
    assert bash, "bash is missing."
    # A command that fails ends the session, so that what it started is ended too.
    script = "\n".join(
        ["set -eE", "trap 'kill $(jobs -p) 2> end.log || true; wait || true' EXIT"]
        + [f"{command}\necho '{MARK}'" for command in commands]
    )
    done = subprocess.run(
        [bash, "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{MARK}\n")[:-1]


def departures(told: Session, outputs: list[str]) -> list[str]:
    """Where a session printed something else than the page says."""
    check = OutputChecker().check_output
    return [
        f"{command}\nprinted\n{output}instead of\n{expected}"
        for (command, expected), output in zip(told, outputs, strict=True)
        if not check(expected, output, ELLIPSIS | NORMALIZE_WHITESPACE)
    ]


@pytest.fixture(name="shell_env")
def _shell_env(marked_env: Mapping[str, str], ports: Mapping[str, str]) -> Mapping[str, str]:
    """The environment of a shell that has the harness's commands, and its stack at the ports of this test."""
    return {
        **marked_env,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ESPF_CONTROL": f"http://127.0.0.1:{ports['17000']}",
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="the pages use curl")
@pytest.mark.parametrize("page", SESSIONS)
def test_session_of_a_page_is_as_printed(
    tmp_path: Path, shell_env: Mapping[str, str], ports: Mapping[str, str], page: str
) -> None:
    """Who types what a page shows, in its order, sees what it shows."""
    text = with_ports((DOCS / page).read_text(), ports)
    write_files(text, tmp_path)
    told = session(text)

    outputs = played([command for command, _ in told], tmp_path, shell_env)

    assert departures(told, outputs) == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
def test_session_of_the_shell_page_leaves_a_journal(
    tmp_path: Path, shell_env: Mapping[str, str], ports: Mapping[str, str]
) -> None:
    """What the page keeps at its end is the whole story."""
    told = session(with_ports((DOCS / "drive-from-the-shell.md").read_text(), ports))

    played([command for command, _ in told], tmp_path, shell_env)

    said = [
        record.detail["status"] for record in load(tmp_path / "story.jsonl") if record.operation == "status"
    ]
    assert sorted(said) == ["FAILED", "IN_PROGRESS", "IN_PROGRESS", "OK"]


def test_planted_departure_from_a_page_is_found(tmp_path: Path) -> None:
    """Another word in an output is a departure, and what stands for `...` is none."""
    told = session("```console\n$ echo one two\none ...\n$ echo three\nfour\n```\n")

    (found,) = departures(told, played([command for command, _ in told], tmp_path, os.environ))

    assert found == "echo three\nprinted\nthree\ninstead of\nfour\n"


def test_other_samples_of_the_weather_page_work(tmp_path: Path) -> None:
    """The settings are read, and the lines of Python run as they stand."""
    page = (DOCS / "plan-what-goes-wrong.md").read_text()
    (settings,) = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (lines,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "settings.toml").write_text(settings)

    (plan,) = read_settings(str(tmp_path / "settings.toml"), {}, defaults={}).faults

    assert (plan.point, plan.probability) == ("oms/order", 0.1)
    subprocess.run([sys.executable, "-c", lines], cwd=DOCS.parent, check=True, timeout=DEADLINE)


def test_tests_of_the_pytest_page_pass(
    tmp_path: Path, marked_env: Mapping[str, str], ports: Mapping[str, str]
) -> None:
    """Who copies the page's two files has a test that passes against the reference provisioner."""
    page = with_ports((DOCS / "test-with-pytest.md").read_text(), ports)
    write_files(page, tmp_path)

    # Other plugins take seconds to load.
    env = {**marked_env, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "simulators.pytest_plugin", "-W", "error"]
    # A test that hangs tells where.
    strictly = ["--strict-markers", "-o", f"faulthandler_timeout={DEADLINE // 2}"]
    done = subprocess.run(
        [*command, *strictly, f"--rootdir={tmp_path}", "."],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr
