"""What the tests of the house rules share: the parsed modules of the project, and planted ones."""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

PACKAGES: Final = ("simulators", "reference_provisioner", "conformance", "loadtests", "tests")


def _parse(root: Path) -> dict[Path, ast.Module]:
    paths = (path for package in PACKAGES for path in sorted((root / package).rglob("*.py")))
    return {path.relative_to(root): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="session")
def root(pytestconfig: pytest.Config) -> Path:
    """The checkout."""
    return pytestconfig.rootpath


@pytest.fixture(scope="session")
def trees(root: Path) -> Mapping[Path, ast.Module]:
    """Every module of the five packages, by its path in the checkout."""
    return _parse(root)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[Mapping[str, str]], Mapping[Path, ast.Module]]:
    """Writes modules into a small project of their own and gives them parsed."""

    def write(modules: Mapping[str, str]) -> Mapping[Path, ast.Module]:
        for name, text in modules.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return _parse(tmp_path)

    return write
