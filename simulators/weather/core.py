"""The armed plans: decides for each exchange which fault strikes it, the same way for the same seed."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from difflib import get_close_matches
from random import Random
from typing import Any, Final, Unpack

from simulators.errors import WeatherError
from simulators.weather.faults import Fault
from simulators.weather.plans import OUTBOUND, FaultPlan, Which, read_plan

# How like a misspelt point a name must be to be meant by it, from 0 to 1.
NEAR: Final = 0.3


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
    """A fault that strikes an exchange, and the plan that it came from."""

    number: int
    plan: FaultPlan

    @property
    def fault(self) -> Fault:
        """What happens."""
        return self.plan.fault

    def __str__(self) -> str:
        """As the journal shows it."""
        after = " after the work" if getattr(self.fault, "after", False) else ""
        return f"{self.fault.effect}{after} (plan {self.number})"


class Weather:
    """Keeps the plans in the order of their arming; the first that strikes decides.

    `points` gives all points that there are. Every method takes the `guard` by itself.
    """

    def __init__(
        self,
        *,
        points: Callable[[], Iterable[str]],
        now: Callable[[], float],
        guard: AbstractContextManager[object],
        seed: int = 0,
    ) -> None:
        self.points = points
        self._now = now
        self._guard = guard
        self._seed = seed
        self._numbers = itertools.count(1)
        self._armed: dict[int, Armed] = {}

    def arm(self, point: str, fault: Fault, **which: Unpack[Which]) -> Armed:
        """Put a fault into force at a point, for the exchanges that `FaultPlan` describes.

        Raises:
            WeatherError: the plan is not possible; nothing was changed.
        """
        return self.add(read_plan({"point": point, "fault": fault, **which}))

    def add(self, plan: FaultPlan) -> Armed:
        """Put a plan into force.

        Raises:
            WeatherError: there is no such point.
        """
        places = {place for point in self.points() for place in _places(point)}
        if plan.point not in places:
            near = get_close_matches(plan.point, sorted(places), n=3, cutoff=NEAR)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise WeatherError(
                f"Point {plan.point!r} does not exist: {meant}A point is a party and an operation, such as "
                "espf/status; espf-simulators faults points lists them."
            )
        with self._guard:
            number = next(self._numbers)
            # A stream of its own, so that no plan's chance depends on another's.
            seed = f"{self._seed}:{number}" if plan.seed is None else f"{plan.seed}"
            armed = Armed(number=number, plan=plan, since=self._now(), chance=Random(seed))  # noqa: S311 - a simulation
            self._armed[number] = armed
            return armed

    def disarm(self, number: int) -> None:
        """Take a plan out of force.

        Raises:
            WeatherError: no plan in force has this number.
        """
        with self._guard:
            if number not in self._armed:
                raise WeatherError(f"No fault plan {number} is armed: espf-simulators faults lists them.")
            del self._armed[number]

    def clear(self) -> None:
        """Take all plans out of force."""
        with self._guard:
            self._armed.clear()

    def plans(self) -> tuple[Armed, ...]:
        """The plans in force, oldest first."""
        with self._guard:
            return tuple(self._armed.values())

    def threatens(self, party: str) -> bool:
        """Whether any plan may strike what is asked of a party."""
        return any(armed.plan.point.partition("/")[0] == party for armed in self.plans())

    def strike(self, point: str, about: Mapping[str, Any]) -> Strike | None:
        """The fault that strikes an exchange at a point, or None; every plan that fits counts it."""
        with self._guard:
            fitting = [armed for armed in self._armed.values() if armed.plan.fits(point, about)]
            striking = [armed for armed in fitting if self._strikes(armed)]
            if not striking:
                return None
            striking[0].struck += 1
            return Strike(number=striking[0].number, plan=striking[0].plan)

    def _strikes(self, armed: Armed) -> bool:
        armed.seen += 1
        since_armed = self._now() - armed.since
        return armed.plan.strikes(armed.seen, since_armed=since_armed, draw=armed.chance.random())


def _places(point: str) -> Iterator[str]:
    """A point, and the beginnings of its name that stand for all that is asked there."""
    yield point
    if point not in OUTBOUND:
        parts = point.split("/")
        yield from ("/".join(parts[:length]) for length in range(1, len(parts)))
