"""When events are to leave: schedules that wait for nobody, so that a stall cannot hide itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Literal

Shape = Literal["steady", "ramp", "burst"]


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """How events arrive: `rate` a second for `duration` real seconds.

    `steady` keeps the rate, `ramp` rises to it from nothing, `burst` lets all of them leave at once: they
    are due at the beginning, and a generator has `duration` to be rid of them.
    """

    shape: Shape
    rate: float
    duration: float

    @property
    def number(self) -> int:
        """How many events there are."""
        share = 0.5 if self.shape == "ramp" else 1.0
        return max(1, round(self.rate * self.duration * share))

    def times(self) -> Iterator[float]:
        """The moments at which they are due, in real seconds since the beginning."""
        for number in range(self.number):
            yield self._due(number)

    def _due(self, number: int) -> float:
        match self.shape:
            case "steady":
                return number / self.rate
            case "ramp":
                return sqrt(2 * number * self.duration / self.rate)
            case "burst":
                return 0.0
