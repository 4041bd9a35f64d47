"""The journal: every exchange between a provisioner and its world, and each fact made, as one record."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import takewhile
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

from simulators.errors import EvictedError, SettingsError
from simulators.masking import Masker

# Enough for the longest conformance run; what is dropped beyond it is counted.
CAPACITY: Final = 200_000

Result = TypeVar("Result")
Party = Literal["harness", "emitter", "provisioner", "portabilling", "espf", "oms"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One exchange (a request and, once it came, its answer) or one fact that the harness made.

    `status` 0 means that the request ended without an answer. Times are seconds since 1970,
    `duration` real seconds. `operation` names what was asked, such as `event` or `Session/login`.
    `detail` is what the simulator read from the wire, so that a judge needs no dialect. `cause` says why
    the simulators sent something: `emitted`, `decided` or `resend` on demand, `record 7` (what was asked
    there led to it) or `attempt 2` (it was not taken before). Why a provisioner asks is its own secret.
    """

    seq: int
    kind: Literal["exchange", "fact"]
    virtual_time: float
    real_time: float
    source: Party
    destination: Party
    operation: str = ""
    method: str = ""
    target: str = ""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str = ""
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: str = ""
    duration: float | None = None
    cause: str = ""
    i_account: int | None = None
    group: str | None = None
    i_event: int | None = None
    order_id: str | None = None
    reference: str | None = None
    fault: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether its answer is still to come."""
        return self.kind == "exchange" and self.status is None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a follower has not seen yet: records as they are now, in the order in which they changed.

    Each comes with the number of its change; `last` is where to read on. `lost` counts the changes that
    the bound has pushed out before they were read.
    """

    records: tuple[tuple[int, Record], ...]
    last: int
    lost: int


class _Change(NamedTuple):
    """A record was begun, or answered."""

    seq: int
    is_answer: bool


class Exchange:
    """A record while its request is being served: simulators note on it what they find out."""

    def __init__(self, journal: "Journal", seq: int) -> None:
        self._journal = journal
        self.seq = seq

    def note(self, **correlation: Any) -> None:
        """Fill in what the exchange is about, by the names of `Record`'s fields."""
        self._journal.change(self.seq, **correlation)

    def answered(self, *, status: int, headers: Mapping[str, str], body: str) -> None:
        """Complete the record with its answer; status 0 means that none came."""
        self._journal.complete(self.seq, status=status, headers=headers, body=body)


