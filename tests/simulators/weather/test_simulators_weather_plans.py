"""Weather: which fault strikes which exchange, by count, time, chance, account and group."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import WeatherError
from simulators.weather.core import Weather
from simulators.weather.faults import Delay, Hang, Reset
from simulators.weather.plans import FaultPlan, read_plan

RESET = {"effect": "reset"}
POINTS = (
    "portabilling/Account/get_account_info",
    "espf/status",
    "espf/group/create",
    "oms/order",
    "emitter/event",
    "oms/notification",
)


def plan(**which: Any) -> FaultPlan:
    """A plan for status updates."""
    return read_plan({"point": "espf/status", "fault": RESET, **which})


def fine_weather(now: Callable[[], float] = float, **options: Any) -> Weather:
    """Weather over a handful of points, in which nothing is planned."""
    return Weather(points=lambda: POINTS, now=now, guard=nullcontext(), **options)


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
    return fine_weather(lambda: now[-1], seed=7)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, "xxxxxx"),
        ({"first": 2}, "xx...."),
        ({"nth": 3}, "..x..."),
        ({"every": 2}, ".x.x.x"),
        ({"probability": 0}, "......"),
        ({"probability": 1}, "xxxxxx"),
        ({"first": 4, "every": 2}, ".x.x.."),
        ({"first": 2, "probability": 0}, "......"),
    ],
)
def test_plan_says_which_exchanges_are_struck(weather: Weather, which: dict[str, Any], expected: str) -> None:
    """By count from the arming on, by chance, or by all that is given together."""
    weather.add(plan(**which))

    assert "".join("x" if hit else "." for hit in struck(weather, 6)) == expected


def test_times_are_virtual_and_count_from_the_arming(weather: Weather, now: list[float]) -> None:
    """A fault can last from one time to another, ends included."""
    now.append(100.0)
    weather.add(plan(between=[10, 20]))

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
        ({"group": "HSS"}, {"detail": {"service": "HSS"}}, True),
        ({"group": "HSS"}, {"detail": {"services": ["PCRF", "HSS"]}}, True),
        ({"group": "HSS"}, {"detail": {"group": "PCRF"}}, False),
        ({"point": "espf/group"}, {}, False),
        ({"point": "portabilling"}, {}, False),
    ],
)
def test_plan_names_a_point_and_whom(
    weather: Weather, fits: dict[str, Any], about: dict[str, Any], *, expected: bool
) -> None:
    """A party alone stands for all that is asked of it; account and group narrow it down."""
    weather.add(plan(**fits))

    assert struck(weather, 1, **about) == [expected]


def test_exchanges_that_do_not_fit_are_not_counted(weather: Weather) -> None:
    """`first` two of an account are its own, whatever others do between."""
    weather.add(plan(first=2, i_account=189))

    hits = [struck(weather, 1, i_account=i_account)[0] for i_account in (190, 189, 190, 189, 189)]

    assert hits == [False, True, False, True, False]


def test_first_armed_plan_decides_and_all_count(weather: Weather) -> None:
    """Two plans at one point: the older one's fault is seen, and the younger one counts on meanwhile."""
    older = weather.add(plan(first=1)).number
    younger = weather.add(plan(first=2)).number

    numbers = [strike and strike.number for strike in (weather.strike("espf/status", {}) for _ in range(3))]

    assert numbers == [older, younger, None]
    assert [(armed.seen, armed.struck) for armed in weather.plans()] == [(3, 1), (3, 1)]


def test_disarmed_plan_strikes_no_more(weather: Weather) -> None:
    """A plan is taken out by its number, or all are; a wrong number is an error."""
    number = weather.add(plan()).number
    weather.add(plan(first=1))
    weather.disarm(number)
    assert struck(weather, 2) == [True, False]

    weather.clear()

    assert weather.plans() == ()
    with pytest.raises(WeatherError, match=f"No fault plan {number}"):
        weather.disarm(number)


