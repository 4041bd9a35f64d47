"""The pipelines that users copy: each fits its service's schema, and its shell lines judge a provisioner."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from conformance.verdict import CONFORMANT, FAILED, INCONCLUSIVE, NOTHING_TESTED
from simulators.bundled import find, fixtures

PIPELINES: Final = fixtures() / "pipelines"
SCHEMAS: Final = {"github.yml": "vendor.github-workflows", "gitlab.yml": "vendor.gitlab-ci"}
# Real seconds within which a pipeline's lines must be through; far above what they take.
DEADLINE: Final = 120
# One requirement in one process, where a user's pipeline judges all in several.
REDUCED: Final = "-n 0 --only STATUS-VALUES --budget small"
Shell = tuple[str, ...]
# As the services themselves start a shell.
BASH: Final[Shell] = ("bash", "-e", "-c")
STRICT_BASH: Final[Shell] = ("bash", "-eo", "pipefail", "-c")
SH: Final[Shell] = ("sh", "-xe", "-c")


def loaded(name: str) -> Any:
    """A pipeline's YAML."""
    return YAML(typ="safe").load((PIPELINES / name).read_text(encoding="utf-8"))


def shell_lines(name: str) -> tuple[Shell, list[str]]:
    """The scripts of a pipeline, in their order, and the shell that its service runs them in."""
    if name == "Jenkinsfile":
        found = re.findall(r"'''\n(.*?)'''", (PIPELINES / name).read_text(encoding="utf-8"), re.DOTALL)
        return SH, [dedent(script) for script in found]
    if name == "gitlab.yml":
        return STRICT_BASH, ["\n".join(loaded(name)["espf-conformance"]["script"])]
    steps = loaded(name)["jobs"]["conformance"]["steps"]
    return BASH, [step["run"] for step in steps if "run" in step]


def published(name: str) -> list[str]:
    """The files and folders that a pipeline keeps."""
    text = (PIPELINES / name).read_text(encoding="utf-8")
    return re.findall(r"\breports/(?:junit\.xml)?(?=[\s'*])", text)


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Path:
    """A repository with a target file: the reference's, in the URL form alone that is quickest to judge."""
    target = find("targets", "reference").read_text(encoding="utf-8")
    (tmp_path / "espf.toml").write_text(target.replace('url = ["i_account", "id"]', 'url = ["i_account"]'))
    return tmp_path


@pytest.fixture(name="wheel")
def _wheel(tmp_path: Path) -> Path:
    """A wheel without content: pip looks whether it can be installed, and the commands are there already."""
    path = tmp_path / "espf_harness-0-py3-none-any.whl"
    told = {"METADATA": "Metadata-Version: 2.1\nName: espf-harness\nVersion: 0\n"}
    told |= {"WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", "RECORD": ""}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in told.items():
            archive.writestr(f"espf_harness-0.dist-info/{name}", text)
    return path


def run(shell: Shell, script: str, *, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a script as its service would; gives its exit code and what it said."""
    name, *options = shell
    program = shutil.which(name)
    assert program, f"{name} is missing."
    done = subprocess.run(
        [program, *options, script],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml", "Jenkinsfile"])
def test_shell_lines_of_a_pipeline_judge_a_provisioner(
    workspace: Path, wheel: Path, marked_env: Mapping[str, str], name: str
) -> None:
    """Each line works as it stands, and what the pipeline keeps is there afterwards."""
    shell, scripts = shell_lines(name)
    env = {
        **marked_env,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ESPF_HARNESS": str(wheel),
        "ESPF_OPTIONS": REDUCED,
        # pip looks at the wheel and installs nothing into the environment of this test.
        "PIP_DRY_RUN": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    endings = [run(shell, script, folder=workspace, env=env) for script in scripts]

    said = "".join(output for _, output in endings)
    assert [code for code, _ in endings] == [0] * len(scripts), said
    assert "Would install espf-harness-0" in said
    assert re.search(r"STATUS-VALUES\W+MUST\W+pass", said)
    assert published(name)
    assert [path for path in published(name) if not (workspace / path).exists()] == []


def judge_that_ends(folder: Path, *, code: int) -> Mapping[str, str]:
    """An environment in which the judge does nothing but end with an exit code."""
    program = folder / "bin" / "espf-conformance"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "ESPF_OPTIONS": ""}


@pytest.mark.parametrize(
    ("code", "ending"), [(CONFORMANT, 0), (FAILED, 1), (INCONCLUSIVE, 0), (NOTHING_TESTED, 5)]
)
def test_github_warns_of_what_is_inconclusive(tmp_path: Path, code: int, ending: int) -> None:
    """What could not be known is a warning there, and every other code is the step's own."""
    shell, scripts = shell_lines("github.yml")

    ended, said = run(shell, scripts[-1], folder=tmp_path, env=judge_that_ends(tmp_path, code=code))

    assert ended == ending
    assert ("::warning" in said) == (code == INCONCLUSIVE)


def test_gitlab_warns_of_what_is_inconclusive(tmp_path: Path) -> None:
    """Its script ends with the judge's own code, of which this one alone is allowed."""
    shell, (script,) = shell_lines("gitlab.yml")
    _, _, judging = script.partition("\n")

    ended, _ = run(shell, judging, folder=tmp_path, env=judge_that_ends(tmp_path, code=INCONCLUSIVE))

    assert loaded("gitlab.yml")["espf-conformance"]["allow_failure"] == {"exit_codes": ended}


def test_jenkins_tells_what_is_inconclusive_apart() -> None:
    """Its build is unstable for this code, and fails for all others but 0."""
    text = (PIPELINES / "Jenkinsfile").read_text(encoding="utf-8")

    assert re.search(rf"if \(code == {INCONCLUSIVE}\) {{\s+unstable ", text)
    assert re.search(rf"else if \(code != {CONFORMANT}\) {{\s+error ", text)


def checked(schema: str, path: Path) -> tuple[int, str]:
    """What the checker says of a file, by a schema that it brings along."""
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_pipeline_fits_the_schema_of_its_service(name: str, schema: str) -> None:
    """No key is misspelt, and each has a value of its kind."""
    assert checked(schema, PIPELINES / name) == (0, "ok -- validation done\n")


def test_planted_mistake_in_a_pipeline_is_found(tmp_path: Path) -> None:
    """A key that no service knows does not pass."""
    text = (PIPELINES / "github.yml").read_text(encoding="utf-8")
    (tmp_path / "planted.yml").write_text(text.replace("runs-on:", "run-on:"))

    code, said = checked(SCHEMAS["github.yml"], tmp_path / "planted.yml")

    assert code == 1
    assert "run-on" in said
