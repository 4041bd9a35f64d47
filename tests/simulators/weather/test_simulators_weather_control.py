"""Weather from outside: the control API's faults, and the shell's command for them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.errors import SimulatorError
from simulators.settings import read_settings
from simulators.stack import Stack
from simulators.weather.faults import Hang, Reset

Run = Callable[..., tuple[int, str, str]]
PLAN = {"point": "espf/status", "fault": {"effect": "delay", "seconds": 5.0}, "first": 2}
ARMED = {**PLAN, "fault": {"effect": "delay", "seconds": 5.0, "after": False}, "number": 1}


@pytest.fixture
def url(stack: Stack) -> str:
    """Where the faults of a stack are."""
    return f"{stack.addresses.control}/_sim/faults"


@pytest.fixture
def faults(stack: Stack, run: Run) -> Run:
    """Run the shell's command for the faults of a stack."""
    return lambda *arguments: run("faults", *arguments, "--control", stack.addresses.control)


def test_plan_is_armed_listed_and_cleared(http: requests.Session, url: str) -> None:
    """What is armed is shown with its number and how often it struck, until it is taken away."""
    made = http.post(url, json=PLAN)
    assert (made.status_code, made.json()) == (201, {**ARMED, "seen": 0, "struck": 0})

    listed = http.get(url).json()
    assert listed["faults"] == [made.json()]
    assert {"espf/status", "oms/order", "emitter/event", "portabilling/Session/login"} <= {*listed["points"]}

    cleared = http.delete(url)
    assert (cleared.status_code, cleared.json()["faults"]) == (200, [])


def test_one_plan_is_disarmed_by_its_number(stack: Stack, http: requests.Session, url: str) -> None:
    """The others stay as they are; a number that there is not is 404."""
    stack.weather.arm("espf", Reset())
    stack.weather.arm("oms", Reset())

    left = http.delete(f"{url}/1").json()["faults"]

    assert [plan["point"] for plan in left] == ["oms"]
    missing = http.delete(f"{url}/1")
    assert (missing.status_code, missing.json()["error"][:16]) == (404, "No fault plan 1 ")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**PLAN, "point": "espf/statuz"}, "'espf/statuz' does not exist: did you mean espf/status"),
        ({**PLAN, "fault": {"effect": "delay", "seconds": -1}}, "seconds.*-1"),
        ({**PLAN, "fault": {"effect": "storm"}}, "storm"),
        ({**PLAN, "colour": "red"}, "colour: this key is not known"),
        ({"point": "espf"}, "fault: this key is required"),
        ({}, "point: this key is required"),
        ([PLAN], "should be an object"),
        ("espf", "should be an object"),
    ],
)
def test_impossible_plan_is_400_and_changes_nothing(
    stack: Stack, http: requests.Session, url: str, body: Any, named: str
) -> None:
    """The offending value is named, and what was meant where that can be guessed."""
    refused = http.post(url, json=body)

    assert refused.status_code == 400
    assert re.search(named, refused.json()["error"])

    assert stack.weather.plans() == ()


def test_shell_arms_lists_and_clears(stack: Stack, faults: Run) -> None:
    """Every field of a plan is an option, and the plan struck is seen."""
    code, out, _ = faults(
        "arm", "espf/status", "delay", "--seconds", "5", "--after", "--first", "2", "--group", "HSS"
    )
    assert code == 0
    assert out.startswith("    1  espf/status                        delay        0 of 0 struck  ")
    assert set(out.split()[7:]) == {"seconds=5.0", "after=true", 'group="HSS"', "first=2"}
    (armed,) = stack.weather.plans()
    assert (armed.plan.group, armed.plan.first) == ("HSS", 2)

    assert faults()[1] == out == faults("list")[1]
    assert json.loads(faults("list", "--json")[1])[0]["number"] == 1
    assert faults("clear", "1")[1] == "0 armed plans are left.\n"
    assert faults()[1] == "No fault is armed.\n"


def test_shell_arms_a_plan_of_json(stack: Stack, faults: Run) -> None:
    """A plan can be given as the control API takes it, and is shown as that shows it."""
    code, out, _ = faults("arm", "--plan", json.dumps(PLAN), "--json")

    assert (code, json.loads(out)) == (0, {**ARMED, "seen": 0, "struck": 0})
    faults("arm", "espf", "reset")
    assert faults("clear", "1")[1] == "1 armed plan is left.\n"
    assert faults("clear")[:2] == (0, "0 armed plans are left.\n")
    assert stack.weather.plans() == ()


def test_shell_names_the_points(faults: Run) -> None:
    """Each stands on a line of its own."""
    code, out, _ = faults("points")

    assert code == 0
    assert {"oms/order", "emitter/event"} <= set(out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("arm",), "needs a point and an effect"),
        (("arm", "espf/status"), "needs a point and an effect"),
        (("arm", "espf/statuz", "reset"), "did you mean espf/status"),
        (("arm", "espf/status", "delay", "--seconds", "-1"), "given: -1"),
        (("arm", "espf/status", "delay", "--seconds", "soon"), "'soon'"),
        (("arm", "espf/status", "delay", "--seconds", "nan"), "Only finite numbers"),
        (("arm", "espf/status", "reset", "--copies", "2"), "copies: this key is not known"),
        (("arm", "--plan", "{"), "no JSON"),
        (("arm", "--plan", "[]"), "should be an object"),
        (("arm", "--plan", "{}", "--first", "1"), "leave out first"),
        (("clear", "7"), "No fault plan 7 is armed"),
    ],
)
def test_shell_refuses_with_exit_code_4(
    stack: Stack, faults: Run, arguments: tuple[str, ...], named: str
) -> None:
    """The message names the offending value, and nothing was changed."""
    code, out, err = faults(*arguments)

    assert (code, out) == (4, "")
    assert named in err
    assert stack.weather.plans() == ()


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        ('point = "espf/statuz"\nfault = {effect = "reset"}', "'espf/statuz' does not exist"),
        ('point = "espf"\nfault = {effect = "delay", seconds = -1}', "faults.0.fault.delay.seconds.*-1"),
    ],
)
def test_impossible_plan_of_a_settings_file_is_refused(tmp_path: Path, plan: str, named: str) -> None:
    """A stack with such a plan does not come up."""
    path = tmp_path / "settings.toml"
    path.write_text(f"[[faults]]\n{plan}\n", encoding="utf-8")

    with pytest.raises(SimulatorError, match=named):
        Stack(read_settings(str(path), {}, defaults={}))


def test_settings_file_plans_faults(tmp_path: Path) -> None:
    """A table of plans, the seed of their chances, and how long a hang lasts."""
    path = tmp_path / "settings.toml"
    path.write_text(
        'weather_seed = 7\nhang = 0.5\n[[faults]]\npoint = "espf"\nfault = {effect = "hang"}\n'
        "between = [0, 60]\nprobability = 0.5\n",
        encoding="utf-8",
    )
    settings = read_settings(str(path), {}, defaults={})

    (plan,) = settings.faults
    assert (settings.weather_seed, settings.hang) == (7, 0.5)
    assert (plan.point, plan.fault, plan.between, plan.probability) == ("espf", Hang(), (0, 60), 0.5)
