"""The load scenarios: how events arrive, what the OMS takes its time for, and what goes wrong meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from loadtests.arrivals import Arrivals, Shape
from loadtests.errors import LoadOptionError

# Real seconds from an order to its outcome, unless a scenario says otherwise.
DELAY: Final = 2.0
SLOW: Final = {"effect": "delay", "seconds": 2.0}
DOWN: Final = {"effect": "answer", "status": 503}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A fault that strikes every neighbour for a while; moments are real seconds since the beginning."""

    begin: float
    end: float
    fault: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class LoadScenario:
    """One load; `delay` is that of an OMS plan, `duplicates` the share of events that are sent twice."""

    name: str
    about: str
    arrivals: Arrivals
    delay: Any = DELAY
    duplicates: float = 0.0
    troubles: tuple[Trouble, ...] = ()


def _scenario(
    name: str, about: str, *, shape: Shape, rate: float, duration: float, **more: Any
) -> LoadScenario:
    arrivals = Arrivals(shape=shape, rate=rate, duration=duration)
    return LoadScenario(name=name, about=about, arrivals=arrivals, **more)


SCENARIOS: Final[Mapping[str, LoadScenario]] = {
    scenario.name: scenario
    for scenario in (
        _scenario("steady", "the documented average", shape="steady", rate=10, duration=60),
        _scenario("ramp", "ever more, until the backlog grows", shape="ramp", rate=100, duration=120),
        _scenario("burst", "10,000 accounts at once", shape="burst", rate=1_000, duration=10),
        _scenario("soak", "the documented average for an hour", shape="steady", rate=10, duration=3600),
        _scenario(
            "storm", "every neighbour is slow, then down, then back", shape="steady", rate=10, duration=60,
            troubles=(Trouble(begin=10, end=20, fault=SLOW), Trouble(begin=20, end=30, fault=DOWN)),
        ),
        _scenario(
            "duplicates", "a fifth of all events is sent twice", shape="steady", rate=10, duration=60,
            duplicates=0.2,
        ),
        _scenario(
            "late", "an OMS whose delays have a long tail", shape="steady", rate=10, duration=60,
            delay={"median": 2.0, "sigma": 1.0},
        ),
    )
}  # fmt: skip


def chosen(
    name: str, *, rate: float | None = None, duration: float | None = None, shape: Shape | None = None
) -> LoadScenario:
    """A scenario by its name, with another rate, duration or shape.

    Raises:
        LoadOptionError: there is none of this name.
    """
    if name not in SCENARIOS:
        raise LoadOptionError(f"{name!r} is no load scenario; these are: {', '.join(SCENARIOS)}.")
    scenario = SCENARIOS[name]
    usual = scenario.arrivals
    arrivals = Arrivals(
        shape=shape or usual.shape, rate=rate or usual.rate, duration=duration or usual.duration
    )
    return replace(scenario, arrivals=arrivals)
