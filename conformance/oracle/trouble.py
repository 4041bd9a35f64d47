"""When a provisioner's neighbours were in trouble, or it was down itself: what then fails may be excused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from conformance.oracle.reading import AFTER_THE_WORK, effect, ended_at, is_probe, is_success
from simulators.journal import Record

# Facts of the harness: it ended the provisioner, and the provisioner was ready again.
STOPPED: Final = "stopped"
STARTED: Final = "started"
UNAUTHORIZED: Final = 401
# What a kill does to a request that is under way, in the words of the weather.
KILLED: Final = f"reset{AFTER_THE_WORK}"
# So many unanswered events beside one more are a crowd.
CROWD: Final = 4
# Faults that merely take their time: with the answer they are over.
PASSING: Final = frozenset({"delay", "slow"})


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A stretch of real time, in which a neighbour was of no use or the provisioner was down."""

    begin: float
    end: float

    def touches(self, record: Record) -> bool:
        """Tell whether any of a record's time lies in it."""
        ended = ended_at(record)
        return record.real_time <= self.end and (ended is None or ended >= self.begin)


def troubles(records: Iterable[Record]) -> tuple[Stretch, ...]:
    """All such stretches: each begins with a struck request, and ends with the next one that is taken.

    What is asked about one account says nothing of another's; a dead session is trouble as well.
    """
    listed = tuple(records)
    return (*_of_neighbours(listed), *_of_the_provisioner(listed), *_of_crowds(listed))


def as_heard(records: Iterable[Record]) -> Iterator[Record]:
    """The records as the provisioner knows them: an answer that came when it was killed was lost."""
    listed = tuple(records)
    stops = [record for record in listed if record.operation == STOPPED]
    for record in listed:
        ended = ended_at(record)
        is_lost = ended is not None and any(
            record.seq < stop.seq and stop.real_time <= ended for stop in stops
        )
        yield replace(record, fault=KILLED) if is_lost and record.source == "provisioner" else record


def _of_neighbours(records: Iterable[Record]) -> Iterator[Stretch]:
    begun: dict[tuple[str, object], float] = {}
    for record in records:
        if record.source != "provisioner":
            continue
        key = (record.destination, record.i_account or record.operation)
        ended = ended_at(record)
        if _is_trouble(record):
            begun.setdefault(key, record.real_time)
        over = is_success(record.status) and (not _is_trouble(record) or effect(record) in PASSING)
        if over and ended is not None and key in begun:
            yield Stretch(begin=begun.pop(key), end=ended)
    yield from (Stretch(begin=begin, end=inf) for begin in begun.values())


def _of_the_provisioner(records: Iterable[Record]) -> Iterator[Stretch]:
    begin: float | None = None
    for record in records:
        if record.operation == STOPPED:
            begin = record.real_time if begin is None else begin
        elif record.operation == STARTED and begin is not None:
            yield Stretch(begin=begin, end=record.real_time)
            begin = None
    if begin is not None:
        yield Stretch(begin=begin, end=inf)


def _of_crowds(records: Iterable[Record]) -> Iterator[Stretch]:
    """When more events came at once than a single-threaded server holds: one left unanswered comes again."""
    events = [record for record in records if record.operation == "event" and not is_probe(record)]
    for number, event in enumerate(events):
        before = events[max(0, number - CROWD) : number]
        if len(before) == CROWD and all(_is_open_at(other, event.real_time) for other in before):
            ends = [ended_at(other) for other in (*before, event)]
            yield Stretch(begin=before[0].real_time, end=max(inf if end is None else end for end in ends))


def _is_open_at(record: Record, moment: float) -> bool:
    ended = ended_at(record)
    return ended is None or ended > moment


def _is_trouble(record: Record) -> bool:
    if record.fault:
        return True
    is_dead_session = record.destination == "portabilling" and "check_auth" in record.response_body
    return record.status == UNAUTHORIZED or is_dead_session
