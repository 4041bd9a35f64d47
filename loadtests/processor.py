"""How much of a processor this process has: who has a whole one serves nobody in time any more."""

import time
from dataclasses import dataclass
from typing import Final

from loadtests.tally import WINDOW

# Python's threads share one processor; above this share of it requests wait for their turn.
FULL: Final = 0.9


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What was used of the processor until a moment; both are real seconds."""

    real: float
    used: float

    @classmethod
    def now(cls) -> "Moment":
        """This moment."""
        return cls(real=time.monotonic(), used=time.process_time())


class Processor:
    """Remembers the busiest of the times between notes, each of which is a window or more."""

    def __init__(self, since: Moment | None = None) -> None:
        self._since = since or Moment.now()
        self.busiest = 0.0

    def note(self, now: Moment | None = None) -> None:
        """Look at what was used, as soon as a window has passed."""
        now = now or Moment.now()
        if (passed := now.real - self._since.real) >= WINDOW:
            self.busiest = max(self.busiest, (now.used - self._since.used) / passed)
            self._since = now