@given(seed=st.integers(), probability=st.floats(0, 1), others=st.integers(0, 3))
def test_chance_follows_the_seed_alone(seed: int, probability: float, others: int) -> None:
    """The same seed strikes the same exchanges, whatever other plans are asked meanwhile."""
    alone, among = (fine_weather(seed=seed) for _ in range(2))
    for weather in (alone, among):
        weather.add(plan(probability=probability))
    for _ in range(others):
        among.add(plan(point="oms/order", probability=0.5))

    hits = []
    for _ in range(20):
        among.strike("oms/order", {})
        hits.append(among.strike("espf/status", {}) is not None)

    assert struck(alone, 20) == hits


def test_plan_with_a_seed_of_its_own_follows_that_alone() -> None:
    """Neither the stack's seed nor the plan's number matters to it."""
    one, other = fine_weather(seed=1), fine_weather(seed=2)
    other.add(plan(point="oms/order"))
    for weather in (one, other):
        weather.arm("espf/status", Reset(), probability=0.5, seed=3)

    assert struck(one, 20) == struck(other, 20)


def test_name_of_a_party_stands_for_what_it_is_asked(weather: Weather) -> None:
    """What a party sends is never meant by its name alone."""
    weather.arm("oms", Reset())

    assert weather.strike("oms/order", {})
    assert weather.strike("oms", {})
    assert not weather.strike("oms/notification", {})
    assert (weather.threatens("oms"), weather.threatens("espf")) == (True, False)


def test_strike_tells_fault_and_plan(weather: Weather) -> None:
    """The journal shows what struck, whether the work was done, and which plan it was."""
    weather.arm("espf/status", Hang(after=True), first=1)
    weather.arm("espf/status", Delay(seconds=5))

    assert [str(weather.strike("espf/status", {})) for _ in range(2)] == [
        "hang after the work (plan 1)",
        "delay (plan 2)",
    ]


@pytest.mark.parametrize(
    ("point", "named"),
    [
        ("hss", "'hss' does not exist"),
        ("emitter", "'emitter' does not exist: did you mean emitter/event"),
        ("espf/statuz", "'espf/statuz' does not exist: did you mean espf/status"),
        ("portabilling/Account/get_acount_info", "did you mean portabilling/Account/get_account_info"),
        ("oms/notifications", "did you mean oms/notification"),
        ("", "'' does not exist"),
    ],
)
def test_unknown_point_is_refused_with_the_nearest_names(weather: Weather, point: str, named: str) -> None:
    """A misspelt point would never be struck; nothing was changed."""
    with pytest.raises(WeatherError, match=named):
        weather.arm(point, Reset())

    assert weather.plans() == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fault": {"effect": "drop"}}, "effect 'drop' cannot happen at espf/status: .*one of answer, delay"),
        ({"point": "oms", "fault": {"effect": "drop"}}, "effect 'drop' cannot happen at oms"),
        ({"point": "emitter/event", "fault": {"effect": "hang"}}, "effect 'hang' cannot happen at"),
        (
            {"point": "emitter/event", "fault": {"effect": "delay", "seconds": 1, "after": True}},
            "leave out after",
        ),
        ({"fault": {"effect": "storm"}}, "fault.effect: 'storm' is not known: it is one of answer, delay"),
        ({"fault": {}}, "fault.effect: this key is required"),
        ({"fault": {"effect": "answer", "content_type": "text/html\r\nX: 1"}}, "content_type"),
        ({"fault": {"effect": "content-type", "content_type": " text/html"}}, "content_type"),
        ({"fault": {"effect": "content-type", "content_type": "text/\u4e2d"}}, "content_type"),
        ({"fault": {"effect": "delay"}}, "seconds"),
        ({"fault": {"effect": "delay", "seconds": -1}}, "seconds.*given: -1"),
        ({"fault": {"effect": "delay", "seconds": float("nan")}}, "seconds"),
        ({"fault": {"effect": "answer", "status": 99}}, "status.*given: 99"),
        ({"between": [2, 1]}, "earlier time stands first"),
        ({"between": [float("nan"), 1]}, "between"),
        # No JSON could show it.
        ({"between": [1, float("inf")]}, "between.*given: inf"),
        ({"first": 0}, "first.*given: 0"),
        ({"probability": 1.5}, "probability.*given: 1.5"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_plan_is_refused(changes: dict[str, Any], named: str) -> None:
    """A mistake in a plan is named with its value."""
    with pytest.raises(WeatherError, match=named):
        plan(**changes)
