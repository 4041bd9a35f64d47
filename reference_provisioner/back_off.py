"""How long to wait before a neighbour is asked again: longer each time, up to a cap, with jitter."""

from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, wait_random_exponential


@dataclass(frozen=True, kw_only=True)
class BackOff:
    """Waits between half of `base` and `base` seconds first, then up to twice as long each time, or `cap`.

    The waits alone are tenacity's: its own repetition would keep in memory what must survive a kill.
    """

    base: float
    cap: float

    def seconds(self, attempts: int) -> float:
        """Return the wait after that many earlier attempts."""
        # Anything up to the longest wait, so that what failed together is not tried again together.
        wait = wait_random_exponential(multiplier=self.base, max=self.cap, min=self.base / 2)
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = attempts + 1
        return wait(state)
