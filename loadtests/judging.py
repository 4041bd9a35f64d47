"""Judges a load by the conformance oracle, part by part, and measures how long each status took."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check
from conformance.oracle.judge import RULES
from conformance.oracle.outcomes import OUTCOMES
from conformance.oracle.reading import ended_at, is_stored, read_group, read_status
from loadtests.sent import Sent
from loadtests.spool import parts, read_part
from simulators.journal import Record
from simulators.world import World

# What a load asks of statuses, orders and data; how events were answered under load, its own figures tell.
JUDGED: Final = (
    "ORDER-",
    "STATUS-",
    "DATA-FRESH",
    "NOTICE-DUPLICATE",
    "NOTICE-REORDERED",
    "NOTICE-INTERLEAVED",
)
FINAL: Final = frozenset({"OK", "FAILED"})


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of one account and group; times are real seconds since 1970.

    `seconds` is the time from the moment the event was due to the last final status, without the OMS's own
    delay; None where there was no final status.
    """

    i_account: int
    group: str
    intended: float
    final_at: float | None
    seconds: float | None
    status: str | None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What came of all accounts: what was told, and what the oracle found wrong."""

    told: tuple[Told, ...]
    failures: tuple[Check, ...]
    # Real seconds that the simulators took for each request of the provisioner.
    served: tuple[float, ...]


def judge_load(
    sent: Sequence[Sent], *, folder: Path, declared: Declared, world: World, event_type: str
) -> Judged:
    """Judge what was spooled into a folder; one part at a time is in memory."""
    by_part: defaultdict[int, list[Sent]] = defaultdict(list)
    files = parts(folder)
    for one in sent:
        by_part[one.i_account % len(files)].append(one)
    told: list[Told] = []
    failures: list[Check] = []
    served: list[float] = []
    for number, path in enumerate(files):
        records = list(_records(by_part[number], path, world=world, event_type=event_type))
        due = {one.i_account: one.intended for one in reversed(by_part[number])}
        for case in cases(records):
            told += _told(case, declared, intended=due.get(case.i_account, 0.0))
            failures += _failures(case, declared)
        served += [
            record.duration for record in records if record.source == "provisioner" and record.duration
        ]
    return Judged(told=tuple(told), failures=tuple(failures), served=tuple(served))


def _records(sent: Sequence[Sent], path: Path, *, world: World, event_type: str) -> Iterator[Record]:
    """The records of a part as one journal would hold them, in the order of their arrival."""
    found = [Record(**row) for row in read_part(path)]
    found = [record for record in found if record.operation not in {"account", "event"}]
    found += [one.record(0, event_type=event_type) for one in sent]
    facts = [_fact(i_account, world) for i_account in dict.fromkeys(one.i_account for one in sent)]
    ordered = [*facts, *sorted(found, key=lambda record: record.real_time)]
    for seq, record in enumerate(ordered, start=1):
        yield replace(record, seq=seq)


def _fact(i_account: int, world: World) -> Record:
    account = world.account(i_account)
    return Record(
        seq=0,
        kind="fact",
        virtual_time=0.0,
        real_time=0.0,
        source="harness",
        destination="harness",
        operation="account",
        i_account=i_account,
        detail=account.model_dump(mode="json") if account else {},
    )


def _failures(case: Case, declared: Declared) -> Iterator[Check]:
    for rule in RULES:
        for check in rule(case, declared):
            if check.grade == "fail" and check.requirement.startswith(JUDGED):
                yield check


def _told(case: Case, declared: Declared, *, intended: float) -> Iterator[Told]:
    for group in case.needed_groups(declared):
        mine = [record for record in case.statuses if read_group(record) == group and is_stored(record)]
        final = next((record for record in reversed(mine) if read_status(record) in FINAL), None)
        taken = (
            None if final is None else final.real_time - intended - _of_the_oms(case, declared.groups[group])
        )
        yield Told(
            i_account=case.i_account,
            group=group,
            intended=intended,
            final_at=final.real_time if final else None,
            seconds=taken,
            status=case.stored(group),
        )


def _of_the_oms(case: Case, services: Iterable[str]) -> float:
    """The real seconds from the acceptance of the orders to the last outcome that was notified."""
    delays = [0.0]
    for service in services:
        order = case.newest_order(service)
        accepted = ended_at(order.accepted) if order and order.accepted else None
        news = [record for record in case.news_of([service]) if record.detail["state"] in OUTCOMES]
        if accepted is not None and news:
            delays.append(news[0].real_time - accepted)
    return max(delays)
