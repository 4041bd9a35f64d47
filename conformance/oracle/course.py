"""The course of one group: what became true of it and when, and which of those facts each status tells of.

A status may tell of any fact that the provisioner could know, as long as nothing newer was taken before:
reports may be late, left out or repeated, yet they never go back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final

from conformance.oracle.case import Case, Declared
from conformance.oracle.misdirected import owner_of_misdirected
from conformance.oracle.outcomes import (
    OUTCOMES,
    allowed_final,
    decided_status,
    has_gone_wrong,
    meanings,
    possible_states,
    sole_meaning,
    words,
)
from conformance.oracle.reading import (
    is_reached,
    is_taken,
    is_told,
    read_group,
    read_status,
    was_answered_before,
)
from simulators.espf.core import STATUSES
from simulators.journal import Record

# What reports a notified state that decides nothing.
ON_THE_WAY: Final = {"in_progress": "IN_PROGRESS", "retrying": "RETRY"}


@dataclass(frozen=True, kw_only=True)
class Point:
    """A moment at which something became true of a group, and what may be told of it from then on."""

    seq: int
    words: frozenset[str | None]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A status request: the earliest fact that it may tell of, if any, and the newest that was told by then.

    Both are places among the points of the course.
    """

    status: Record
    value: str
    place: int | None
    floor: int


@dataclass(frozen=True, kw_only=True)
class Course:
    """All that became true of a group, and all that was told of it, each in the order of arrival."""

    case: Case
    declared: Declared
    group: str
    points: tuple[Point, ...]
    steps: tuple[Step, ...]

    def cause(self, step: Step) -> str | None:
        """The requirement that a status breaks since no fact allows it; None where one does."""
        if step.place is not None:
            return None
        if owner_of_misdirected(self.case, self.declared, step.status):
            return "STATUS-GROUP"
        since = self.points[step.floor].seq
        misled = [
            notice
            for notice in self._believed(step)
            if since < notice.seq and (self.case.is_repeated(notice) or self.case.is_late(notice))
        ]
        if misled:
            return "NOTICE-DUPLICATE" if any(map(self.case.is_repeated, misled)) else "NOTICE-REORDERED"
        if step.value != "OK" and self._is_redelivered(since, step.status):
            return "EVENT-DUPLICATE"
        if self._is_retry(step):
            return "STATUS-SEQUENCE"
        return self._cause_of_ok(step) if step.value == "OK" else "STATUS-MAPPING"

    def misled_by(self, notice: Record) -> Iterator[Step]:
        """The statuses that tell what a repeated or late notification says, although it is past."""
        last = self.steps[-1] if self.steps else None
        allowed = allowed_final(self.case, self.declared, self.group)
        for step in self.steps:
            if step.status.seq < notice.seq or notice not in self._believed(step):
                continue
            goes_back = step.place is None and self.points[step.floor].seq < notice.seq
            is_past = step.value not in {*self._words_at(step.status), *allowed}
            if goes_back or (step is last and is_past and notice is self._news_before(step)[-1]):
                yield step

    def _news_before(self, step: Step) -> tuple[Record, ...]:
        services = self.case.services_of(self.group, self.declared, before=step.status.seq)
        return self.case.news_of(services, before=step.status.seq)

    def _words_at(self, status: Record) -> frozenset[str | None]:
        """What the newest facts allow when a status is sent."""
        return [point.words for point in self.points if point.seq < status.seq][-1]

    def _believed(self, step: Step) -> Iterator[Record]:
        """The notifications before a status that were past when they came, and that it tells all the same."""
        for notice in self._news_before(step):
            is_past = self.case.is_late(notice) or self.case.is_superseded(notice)
            if is_reached(notice) and is_past and step.value in self._said_by(notice, step.status):
                yield notice

    def _said_by(self, notice: Record, status: Record) -> frozenset[str | None]:
        """What would be told when a status is sent, were this the newest notification of its service."""
        services = self.case.services_of(self.group, self.declared, before=status.seq)
        told = {notice.detail["service"]: [notice.detail["state"]]}
        possible = [
            told.get(service) or possible_states(self.case, service, before=status.seq)
            for service in services
        ]
        states = (dict(zip(services, combined, strict=True)) for combined in product(*possible))
        on_the_way = ON_THE_WAY.get(notice.detail["state"])
        return frozenset(decided_status(services, combined) or on_the_way for combined in states)

    def _is_redelivered(self, since: int, status: Record) -> bool:
        """Tell whether an event came again that had been there before."""
        events = [event for event in self.case.events if event.seq < status.seq]
        return any(
            event.seq > since and any(e.i_event == event.i_event and e.seq < event.seq for e in events)
            for event in events
        )

    def _is_retry(self, step: Step) -> bool:
        """Tell whether the same status was tried before, not taken, and then overtaken by a newer one."""
        earlier = [other for other in self.steps if other.status.seq < step.status.seq]
        newer = [other.status.seq for other in earlier if other.place is not None and is_told(other.status)]
        return any(
            other.value == step.value
            and other.place is not None
            and not is_told(other.status)
            and newer
            and other.status.seq < newer[-1]
            for other in earlier
        )

    def _cause_of_ok(self, step: Step) -> str:
        """What is wrong with an OK that no success allows."""
        status = step.status
        if sole_meaning(self.case, self.declared, self.group, before=status.seq) == "FAILED":
            return "STATUS-MAPPING"
        first = next(other.status for other in self.steps if other.value == "OK" and other.place is None)
        services = self.case.services_of(self.group, self.declared, before=first.seq)
        orders = [self.case.newest_order(service, before=first.seq) for service in services]
        news = [
            notice
            for notice in self.case.news_of(services, before=first.seq)
            if is_reached(notice) and self.case.order_of(notice) in orders
        ]
        taken = [order.decided_at.virtual_time for order in orders if order and order.decided_at]
        # At the acceptance it is too early; later it is made up, since nothing that came gives ground for it.
        waited = bool(news) or (bool(taken) and first.virtual_time > max(taken))
        has_outcome = any(notice.detail["state"] in OUTCOMES for notice in news)
        return "NOTICE-MISSING" if waited and not has_outcome else "STATUS-NOT-EARLY"


