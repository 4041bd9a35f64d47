"""The pytest plugin: a stack for each test that asks for one, and nothing for those that do not."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from simulators.stack import Stack

# Real seconds within which a run must have ended; far above what it takes.
DEADLINE = 60
PLANTED = """
import sys
import threading
import pytest

def test_nothing_heavy_is_loaded():
    assert {"simulators.stack", "flask", "pydantic", "requests"}.isdisjoint(sys.modules)

@pytest.mark.espf_stack(colour="red")
def test_setting_that_does_not_exist(espf_stack):
    pass

@pytest.mark.espf_stack("auto")
def test_setting_without_a_name(espf_stack):
    pass

def test_stack_of_an_earlier_test_is_gone():
    assert threading.active_count() == 1

def test_defect_of_the_simulators_is_told(espf_stack):
    espf_stack.surprises.append("a defect")
"""


@pytest.fixture
def espf_settings() -> dict[str, Any]:
    """What the tests of this module have in common."""
    return {"world": "operator", "first_i_event": 70}


def test_plugin_is_found_by_pytest() -> None:
    """Whoever installs the harness has the fixture without any line of their own."""
    (found,) = entry_points(group="pytest11", name="espf-simulators")

    assert found.value == "simulators.pytest_plugin"


def test_stack_runs_and_its_clock_stands_still(espf_stack: Stack) -> None:
    """A test has a stack on free ports, set up as its project says, whose time is the test's own."""
    assert espf_stack.clock.mode.name == "manual"
    assert espf_stack.settings.world == "operator"
    assert "17000" not in espf_stack.addresses.control
    assert espf_stack.emitter.emit("Account/New", i_account=189).i_event == 70


@pytest.mark.espf_stack(clock="auto", world="demo")
class TestMarkers:
    """Tests with settings of their own."""

    def test_marker_comes_before_the_project(self, espf_stack: Stack) -> None:
        """What a class is marked with holds in the place of what all tests share."""
        assert (espf_stack.clock.mode.name, espf_stack.settings.world) == ("auto", "demo")
        assert espf_stack.settings.first_i_event == 70

    @pytest.mark.espf_stack(clock="manual")
    def test_marker_of_the_test_comes_first(self, espf_stack: Stack) -> None:
        """What stands nearest to the test holds, and the rest stays."""
        assert (espf_stack.clock.mode.name, espf_stack.settings.world) == ("manual", "demo")


def test_plugin_costs_nothing_and_tells_mistakes(tmp_path: Path) -> None:
    """A run that does not use the plugin loads nothing by it, and one that misuses it is told how."""
    (tmp_path / "test_planted.py").write_text(PLANTED)
    command = [sys.executable, "-m", "pytest", "-p", "simulators.pytest_plugin", "-W", "error", "."]
    done = subprocess.run(
        [*command, f"--rootdir={tmp_path}", "--strict-markers"],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    assert "3 passed, 3 errors" in done.stdout
    assert "espf_stack: The options have a mistake: colour: " in done.stdout
    assert "espf_stack('auto') names no setting" in done.stdout
    assert "ValidationError" not in done.stdout
    assert "please report it: a defect" in done.stdout
