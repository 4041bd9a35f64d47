"""How long a load waits for what is unfinished: as long as more and more comes to its end."""

import time


class Patience:
    """Lasts for so many real seconds after the last progress, and `at_least` so many from the beginning."""

    def __init__(self, *, seconds: float, at_least: float) -> None:
        self._seconds = seconds
        self._most = 0
        self._until = time.monotonic() + at_least + seconds

    def lasts(self, ended: int, *, now: float | None = None) -> bool:
        """Whether to wait on, now that so much is at its end; what went back and forth is no progress."""
        now = time.monotonic() if now is None else now
        if ended > self._most:
            self._most, self._until = ended, max(self._until, now + self._seconds)
        return now < self._until