class Journal:
    """An append-only, bounded list of records that can be queried, waited on, followed and saved.

    Raises:
        SettingsError: it would keep no record at all.
    """

    def __init__(
        self,
        *,
        guard: threading.Condition,
        now: Callable[[], float],
        capacity: int = CAPACITY,
        masker: Masker | None = None,
        first_seq: int = 1,
    ) -> None:
        if capacity < 1:
            raise SettingsError(f"A journal of {capacity} records keeps nothing: give it room for 1 or more.")
        self._guard = guard
        self._now = now
        self._records: deque[Record] = deque(maxlen=capacity)
        self._first = self._next = first_seq
        # A record changes at most twice: it is begun and answered.
        self._changes: deque[_Change] = deque(maxlen=2 * capacity)
        # Changes are numbered on from those of a former journal, however many it had.
        self._first_change = self._change_count = 2 * (first_seq - 1)
        self._masker = masker or Masker()
        self.is_closed = False

    @property
    def last_seq(self) -> int:
        """The number of the newest record; that before the first one while there is none."""
        return self._next - 1

    @property
    def dropped(self) -> int:
        """How many records the bound has pushed out."""
        return self._next - self._first - len(self._records)

    @property
    def _oldest(self) -> int:
        """The number of the oldest record that is kept."""
        return self._next - len(self._records)

    def open(
        self,
        *,
        source: Party,
        destination: Party,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        **correlation: Any,
    ) -> Exchange:
        """Write a request down, before anything is done with it."""
        text = body.decode("utf-8", errors="backslashreplace")
        seq = self._append(
            kind="exchange",
            source=source,
            destination=destination,
            method=method,
            target=self.shown_target(target),
            request_headers=self._masker.headers(headers),
            request_body=self._masker.body(text, content_type=_content_type(headers)),
            **correlation,
        )
        return Exchange(self, seq)

    def shown_target(self, target: str) -> str:
        """A request target as it may be shown: without the secrets that old clients put there."""
        return self._masker.target(target)

    def fact(self, operation: str, *, data: Mapping[str, Any], **correlation: Any) -> None:
        """Write down something that the harness made true, such as an account of the world (in `detail`)."""
        self._append(
            kind="fact",
            source="harness",
            destination="harness",
            operation=operation,
            detail=data,
            **correlation,
        )

    def change(self, seq: int, **changes: Any) -> None:
        """Replace fields of a record; one that was dropped meanwhile stays dropped."""
        with self._guard:
            index = seq - self._oldest
            if index >= 0:
                self._mask_detail(changes)
                self._records[index] = replace(self._records[index], **changes)
                if "status" in changes:
                    self._note_change(seq, is_answer=True)
            self._guard.notify_all()

    def complete(self, seq: int, *, status: int, headers: Mapping[str, str], body: str) -> None:
        """Add the answer to a record."""
        with self._guard:
            index = seq - self._oldest
            started = self._records[index].real_time if index >= 0 else time.time()
        self.change(
            seq,
            status=status,
            response_headers=self._masker.headers(headers),
            response_body=self._masker.body(body, content_type=_content_type(headers)),
            duration=time.time() - started,
        )

    def records(self, *, since: int = 0) -> tuple[Record, ...]:
        """The records whose number is above `since`, in order."""
        with self._guard:
            # From the end, so that following a long journal costs no more than what is new.
            newest_first = takewhile(lambda record: record.seq > since, reversed(self._records))
            return tuple(newest_first)[::-1]

    def exchanges(self) -> tuple[Record, ...]:
        """The exchanges alone, without the facts that the harness made true."""
        return tuple(record for record in self.records() if record.kind == "exchange")

    def find(self, seen: Callable[[Record], bool], *, since: int = 0) -> tuple[Record, ...]:
        """All records above `since` that fit.

        Raises:
            EvictedError: the bound has pushed out records above `since`, so it cannot be known.
        """
        with self._guard:
            self._check_kept(since)
            return tuple(record for record in self.records(since=since) if seen(record))

    def wait_for(self, seen: Callable[[Record], bool], *, timeout: float, since: int = 0) -> Record | None:
        """The first kept record that fits, as soon as there is one; None after `timeout` real seconds.

        Raises:
            EvictedError: none fits, but the bound has pushed out records above `since` that may have.
        """
        with self._guard:
            found = self.wait_until(
                lambda: next((record for record in self.records(since=since) if seen(record)), None),
                timeout=timeout,
            )
            if found is None:
                self._check_kept(since)
            return found

    def wait_until(self, condition: Callable[[], Result], *, timeout: float) -> Result:
        """Ask again after each change of the journal until the answer is true; gives the last answer.

        A closed journal does not change any more, so nothing is waited for.
        """
        with self._guard:
            self._guard.wait_for(lambda: self.is_closed or condition(), timeout)
            return condition()

    def changes(self, *, after: int, limit: int, timeout: float = 0.0) -> Changes:
        """At most `limit` changes behind that number, as soon as there is one or the journal is closed.

        After `timeout` real seconds there are none. A number that was never given begins anew.
        """
        with self._guard:
            after = max(self._first_change, after if after <= self._change_count else 0)
            self._guard.wait_for(lambda: self.is_closed or self._change_count > after, timeout)
            gone = self._change_count - len(self._changes)
            first = max(after, gone)
            last = min(first + limit, self._change_count)
            changed = [(number + 1, self._changes[number - gone]) for number in range(first, last)]
            kept = [(number, change) for number, change in changed if change.seq >= self._oldest]
            records = [(number, self._shown(change)) for number, change in kept]
            return Changes(
                records=tuple((number, record) for number, record in records if record),
                last=last,
                lost=first - after + len(changed) - len(kept),
            )

    def close(self) -> None:
        """Let nobody wait any longer: nothing more will be written."""
        with self._guard:
            self.is_closed = True
            self._guard.notify_all()

    def save(self, path: str | PathLike[str]) -> None:
        """Write all records as JSON Lines."""
        save(self.records(), path)

    def _append(self, **fields: Any) -> int:
        with self._guard:
            self._mask_detail(fields)
            seq = self._next
            self._next += 1
            self._records.append(Record(seq=seq, virtual_time=self._now(), real_time=time.time(), **fields))
            self._note_change(seq, is_answer=False)
            self._guard.notify_all()
            return seq

    def _note_change(self, seq: int, *, is_answer: bool) -> None:
        self._changes.append(_Change(seq, is_answer))
        self._change_count += 1

    def _shown(self, change: _Change) -> Record | None:
        """The record that changed; None where the change that answered it is still to come."""
        record = self._records[change.seq - self._oldest]
        was_answered = record.kind == "exchange" and not record.is_open
        return None if was_answered and not change.is_answer else record

    def _check_kept(self, since: int) -> None:
        last = self._oldest - 1
        if self.dropped and since < last:
            raise EvictedError(
                f"It cannot be known: records up to number {last} were dropped, since the journal "
                f"keeps {self._records.maxlen}. Ask for those since {last}, or set a larger journal_capacity."
            )

    def _mask_detail(self, fields: dict[str, Any]) -> None:
        """What a simulator read from the wire may hold the wire's secrets."""
        if "detail" in fields:
            fields["detail"] = self._masker.fields(fields["detail"])


def save(records: Iterable[Record], path: str | PathLike[str]) -> None:
    """Write records as JSON Lines, one a line."""
    Path(path).write_text("".join(json.dumps(asdict(record)) + "\n" for record in records), encoding="utf-8")


def load(path: Path) -> tuple[Record, ...]:
    """Read what `save` wrote."""
    with path.open(encoding="utf-8") as lines:
        return tuple(Record(**json.loads(line)) for line in lines)


def _content_type(headers: Mapping[str, str]) -> str:
    return next((value.lower() for name, value in headers.items() if name.lower() == "content-type"), "")
