"""The threads of a web server of the simulators: those that wait on purpose keep no other client waiting."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from cheroot.workers.threadpool import ThreadPool
from cheroot.wsgi import Gateway_10, Server

# Where an application finds the context in which it may wait for long.
WAITING: Final = "simulators.waiting"
# Where it finds under which reign of its server the request began.
BEGAN_UNDER: Final = "simulators.began_under"


class Pool(ThreadPool):
    """Threads of which each that waits on purpose is replaced meanwhile."""

    _threads: list[threading.Thread]
    _spawn_worker: Callable[[], threading.Thread]
    _pending_shutdowns: deque[None]

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._changing = threading.Lock()
        self._is_settled = False
        self._waiting = 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let another thread serve for as long as the caller's own waits."""
        self._note_waiting(1)
        try:
            yield
        finally:
            self._note_waiting(-1)

    def settle(self) -> None:
        """Let no thread come or go any more, so that all can be told to stop."""
        with self._changing:
            self._is_settled = True

    def grow(self, amount: int) -> None:
        """Add threads; cheroot itself would sleep until each one listens."""
        self._threads.extend([self._spawn_worker() for _ in range(amount)])

    def _note_waiting(self, change: int) -> None:
        with self._changing:
            self._waiting += change
            leaving = len(self._pending_shutdowns)
            surplus = len(self._threads) - leaving - self.min - self._waiting
            if self._is_settled:
                return
            if surplus < 0:
                self.grow(-surplus)
            elif surplus:
                # cheroot reckons those that leave already into the number.
                self.shrink(surplus + leaving)


class Gateway(Gateway_10):
    """Tells an application where it may wait, and since when its request has been on its way."""

    def get_environ(self) -> Any:
        """The environment of a request."""
        environ: Any = super().get_environ()  # type: ignore[no-untyped-call]
        began_under = self.req.conn.began_under
        return {**environ, WAITING: self.req.server.requests.waiting, BEGAN_UNDER: began_under}
