"""How long a load waits for what is unfinished: as long as more and more comes to its end."""

import time
from math import inf


class Patience:
    """Lasts for so many real seconds after the last progress, and `at_least` so many from the first event.

    Before that there is no end to it: workers of other machines may have to be started by hand.
    """

    def __init__(self, *, seconds: float, at_least: float) -> None:
        self._seconds = seconds
        self._at_least = at_least
        self._most = 0
        self._until = inf

    def begin(self, *, now: float | None = None) -> None:
        """Count from now on, unless it was begun before."""
        if self._until == inf:
            self._until = _moment(now) + self._at_least + self._seconds

    def lasts(self, ended: int, *, now: float | None = None) -> bool:
        """Whether to wait on, now that so much is at its end; what went back and forth is no progress."""
        if ended > self._most:
            self._most, self._until = ended, max(self._until, _moment(now) + self._seconds)
        return _moment(now) < self._until


def _moment(now: float | None) -> float:
    return time.monotonic() if now is None else now