def course_of(case: Case, declared: Declared, group: str) -> Course:
    """The course of a group of an account, which many rules ask for."""
    known: Course | None = case.derived.get(("course", group))
    if known is None or known.declared is not declared:
        known = case.derived["course", group] = _course(case, declared, group)
    return known


def _course(case: Case, declared: Declared, group: str) -> Course:
    points = tuple(_points(case, declared, group))
    steps: list[Step] = []
    for status in case.statuses:
        value = read_status(status)
        if read_group(status) != group or value not in STATUSES:
            continue
        floor = _floor(status, steps)
        # Nothing is retried before anything failed.
        has_ground = value != "RETRY" or has_gone_wrong(case, declared.groups[group], before=status)
        found = (
            place
            for place, point in enumerate(points)
            if has_ground and place >= floor and point.seq < status.seq and value in point.words
        )
        steps.append(Step(status=status, value=value, place=next(found, None), floor=floor))
    return Course(case=case, declared=declared, group=group, points=points, steps=tuple(steps))


def _floor(status: Record, earlier: Sequence[Step]) -> int:
    """The newest fact that was told, and known to be taken, when a status was sent."""
    known = (
        step.place
        for step in earlier
        if step.place is not None and is_told(step.status) and was_answered_before(step.status, status)
    )
    return max(known, default=0)


def _points(case: Case, declared: Declared, group: str) -> Iterator[Point]:
    yield Point(seq=0, words=words({None}))
    changes = _changes(case, declared, group)
    for (seq, kind), (_, following) in pairwise([*changes, (0, "end")]):
        known = [
            meanings(case, declared, group, before=seq + 1, heard=heard) for heard in (is_reached, is_taken)
        ]
        told = words(frozenset().union(*known))
        # What the event asks for may be under way, and come to nothing unless it is ordered.
        begun = words({None})
        yield Point(
            seq=seq, words=told if kind != "event" else begun if following == "order" else told | begun
        )


def _changes(case: Case, declared: Declared, group: str) -> list[tuple[int, str]]:
    """When something became true of a group, in the order of arrival, and what it was."""
    services = declared.groups[group]
    found = {(event.seq, "event") for event in case.first_deliveries(declared)}
    for order in case.placed:
        if set(services) & set(order.services):
            found |= {(record.seq, "order") for record in (order.accepted, order.refused) if record}
    found |= {(notice.seq, "news") for notice in case.news_of(services) if is_reached(notice)}
    return sorted(found)
