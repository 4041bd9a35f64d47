"""What people install: the wheel works outside the checkout, and the container files hold what would run."""

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from ruamel.yaml import YAML

from conformance.ports import reserved_port
from simulators import __version__

ROOT: Final = Path(__file__).parents[2]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: Final = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DEADLINE: Final = 120
# Where a container listens, and no test does.
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - only looked for


@pytest.fixture(name="wheel", scope="module")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run([*command, "--target", "wheel"], cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(name="commands", scope="module")
def _commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel's commands lie: in an environment with what the image installs, no more."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for entry in installed(locked("requirements-run.lock")):
        (dependencies / entry.name).symlink_to(entry)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    return folder / "bin"


def locked(name: str) -> dict[str, str]:
    """The packages that a lock names, with their versions."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def installed(names: Iterable[str]) -> set[Path]:
    """What some packages have in this environment's folder; those of other platforms have nothing."""
    site, found = Path(sysconfig.get_path("purelib")), set()
    for name in names:
        with suppress(PackageNotFoundError):
            parts = {file.parts[0] for file in distribution(name).files or () if file.parts[0] != ".."}
            found |= {site / part for part in parts if part != "__pycache__"}
    return found


def run(command: Sequence[str | Path], folder: Path, **env: str) -> str:
    """Run a command in a folder; gives what it said."""
    done = subprocess.run(
        command, cwd=folder, env=clean(env), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode in {0, 2}, done.stdout + done.stderr
    return done.stdout


def clean(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead to the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | dict(env)


@contextmanager
def serving(command: Sequence[str | Path], folder: Path, **env: str) -> Iterator[str]:
    """Run a server, until the block ends; gives the first line that it said."""
    with subprocess.Popen(
        command, cwd=folder, env=clean(env), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            yield process.stdout.readline() if "--json" in command else ""
        finally:
            process.terminate()


def test_image_has_the_versions_that_were_tested() -> None:
    """What the image installs is a part of what the tests run with."""
    run_with = locked("requirements-run.lock")
    assert run_with
    assert run_with.items() <= locked("requirements.lock").items()
    assert "requirements-run.lock" in DOCKERFILE


def test_reports_of_the_judge_can_be_fetched() -> None:
    """The user of the image may write where the judge of the compose file does, as the document says."""
    (folder,) = re.findall(r"--owner=espf (\S+)", DOCKERFILE)
    command = COMPOSE["services"]["judge"]["command"]
    document = (ROOT / "docs" / "develop-offline.md").read_text(encoding="utf-8")
    assert command[command.index("--report-dir") + 1] == folder
    assert f"docker cp espf-judge:{folder} ." in document
    # Compose reads the whole file, and refuses it without a token.
    assert "ESPF_CONTROL_TOKEN=choose-one docker compose run --name espf-judge judge" in document


def test_wheel_holds_what_is_read_at_run_time(wheel: Path) -> None:
    """Worlds, targets, pages and schemas travel in it; tests and documents do not."""
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "simulators/fixtures/worlds/demo.toml",
        "simulators/fixtures/provisioners/node/server.mjs",
        "simulators/console/static/index.html",
        "conformance/templates/report.html",
        "loadtests/templates/load.html",
        "loadtests/locustfile.py",
    } <= names
    assert not {name for name in names if name.startswith(("tests/", "docs/"))}
    assert f"-{__version__}-" in wheel.name


def test_source_distribution_builds_the_same_wheel(tmp_path: Path, wheel: Path) -> None:
    """Whoever builds from the sources that are given away gets what was tested."""
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path), "--target", "sdist"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as sources:
        sources.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path), "--target", "wheel"]
    subprocess.run(again, cwd=source, check=True, capture_output=True)

    (built,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(built).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_commands_work_outside_the_checkout(commands: Path, tmp_path: Path) -> None:
    """Judge and load test run from an empty folder, by the code of the wheel alone."""
    where = run([commands / "python", "-c", "import conformance; print(conformance.__file__)"], tmp_path)
    assert where.startswith(str(commands.parent))

    only = ("--only", "STATUS-VALUES", "--budget", "small")
    said = run([commands / "espf-conformance", "run", "--target", "reference", *only], tmp_path)
    load = ("--rate", "5", "--duration", "2")
    run([commands / "espf-loadtest", "run", "--target", "reference", *load], tmp_path)

    assert said.rstrip().endswith("verdict: partial")
    figures = json.loads((tmp_path / "load-reports" / "load.json").read_text())["figures"]
    assert (figures["sent"], figures["lost"]) == (10, 0)


def test_image_is_made_and_run_as_it_should() -> None:
    """Its base is pinned, it runs as a user without rights, is watched, and starts without a shell."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    lines = [line.strip() for line in last.splitlines()]

    assert re.findall(r"^FROM \S+:[0-9.]+-slim", DOCKERFILE, re.MULTILINE)
    assert [line for line in lines if line.startswith("USER ")] == ["USER espf"]
    assert "HEALTHCHECK" in last
    assert (
        json.loads(next(line for line in lines if line.startswith('CMD ["espf'))[4:])[0] == "espf-simulators"
    )


def test_compose_file_fits_its_schema(tmp_path: Path) -> None:
    """The file is what Compose reads, and a planted mistake would be found."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services: {simulators: {comand: [up]}}\n")

    assert subprocess.run([*check, ROOT / "compose.yaml"], check=False, capture_output=True).returncode == 0
    assert subprocess.run([*check, wrong], check=False, capture_output=True).returncode == 1


