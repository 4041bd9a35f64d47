"""The workers: threads that do what falls due in the store, as the client of every neighbour."""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from reference_provisioner.errors import NeighbourError
from reference_provisioner.store import Store, Task

log = logging.getLogger(__name__)

# Enough that a neighbour which hangs does not keep all of them from the two others.
THREADS: Final = 8
# Beyond, doubling changes nothing but the size of the number.
MOST_DOUBLINGS: Final = 32

Step = Callable[[Task], None]


@dataclass(frozen=True, kw_only=True)
class BackOff:
    """How long a step waits before it is tried again: twice as long each time, up to a cap, with jitter."""

    base: float
    cap: float

    def seconds(self, attempts: int) -> float:
        """Return the wait after that many earlier attempts."""
        longest: float = min(self.cap, self.base * 2 ** min(attempts, MOST_DOUBLINGS))
        # Half of it at random, so that what failed together is not tried again together.
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it


class Workers:
    """Does each task by the step of its kind; several at once, but never two of one lane."""

    def __init__(
        self, store: Store, *, steps: Mapping[str, Step], back_off: BackOff, threads: int = THREADS
    ) -> None:
        self._store = store
        self._steps = steps
        self._back_off = back_off
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        """Start on what the last process left, and on all that comes."""
        self._store.recover()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        with self._changed:
            self._changed.notify()

    def stop(self, *, patience: float | None = None) -> None:
        """Begin nothing more; wait, at most so many seconds, for what is under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        give_up_at = None if patience is None else time.monotonic() + patience
        for thread in self._threads:
            thread.join(None if give_up_at is None else max(0.0, give_up_at - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping:
            task = self._next()
            if task is not None:
                self._do(task)

    def _next(self) -> Task | None:
        # Asked under the condition: a task added since is announced only once this thread waits.
        with self._changed:
            try:
                claimed = self._store.claim()
            except SQLAlchemyError:
                log.exception("the database cannot be read")
                claimed = time.time() + self._back_off.cap
            if isinstance(claimed, Task):
                # There may be more: the next one looks, and so on until one finds nothing.
                self._changed.notify()
                return claimed
            if not self._stopping:
                self._changed.wait(None if claimed is None else max(0.0, claimed - time.time()))
        return None

    def _do(self, task: Task) -> None:
        try:
            self._steps[task.kind](task)
        except NeighbourError as error:
            self._put_back(task, str(error))
        except Exception as error:
            # A surprise in one task must not end the worker, nor lose the task.
            log.exception("%s in %s went wrong", task.kind, task.lane)
            self._put_back(task, type(error).__name__)

    def _put_back(self, task: Task, reason: str) -> None:
        wait = self._back_off.seconds(task.attempts)
        log.warning("%s in %s is tried again in %.1f s: %s", task.kind, task.lane, wait, reason)
        while not self._stopping:
            try:
                self._store.postpone(task, due_at=time.time() + wait)
                break
            except SQLAlchemyError:
                log.exception("%s in %s cannot be put back yet", task.kind, task.lane)
                with self._changed:
                    self._changed.wait(wait)
