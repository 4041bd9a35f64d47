"""Requests that weather holds back: none holds the clock, and none outlives its world."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from simulators.clock import Clock
from simulators.wire.recorder import Asked
from simulators.wire.sockets import ResetError, trickling
from simulators.wire.threads import WAITING


@dataclass(eq=False)
class _Hold:
    over: threading.Event = field(default_factory=threading.Event)
    is_released: bool = False

    def release(self) -> None:
        self.is_released = True
        self.over.set()


class Holds:
    """Holds requests for a time; `close` lets go of all at once, whose connections are then reset.

    Raises:
        ResetError: from each method that holds, when it was closed.
    """

    def __init__(self, *, clock: Clock, guard: threading.Condition) -> None:
        self._clock = clock
        self._guard = guard
        self._held: set[_Hold] = set()
        self._is_closed = False

    def until_due(self, asked: Asked, seconds: float) -> None:
        """Hold a request for so many virtual seconds; from the end of these on it is in flight again."""

        def due() -> None:
            # Before the clock can move on, and not when the thread has woken up.
            asked.flight.enter()
            hold.over.set()

        with _elsewhere(asked), self._holding() as hold:
            with self._guard:
                label = f"weather holds {asked.flight.label}"
                self._clock.call_later(seconds, due, label=label)
                asked.flight.leave()
            hold.over.wait()

    def for_real(self, asked: Asked, seconds: float) -> None:
        """Hold a request for so many real seconds; it does not come back into flight."""
        with _elsewhere(asked), self._holding() as hold:
            asked.flight.leave()
            hold.over.wait(seconds)

    def trickle(self, asked: Asked, body: bytes, seconds: float) -> Iterator[bytes]:
        """Give a body in pieces, over so many real seconds in all; meanwhile the request is in flight."""
        with _elsewhere(asked):
            for pause, piece in trickling(body, seconds):
                with self._holding() as hold:
                    hold.over.wait(pause)
                yield piece

    def close(self) -> None:
        """Let go of all that is held now, or is to be held from now on."""
        with self._guard:
            self._is_closed = True
            for hold in self._held:
                hold.release()

    @contextmanager
    def _holding(self) -> Iterator[_Hold]:
        hold = _Hold()
        with self._guard:
            self._held.add(hold)
            if self._is_closed:
                hold.release()
        try:
            yield hold
        finally:
            with self._guard:
                self._held.discard(hold)
        if hold.is_released:
            raise ResetError("weather lets go of it")


def _elsewhere(asked: Asked) -> AbstractContextManager[None]:
    """Where a request may wait while others are served."""
    waiting: Callable[[], AbstractContextManager[None]] = asked.environ.get(WAITING, nullcontext)
    return waiting()
