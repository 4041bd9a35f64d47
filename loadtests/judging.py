"""Judges a load by the conformance oracle, part by part, and measures how long each status took."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite
from pathlib import Path
from typing import Final

from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check
from conformance.oracle.judge import RULES
from conformance.oracle.outcomes import OUTCOMES
from conformance.oracle.reading import ended_at, is_stored, read_group, read_status
from loadtests.sent import Sent, read_sent
from loadtests.spool import Files, parts, read_lines, read_part
from loadtests.tally import Outcome, Tally, Told
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


def judge_load(
    sent: Path, *, accounts: range, folder: Path, declared: Declared, world: World, event_type: str
) -> Tally:
    """Judge what was spooled into a folder, and what was sent by a file; one part at a time is in memory."""
    journals = parts(folder, "journal", accounts=len(accounts))
    by_part = parts(folder, "sent", accounts=len(accounts))
    begin, end = _spread_out(sent, by_part)
    tally = Tally(begin=begin)
    for journal, some in zip(journals, by_part, strict=True):
        events = read_sent(some, end=end)
        records = list(_records(events, journal, world=world, event_type=event_type))
        first = {one.i_account: one for one in reversed(events)}
        _add_times(tally, first.values(), records)
        for case in cases(records):
            tally.add_outcome(_outcome(case, declared, intended=first[case.i_account].intended))
    return tally


def _spread_out(sent: Path, by_part: Sequence[Path]) -> tuple[float, float]:
    """Write what was sent into parts, as the journal is; gives when the first was due and the last ended."""
    begin, end = inf, 0.0
    with Files(by_part) as files:
        for row in read_lines(sent):
            files.write(row["i_account"], json.dumps(row))
            begin, end = min(begin, row["intended"]), max(end, row["ended"] or row["sent"])
    return begin if isfinite(begin) else 0.0, end


def _add_times(tally: Tally, events: Iterable[Sent], records: Sequence[Record]) -> None:
    for one in events:
        tally.add_sent(one)
    for record in records:
        if record.source == "provisioner" and record.duration and not record.fault:
            tally.served.add(record.duration)
        # In real time, what a plan of a load lets occur is to be told at once.
        if record.operation == "notification" and not (record.cause or "").startswith("attempt"):
            due = record.detail["occurred_at"]
            tally.fired.add(record.virtual_time - due)
            tally.notified.add(record.real_time - due)


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


def _outcome(case: Case, declared: Declared, *, intended: float) -> Outcome:
    return Outcome(
        i_account=case.i_account,
        intended=intended,
        told=tuple(_told(case, declared, intended=intended)),
        failures=tuple(_failures(case, declared)),
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
        of_the_oms = _of_the_oms(case, declared.groups[group])
        yield Told(
            group=group,
            status=case.stored(group),
            final_at=final.real_time if final else None,
            seconds=final.real_time - intended - of_the_oms if final else None,
        )


def _of_the_oms(case: Case, services: Iterable[str]) -> float:
    """The real seconds from the acceptance of the orders to the last outcome that was notified.

    What waited behind notifications that the target left unanswered is the target's own delay.
    """
    delays = [0.0]
    for service in services:
        order = case.newest_order(service)
        accepted = ended_at(order.accepted) if order and order.accepted else None
        news = [record for record in case.news_of([service]) if record.detail["state"] in OUTCOMES]
        if accepted is not None and news:
            delays.append(news[0].detail["occurred_at"] - accepted)
    return max(delays)
