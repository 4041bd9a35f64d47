"""The spool: writes the journal to files while it grows, by account, so that no run outgrows the memory."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from simulators.journal import Journal, Record

# So many accounts share a file, which is judged by itself, as long as there are not too many files.
ACCOUNTS_OF_A_PART: Final = 1_000
MOST_PARTS: Final = 256
AT_ONCE: Final = 2_000
# Real seconds; a journal in which nothing happens is asked again.
PATIENCE: Final = 0.2


class Spool:
    """Follows a journal from a thread of its own; use it with `with`.

    It writes what is answered, and keeps which of the accounts have which groups at their end.
    """

    def __init__(self, journal: Journal, *, folder: Path, accounts: range) -> None:
        self._journal = journal
        self._accounts = accounts
        self._paths = parts(folder, "journal", accounts=len(accounts))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="spool", daemon=True)
        # A byte for each account.
        self._ended: defaultdict[str, bytearray] = defaultdict(lambda: bytearray(len(accounts)))
        self.written = 0
        self.missed = 0
        # Why nothing could be written any more.
        self.accident: OSError | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def ended(self) -> int:
        """How many groups of accounts show an outcome."""
        return sum(sum(accounts) for accounts in tuple(self._ended.values()))

    def _follow(self) -> None:
        try:
            with Files(self._paths) as files:
                self._write(files)
        except OSError as error:
            self.accident = error

    def _write(self, files: "Files") -> None:
        after = 0
        while True:
            is_last = self._stopping.is_set()
            changes = self._journal.changes(after=after, limit=AT_ONCE, timeout=0.0 if is_last else PATIENCE)
            after, is_at_end = changes.last, changes.last == after
            self.missed += changes.lost
            for _, record in changes.records:
                self._take(record, files)
            if is_last and is_at_end:
                return

    def _take(self, record: Record, files: "Files") -> None:
        i_account = record.i_account
        if i_account is None or i_account not in self._accounts:
            return
        if record.kind == "exchange" and record.status is None:
            return
        stored = record.detail.get("stored")
        if record.operation == "status" and record.group and stored:
            place = self._accounts.index(i_account)
            self._ended[record.group][place] = stored in {"OK", "FAILED"}
        files.write(i_account, json.dumps(asdict(record)))
        self.written += 1


class Files:
    """The open files of a spool; an account's lines stand in one of them, in the order of their writing."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("w", encoding="utf-8") for path in paths]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def write(self, i_account: int, line: str) -> None:
        """Write a line about an account."""
        self._files[i_account % len(self._files)].write(line + "\n")


def parts(folder: Path, name: str, *, accounts: int) -> list[Path]:
    """The files over which so many accounts are spread."""
    number = min(MOST_PARTS, 1 + accounts // ACCOUNTS_OF_A_PART)
    return [folder / f"{name}-{part}.jsonl" for part in range(number)]


def read_part(path: Path) -> list[dict[str, Any]]:
    """The records of one part; one that changed after its answer counts as it was written last."""
    return list({row["seq"]: row for row in read_lines(path)}.values())


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file, one after the other; none where there is no such file."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            # A full disk or a kill leaves the last line torn.
            if line.endswith("\n"):
                yield json.loads(line)
