"""The spool: writes the journal to files while it grows, by account, so that no run outgrows the memory."""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from simulators.journal import Journal, Record

# As many files share the accounts; each is judged by itself.
PARTS: Final = 32
AT_ONCE: Final = 2_000
# Real seconds; a journal in which nothing happens is asked again.
PATIENCE: Final = 0.2


class Spool:
    """Follows a journal from a thread of its own; use it with `with`.

    It writes what is answered, and keeps what one account and group last came to, with the time of it.
    """

    def __init__(self, journal: Journal, *, folder: Path) -> None:
        self._journal = journal
        self._files = [part.open("w", encoding="utf-8") for part in parts(folder)]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="spool", daemon=True)
        self.written = 0
        self.missed = 0
        # The last stored status by account and group.
        self.stored: dict[tuple[int, str], str] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        for file in self._files:
            file.close()

    def finals(self) -> int:
        """How many accounts and groups show an outcome."""
        return sum(status in {"OK", "FAILED"} for status in tuple(self.stored.values()))

    def _follow(self) -> None:
        after = 0
        while True:
            is_last = self._stopping.is_set()
            changes = self._journal.changes(after=after, limit=AT_ONCE, timeout=0.0 if is_last else PATIENCE)
            after = changes.last
            self.missed += changes.lost
            for _, record in changes.records:
                self._take(record)
            if is_last and not changes.records:
                return

    def _take(self, record: Record) -> None:
        if record.i_account is None or (record.kind == "exchange" and record.status is None):
            return
        stored = record.detail.get("stored")
        if record.operation == "status" and record.group and stored:
            self.stored[record.i_account, record.group] = str(stored)
        self._files[record.i_account % PARTS].write(json.dumps(asdict(record)) + "\n")
        self.written += 1


def parts(folder: Path) -> list[Path]:
    """The files of a spool."""
    return [folder / f"part-{number}.jsonl" for number in range(PARTS)]


def read_part(path: Path) -> list[dict[str, Any]]:
    """The records of one part; one that changed after its answer counts as it was written last."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return list({row["seq"]: row for row in rows}.values())
