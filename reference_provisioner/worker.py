"""The workers: threads that do what falls due in the outbox, as the client of every neighbour."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from reference_provisioner.back_off import BackOff
from reference_provisioner.errors import LostClaimError, NeighbourError, StorageError
from reference_provisioner.outbox import Outbox, Task

log = logging.getLogger(__name__)

# So often, in seconds, the database is asked for what nobody here announced: other instances' work.
POLL: Final = 1.0
HOUR: Final = 3600.0

# Does one task and tells how it ended.
Step = Callable[[Task], str]


class Workers:
    """Does each task by the step of its kind; several at once, but never two of one lane.

    Each kind has so many `threads` of its own, so that one neighbour's silence holds up no other's work.
    `count` is told of each attempt: the task's kind and how it ended. `housekeep` runs at the start and
    every hour.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        steps: Mapping[str, Step],
        back_off: BackOff,
        threads: int = 4,
        lease_seconds: float = 60.0,
        count: Callable[[str, str], None] = lambda _kind, _outcome: None,
        housekeep: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._steps = steps
        self._back_off = back_off
        self._threads_per_kind = threads
        self._keep_every = lease_seconds / 3
        self._count = count
        self._housekeep = housekeep
        self._changed = threading.Condition()
        self._stopping = False
        self._look_again = True
        # Monotonic: when something falls due that was put back here.
        self._look_at = 0.0
        self._running: dict[int, Task] = {}
        self._claimed: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True)
            for n in range(threads * len(steps))
        ]
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Start on what the last process left, and on all that comes."""
        self._outbox.release()
        for thread in (*self._threads, self._dispatcher):
            thread.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        with self._changed:
            self._look_again = True
            self._changed.notify()

    def stop(self, *, patience: float | None = None) -> None:
        """Begin nothing more; wait, at most so many seconds, for what is under way, and leave the rest."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        give_up_at = None if patience is None else time.monotonic() + patience
        for thread in (self._dispatcher, *self._threads):
            if thread.ident is not None:
                thread.join(None if give_up_at is None else max(0.0, give_up_at - time.monotonic()))
        with self._changed:
            still_running = set(self._running)
        try:
            self._outbox.release(besides=still_running)
        except StorageError as error:
            log.warning("claims are left to their leases: %s", error)

    def _dispatch(self) -> None:
        keep_at = time.monotonic() + self._keep_every
        housekeep_at = 0.0
        while not self._stopping:
            try:
                self._claim()
                if time.monotonic() >= keep_at:
                    keep_at = time.monotonic() + self._keep_every
                    self._outbox.keep(tuple(self._running))
                if time.monotonic() >= housekeep_at:
                    housekeep_at = time.monotonic() + HOUR
                    self._housekeep()
            except StorageError as error:
                log.error("no work can be begun: %s", error)  # noqa: TRY400 - no surprise
            except Exception:
                log.exception("no work can be begun")
            self._wait()
        for _ in self._threads:
            self._claimed.put(None)

    def _claim(self) -> None:
        with self._changed:
            self._look_again = False
            busy = Counter(task.kind for task in self._running.values())
            free = {kind: self._threads_per_kind - busy[kind] for kind in self._steps}
            kinds = [kind for kind, threads in free.items() if threads > 0]
            besides = tuple(self._running)
        if not kinds:
            return
        limit = min(free[kind] for kind in kinds)
        found = self._outbox.claim(limit=limit, kinds=kinds, besides=besides)
        with self._changed:
            self._running |= {task.id: task for task in found}
            # There may be more.
            self._look_again = self._look_again or len(found) == limit
        for task in found:
            self._claimed.put(task)

    def _wait(self) -> None:
        with self._changed:
            now = time.monotonic()
            until = self._look_at if self._look_at > now else now + POLL
            if not (self._look_again or self._stopping):
                self._changed.wait(min(POLL, until - now))

    def _work(self) -> None:
        while (task := self._claimed.get()) is not None:
            if not self._stopping:
                self._do(task)
            with self._changed:
                del self._running[task.id]
                self._look_again = True
                self._changed.notify()

    def _do(self, task: Task) -> None:
        about = {"task": task.kind, "i_account": task.i_account, "attempts": task.attempts + 1}
        try:
            outcome = self._steps[task.kind](task)
        except NeighbourError as error:
            outcome = "again"
            self._put_back(task, str(error), about)
        except LostClaimError as error:
            outcome = "lost"
            log.warning("left to another instance: %s", error, extra=about)
        except Exception as error:
            # A surprise in one task must not end the worker, nor lose the task.
            outcome = "surprise"
            log.exception("a surprise", extra=about)
            self._put_back(task, type(error).__name__, about)
        self._count(task.kind, outcome)

    def _put_back(self, task: Task, reason: str, about: dict[str, object]) -> None:
        wait = self._back_off.seconds(task.attempts)
        log.warning("tried again in %.1f s: %s", wait, reason, extra=about)
        try:
            self._outbox.postpone(task, seconds=wait)
        except (LostClaimError, StorageError) as error:
            log.warning("left to the end of its lease: %s", error, extra=about)
            return
        with self._changed:
            now = time.monotonic()
            self._look_at = min(self._look_at, now + wait) if self._look_at > now else now + wait
