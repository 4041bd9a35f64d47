"""The workers: threads that do what falls due in the outbox, as the client of every neighbour."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from reference_provisioner.back_off import BackOff
from reference_provisioner.errors import LostClaimError, NeighbourError, StorageError
from reference_provisioner.outbox import Outbox, Task

log = logging.getLogger(__name__)

# So often, in seconds, the database is asked for what nobody here announced: other instances' work.
POLL: Final = 1.0
# So often, in seconds, a little of what is old is forgotten.
TIDY: Final = 10.0
# So many tasks per thread are claimed ahead, so that a claim is not paid for each one.
AHEAD: Final = 2

# Does one task and tells how it ended.
Step = Callable[[Task], str]


class _Chore:
    """Something that is done every so many seconds, beginning after the first of these spans."""

    def __init__(self, do: Callable[[], None], *, every: float) -> None:
        self._do = do
        self._every = every
        self._due_at = time.monotonic() + every

    def do_when_due(self) -> None:
        if time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + self._every
            self._do()


class Workers:
    """Does each task by the step of its kind; several at once, but never two of one lane.

    Each kind has so many `threads` of its own, so that one neighbour's silence holds up no other's work.
    `count` is told of each attempt: the task's kind and how it ended. `tidy` is called again
    and again, and each call should be short.
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
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._steps = steps
        self._back_off = back_off
        self._threads_per_kind = threads
        self._count = count
        self._chores = (_Chore(self._keep_claims, every=lease_seconds / 3), _Chore(tidy, every=TIDY))
        self._changed = threading.Condition()
        self._stopping = False
        self._look_again = True
        # Monotonic: when something falls due that was put back here.
        self._look_at = 0.0
        # What was claimed and is not done, with those at work on it or in line for it.
        self._claimed: dict[int, Task] = {}
        self._lines: dict[str, queue.SimpleQueue[Task | None]] = {kind: queue.SimpleQueue() for kind in steps}
        self._threads = [
            threading.Thread(target=self._work, args=(kind,), name=f"{kind}-{n}", daemon=True)
            for kind in steps
            for n in range(threads)
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
            still_running = set(self._claimed)
        try:
            self._outbox.release(besides=still_running)
        except StorageError as error:
            log.warning("claims are left to their leases: %s", error)

    def _dispatch(self) -> None:
        while not self._stopping:
            try:
                self._claim()
                for chore in self._chores:
                    chore.do_when_due()
            except StorageError as error:
                log.error("no work can be begun: %s", error)  # noqa: TRY400 - no surprise
            except Exception:
                log.exception("no work can be begun")
            self._wait()
        for line in self._lines.values():
            for _ in range(self._threads_per_kind):
                line.put(None)

    def _keep_claims(self) -> None:
        with self._changed:
            claimed = tuple(self._claimed)
        if claimed:
            self._outbox.keep(claimed)

    def _claim(self) -> None:
        with self._changed:
            self._look_again = False
            kinds = [kind for kind in self._steps if self._wants_more(kind)]
            besides = tuple(self._claimed)
        if not kinds:
            return
        limit = AHEAD * self._threads_per_kind
        found = self._outbox.claim(limit=limit, kinds=kinds, besides=besides)
        with self._changed:
            self._claimed |= {task.id: task for task in found}
            # There may be more.
            self._look_again = self._look_again or len(found) == limit
        for task in found:
            self._lines[task.kind].put(task)

    def _wants_more(self, kind: str) -> bool:
        return sum(task.kind == kind for task in self._claimed.values()) <= self._threads_per_kind

    def _wait(self) -> None:
        with self._changed:
            now = time.monotonic()
            until = self._look_at if self._look_at > now else now + POLL
            if not (self._look_again or self._stopping):
                self._changed.wait(min(POLL, until - now))

    def _work(self, kind: str) -> None:
        while (task := self._lines[kind].get()) is not None:
            if not self._stopping:
                self._do(task)
            with self._changed:
                del self._claimed[task.id]
                if self._wants_more(kind):
                    self._look_again = True
                    self._changed.notify()

    def _do(self, task: Task) -> None:
        about = {"task": task.kind, "i_account": task.i_account, "attempts": task.attempts + 1}
        try:
            outcome = self._steps[task.kind](task)
        except (NeighbourError, StorageError) as error:
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
