"""The armed plans: decides for each exchange which fault strikes it, the same way for the same seed."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from simulators.errors import WeatherError
from simulators.weather.faults import Fault
from simulators.weather.plans import FaultPlan


@dataclass(kw_only=True)
class Armed:
    """A plan in force: how many exchanges it could have struck, and how many it did."""

    number: int
    plan: FaultPlan
    since: float
    chance: Random
    seen: int = 0
    struck: int = 0


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A fault that strikes an exchange, and the number of the plan that it came from."""

    number: int
    fault: Fault

    def __str__(self) -> str:
        """As the journal shows it."""
        return f"{self.fault.effect} (plan {self.number})"


class Weather:
    """Keeps the plans in the order of their arming; the first that strikes decides."""

    def __init__(self, *, now: Callable[[], float], seed: int = 0) -> None:
        self._now = now
        self._seed = seed
        self._numbers = itertools.count(1)
        self._armed: dict[int, Armed] = {}

    def arm(self, plan: FaultPlan) -> int:
        """Put a plan into force; gives its number."""
        number = next(self._numbers)
        # A stream of its own, so that no plan's chance depends on another's.
        chance = Random(f"{self._seed}:{number}")  # noqa: S311 - a simulation
        self._armed[number] = Armed(number=number, plan=plan, since=self._now(), chance=chance)
        return number

    def disarm(self, number: int) -> None:
        """Take a plan out of force.

        Raises:
            WeatherError: no plan in force has this number.
        """
        if number not in self._armed:
            raise WeatherError(f"No fault plan {number} is armed: espf-simulators faults lists them.")
        del self._armed[number]

    def clear(self) -> None:
        """Take all plans out of force."""
        self._armed.clear()

    def armed(self) -> tuple[Armed, ...]:
        """The plans in force."""
        return tuple(self._armed.values())

    def strike(self, point: str, about: Mapping[str, Any]) -> Strike | None:
        """The fault that strikes an exchange at a point, or None; every plan that fits counts it."""
        fitting = [armed for armed in self._armed.values() if armed.plan.fits(point, about)]
        striking = [armed for armed in fitting if self._strikes(armed)]
        if not striking:
            return None
        striking[0].struck += 1
        return Strike(number=striking[0].number, fault=striking[0].plan.fault)

    def _strikes(self, armed: Armed) -> bool:
        armed.seen += 1
        since_armed = self._now() - armed.since
        return armed.plan.strikes(armed.seen, since_armed=since_armed, draw=armed.chance.random())
