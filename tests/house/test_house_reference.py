"""The reference of the documents is what the code says, and what the code does not say is named."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(name="writer", scope="module")
def _writer(root: Path) -> Any:
    """The program that writes the page."""
    spec = spec_from_file_location("write_reference", root / "tests" / "write_reference.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_reference_is_not_stale(root: Path, writer: Any) -> None:
    """Commands, calls, settings and exit codes stand there as the code has them: run `make docs`."""
    assert (root / "docs" / "reference.md").read_text(encoding="utf-8") == writer.page()


class Planted:
    """Settings of which one is not told."""

    told: int = 1
    """One that says what it means."""
    untold: int = 2


def test_planted_setting_without_a_meaning_is_named(writer: Any) -> None:
    """A docstring belongs to the name right above it, and a name without one is an error."""
    assert writer.meanings(Planted, ["told"]) == {"told": "One that says what it means."}
    with pytest.raises(writer.UntoldError, match=r"Planted does not say what untold means\."):
        writer.meanings(Planted, ["told", "untold"])
