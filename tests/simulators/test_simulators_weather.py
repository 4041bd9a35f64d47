"""Weather: which fault strikes which exchange, by count, time, chance, account and group."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from simulators.errors import WeatherError
from simulators.weather.core import Weather
from simulators.weather.plans import FaultPlan

RESET = {"effect": "reset"}


def plan(**which: Any) -> FaultPlan:
    """A plan for status updates."""
    return FaultPlan.model_validate({"point": "espf/status", "fault": RESET, **which})


def struck(weather: Weather, times: int, **about: Any) -> list[bool]:
    """Which of so many status updates are struck."""
    return [weather.strike("espf/status", about) is not None for _ in range(times)]


@pytest.fixture
def now() -> list[float]:
    """The virtual time: its last entry."""
    return [0.0]


@pytest.fixture
def weather(now: list[float]) -> Weather:
    """Fine weather."""
    return Weather(now=lambda: now[-1], seed=7)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, "xxxxxx"),
        ({"first": 2}, "xx...."),
        ({"nth": 3}, "..x..."),
        ({"every": 2}, ".x.x.x"),
        ({"probability": 0}, "......"),
        ({"probability": 1}, "xxxxxx"),
    ],
)
def test_plan_says_which_exchanges_are_struck(weather: Weather, which: dict[str, Any], expected: str) -> None:
    """By count from the arming on, or by chance."""
    weather.arm(plan(**which))

    assert "".join("x" if hit else "." for hit in struck(weather, 6)) == expected


def test_window_is_of_virtual_time_since_arming(weather: Weather, now: list[float]) -> None:
    """A fault can last from one time to another, ends included."""
    now.append(100.0)
    weather.arm(plan(window=[10, 20]))

    hits = []
    for moment in (100.0, 109.9, 110.0, 120.0, 120.1):
        now.append(moment)
        hits += struck(weather, 1)

    assert hits == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("fits", "about", "expected"),
    [
        ({"i_account": 189}, {"i_account": 189, "group": "HSS"}, True),
        ({"i_account": 190}, {"i_account": 189}, False),
        ({"group": "HSS"}, {"i_account": 189, "group": "HSS"}, True),
        ({"group": "PCRF"}, {"group": "HSS"}, False),
        ({"group": "HSS"}, {}, False),
        ({"point": "espf"}, {}, True),
        ({"point": "espf/statuses"}, {}, False),
        ({"point": "portabilling"}, {}, False),
    ],
)
def test_plan_names_a_point_and_whom(
    weather: Weather, fits: dict[str, Any], about: dict[str, Any], *, expected: bool
) -> None:
    """A party alone stands for all that is asked of it; account and group narrow it down."""
    weather.arm(plan(**fits))

    assert struck(weather, 1, **about) == [expected]


def test_exchanges_that_do_not_fit_are_not_counted(weather: Weather) -> None:
    """`first` two of an account are its own, whatever others do between."""
    weather.arm(plan(first=2, i_account=189))

    hits = [struck(weather, 1, i_account=i_account)[0] for i_account in (190, 189, 190, 189, 189)]

    assert hits == [False, True, False, True, False]


def test_first_armed_plan_decides_and_all_count(weather: Weather) -> None:
    """Two plans at one point: the older one's fault is seen, and the younger one counts on meanwhile."""
    older = weather.arm(plan(first=1))
    younger = weather.arm(plan(first=2))

    numbers = [strike and strike.number for strike in (weather.strike("espf/status", {}) for _ in range(3))]

    assert numbers == [older, younger, None]
    assert [(armed.seen, armed.struck) for armed in weather.armed()] == [(3, 1), (3, 1)]


def test_disarmed_plan_strikes_no_more(weather: Weather) -> None:
    """A plan is taken out by its number, or all are; a wrong number is an error."""
    number = weather.arm(plan())
    weather.arm(plan(first=1))
    weather.disarm(number)
    assert struck(weather, 2) == [True, False]

    weather.clear()

    assert weather.armed() == ()
    with pytest.raises(WeatherError, match=f"No fault plan {number}"):
        weather.disarm(number)


@given(seed=st.integers(), probability=st.floats(0, 1), others=st.integers(0, 3))
def test_chance_follows_the_seed_alone(seed: int, probability: float, others: int) -> None:
    """The same seed strikes the same exchanges, whatever other plans are asked meanwhile."""
    alone, among = (Weather(now=lambda: 0.0, seed=seed) for _ in range(2))
    for weather in (alone, among):
        weather.arm(plan(probability=probability))
    for _ in range(others):
        among.arm(plan(point="oms/order", probability=0.5))

    hits = []
    for _ in range(20):
        among.strike("oms/order", {})
        hits.append(among.strike("espf/status", {}) is not None)

    assert struck(alone, 20) == hits


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"point": "hss"}, "point 'hss' does not exist"),
        ({"point": "oms"}, "point 'oms' does not exist"),
        ({"point": "emitter"}, "point 'emitter' does not exist"),
        ({"fault": {"effect": "drop"}}, "effect 'drop' cannot happen at espf/status"),
        ({"point": "emitter/event", "fault": {"effect": "hang"}}, "effect 'hang' cannot happen at"),
        ({"fault": {"effect": "storm"}}, "effect"),
        ({"fault": {"effect": "delay"}}, "seconds"),
        ({"fault": {"effect": "delay", "seconds": -1}}, "seconds"),
        ({"fault": {"effect": "answer", "status": 99}}, "status"),
        ({"first": 1, "every": 2}, "only one of first"),
        ({"window": [2, 1]}, "earlier time first"),
        ({"first": 0}, "first"),
        ({"probability": 1.5}, "probability"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_plan_is_refused(changes: dict[str, Any], named: str) -> None:
    """A mistake in a plan is named with its value."""
    with pytest.raises(ValidationError, match=named):
        plan(**changes)
