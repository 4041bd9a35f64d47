"""What is written for people is true: the commands exist and are told of, and no file knows one machine."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

README_LINES: Final = 130
# Put together here, so that this file does not hold what it looks for.
MACHINE_PATHS: Final = tuple(f"/{folder}/" for folder in ("work", "root"))


def read(root: Path, name: str) -> str:
    """The text of a file that the project must have."""
    path = root / name
    assert path.is_file(), f"{name} is missing."
    return path.read_text(encoding="utf-8")


def commands(text: str) -> set[str]:
    """The targets of every `make` in a document's shell blocks and inline code."""
    fenced = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    lines = [line.partition("#")[0] for block in (*fenced, *inline) for line in block.splitlines()]
    return {target for line in lines for target in re.findall(r"\bmake ([a-z][a-z-]*)", line)}


def targets(makefile: str) -> set[str]:
    """The targets of a Makefile that have a help text."""
    return set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))


def printed_targets(root: Path) -> set[str]:
    """The targets that `make help` lists."""
    make = shutil.which("make")
    assert make, "make is missing."
    told = subprocess.run([make, "help"], cwd=root, capture_output=True, text=True, check=True)
    return set(re.findall(r"^make ([a-z-]+)", told.stdout, re.MULTILINE))


def project_files(root: Path) -> list[Path]:
    """All files that belong to the project, those not yet committed too."""
    git = shutil.which("git")
    if not git or not (root / ".git").exists():
        pytest.skip("What belongs to the project is known only in a git checkout.")
    # CI often checks out as another user than the one who runs the tests.
    words = [git, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for name in names if name and (path := root / name).is_file()]


def machine_paths(files: Iterable[Path]) -> list[str]:
    """Every line of a text file that holds a path of one machine."""
    found = []
    for file in files:
        content = file.read_bytes()
        lines = [] if b"\0" in content else content.decode(errors="replace").splitlines()
        found += [
            f"{file}:{number}"
            for number, line in enumerate(lines, 1)
            if any(word in line for word in MACHINE_PATHS)
        ]
    return found


def test_readme_is_short(root: Path) -> None:
    """The README can be read in a few minutes; the rest stands in docs."""
    assert len(read(root, "README.md").splitlines()) <= README_LINES


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/quickstart.md"])
def test_documented_commands_exist(root: Path, name: str) -> None:
    """Every `make` command that a document shows is a target with a help text."""
    assert commands(read(root, name)) - targets(read(root, "Makefile")) == set()


def test_targets_are_documented(root: Path) -> None:
    """Every target that `make help` lists is told of in a document."""
    told = commands(read(root, "CONTRIBUTING.md")) | commands(read(root, "README.md"))
    assert printed_targets(root) - told == set()


def test_help_lists_every_target_with_a_text(root: Path) -> None:
    """What has a help text is listed."""
    assert printed_targets(root) == targets(read(root, "Makefile"))


def test_commands_are_found_in_blocks_and_inline() -> None:
    """Commands count where a reader would copy them, and prose and comments do not."""
    text = (
        "They make sure.\n```sh\nCI=true make check  # make sense\nmake one && make two-b\n```\n"
        "Run `make lint` or `make test ARGS=x`.\n```toml\nx = 'make no'\n```\n"
    )
    assert commands(text) == {"check", "one", "two-b", "lint", "test"}


def test_target_without_help_text_is_not_for_users() -> None:
    """A target counts as documented in the Makefile only with its text."""
    assert targets("a: b ## Does a\nb:\n\techo ## x\n.PHONY: c\n") == {"a"}


def test_no_file_names_one_machine(root: Path) -> None:
    """What works in one checkout works in every other."""
    assert machine_paths(project_files(root)) == []


def test_planted_machine_path_is_found(tmp_path: Path) -> None:
    """A path of this machine is found by line in text, and binary files are left alone."""
    (tmp_path / "a.md").write_text(f"Hello\nSee {MACHINE_PATHS[0]}main\n", encoding="utf-8")
    (tmp_path / "b.bin").write_bytes(b"\0" + MACHINE_PATHS[1].encode())
    assert machine_paths(sorted(tmp_path.iterdir())) == [f"{tmp_path / 'a.md'}:2"]
