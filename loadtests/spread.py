"""Real seconds added up without being kept one by one, and the percentiles they leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ddsketch import DDSketch

# A percentile is known to this share of itself.
ACCURACY: Final = 0.005


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Percentiles of real seconds, each true to half a hundredth of itself; all 0 where there is nothing."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    highest: float = 0.0


class Durations:
    """Real seconds, of which only buckets are kept, so that a million take no more room than ten."""

    def __init__(self) -> None:
        self._sketch: Any = DDSketch(relative_accuracy=ACCURACY)

    def __len__(self) -> int:
        return int(self._sketch.count)

    def add(self, seconds: float) -> None:
        """Add one; a clock that was set back in between counts as no time at all."""
        self._sketch.add(max(0.0, seconds))

    def extend(self, many: Iterable[float]) -> None:
        """Add many."""
        for seconds in many:
            self.add(seconds)

    def spread(self) -> Spread:
        """Their percentiles."""
        if not len(self):
            return Spread()
        p50, p95, p99, highest = (self._sketch.get_quantile_value(share) for share in (0.5, 0.95, 0.99, 1.0))
        return Spread(p50=p50, p95=p95, p99=p99, highest=highest)