def test_services_of_the_compose_file_work_together(commands: Path, tmp_path: Path) -> None:
    """Their commands and settings, with loopback for their names, tell a story to its end."""
    services: Any = COMPOSE["services"]
    with reserved_port("127.0.0.1") as port:
        events = f"http://127.0.0.1:{port}/events"
        words = [here(word, events=events) for word in services["simulators"]["command"]]
        start = [str(commands / words[0]), *words[1:], "--port-base", "0", "--json"]
        with serving(start, tmp_path, ESPF_CONTROL_TOKEN="right") as line:
            addresses = json.loads(line)
            settings = services["provisioner"]["environment"]
            env = provisioner_env(settings, addresses, port=port, folder=tmp_path)
            with serving([commands / services["provisioner"]["command"][0]], tmp_path, **env):
                until_healthy(services["provisioner"]["healthcheck"]["test"], commands, port=port)
                shell = [commands / "espf-simulators"]
                told = ("--control", addresses["control"], "--control-token", "right")
                run([*shell, "emit", "Account/New", "--i-account", "189", *told], tmp_path)
                asked = ("journal", "--operation", "status", "--group", "HSS", "--wait", "30")
                assert "IN_PROGRESS" in run([*shell, *asked, *told], tmp_path)


def here(word: str, *, events: str) -> str:
    """A word of a command, with the addresses of this machine."""
    changes = {EVERYWHERE: "127.0.0.1", "simulators": "127.0.0.1", "http://provisioner:8080/events": events}
    return changes.get(word, word)


def provisioner_env(
    env: Mapping[str, str], addresses: Mapping[str, str], *, port: int, folder: Path
) -> dict[str, str]:
    """The settings of the compose file, with the addresses of this machine."""
    return {
        **env,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE": str(folder / "state.sqlite"),
        "PORTABILLING_URL": addresses["portabilling"],
        "OMS_URL": addresses["oms"],
        "NOTIFY_URL": f"http://127.0.0.1:{port}/notifications",
    }


def until_healthy(test: Sequence[str], commands: Path, *, port: int) -> None:
    """Ask as Compose does, until the answer is yes."""
    words = [word.replace(":8080", f":{port}") for word in test[1:]]
    for _ in range(100):
        done = subprocess.run([commands / words[0], *words[1:]], check=False, capture_output=True)
        if done.returncode == 0:
            return
    pytest.fail(f"{shlex.join(words)} never succeeded")


def test_console_answers_from_the_wheel(commands: Path, tmp_path: Path) -> None:
    """The page and what it is made of are found where the wheel was installed."""
    with serving([commands / "espf-simulators", "up", "--port-base", "0", "--json"], tmp_path) as line:
        control = json.loads(line)["control"]
        page = requests.get(control, timeout=10)
        part = requests.get(f"{control}/console/main.js", timeout=10)

    assert (page.status_code, part.status_code) == (200, 200)
