"""What orders and notifications mean for a group: when its outcome is decided, and which status says so."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Final

from conformance.oracle.case import Case, Declared
from conformance.oracle.reading import (
    is_reached,
    is_success,
    is_taken,
    is_told,
    occurred_at,
    read_group,
    read_status,
)
from simulators.journal import Record

OUTCOMES: Final = ("completed", "failed")
# What tells of a failure, or of what is done about one.
BAD_NEWS: Final = frozenset({"failed", "retrying"})
# While no outcome was notified, these are all legal: FAILED by a time limit of the provisioner's own.
UNDECIDED: Final = (None, "IN_PROGRESS", "RETRY", "FAILED")
# Where the work cannot even begin: no such account, or a fault that lasts.
HOPELESS: Final = (None, "FAILED")
# What ESPF answers to a status that it refuses for good.
NEVER_TAKEN: Final = (400, 404)

Heard = Callable[[Record], bool]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A group's outcome: the status that reports it, and the notification that decided it."""

    status: str
    notice: Record


def decided_status(services: Collection[str], states: Mapping[str, str]) -> str | None:
    """The status that reports a group's outcome: any failed is FAILED, all completed OK; None while open."""
    if any(states.get(service) == "failed" for service in services):
        return "FAILED"
    if all(states.get(service) == "completed" for service in services):
        return "OK"
    return None


def meanings(
    case: Case, declared: Declared, group: str, *, before: float = inf, heard: Heard = is_reached
) -> frozenset[str | None]:
    """The statuses that the facts up to a record number may mean for a group; None where it is undecided.

    Each service is decided by its newest order, and by what occurred to that last. It is more than one
    where the facts leave it open: two states that occurred at once, or a superseded order of which
    something newer is told after all.
    """
    services = case.services_of(group, declared, before=before)
    possible = [possible_states(case, service, before=before, heard=heard) for service in services]
    return frozenset(
        decided_status(services, dict(zip(services, states, strict=True))) for states in product(*possible)
    )


def sole_meaning(
    case: Case, declared: Declared, group: str, *, before: float = inf, heard: Heard = is_reached
) -> str | None:
    """The one status that the facts decide on for a group; None where it is open."""
    meant = meanings(case, declared, group, before=before, heard=heard)
    return next(iter(meant)) if len(meant) == 1 else None


def possible_states(
    case: Case, service: str, *, before: float = inf, heard: Heard = is_reached
) -> Collection[str]:
    """The states that a service may be in."""
    newest = case.newest_order(service, before=before)
    if newest is None or newest.decided_at is None:
        return ("open",)
    news = [notice for notice in case.news_of([service], before=before) if heard(notice)]
    own = [notice for notice in news if case.order_of(notice) is newest]
    past = [notice for notice in news if notice not in own and _is_after(notice, newest.decided_at)]
    past = [notice for notice in past if not case.is_repeated(notice)]
    found = set(_newest_states(own))
    if past and _newest_time(past) > _newest_time(own):
        found |= _newest_states(past)
    if newest.refused and newest.refused.seq < before:
        found.add("failed")
    return found if own or newest.refused else {*found, "open"}


def _is_after(notice: Record, order: Record) -> bool:
    """Tell whether a notification of another order came, and tells of something, after an order was taken."""
    return notice.seq > order.seq and occurred_at(notice) >= order.virtual_time


def _newest_time(news: Sequence[Record]) -> float:
    return max(map(occurred_at, news), default=-inf)


def _newest_states(news: Sequence[Record]) -> set[str]:
    return {notice.detail["state"] for notice in news if occurred_at(notice) == _newest_time(news)}


def words(meant: Collection[str | None]) -> frozenset[str | None]:
    """The statuses that a group may show; None stands for no status at all."""
    return frozenset(word for meaning in meant for word in (UNDECIDED if meaning is None else (meaning,)))


def decision(case: Case, declared: Declared, group: str, *, before: float = inf) -> Decision | None:
    """The outcome that the acknowledged notifications leave a group with; None while it is open.

    What comes later and changes nothing, such as a repeated notification, decides nothing anew; a newer
    order does.
    """
    made: Decision | None = None
    decided_for: tuple[str, ...] = ()
    services = case.services_of(group, declared, before=before)
    for notice in case.news_of(services, before=before):
        if not is_taken(notice):
            continue
        meant = sole_meaning(case, declared, group, before=notice.seq + 1, heard=is_taken)
        orders = _deciding(case, services, before=notice.seq + 1)
        if meant is None:
            made = None
        elif made is None or made.status != meant or decided_for != orders:
            made, decided_for = Decision(status=meant, notice=notice), orders
    in_the_end = sole_meaning(case, declared, group, before=before, heard=is_taken)
    return made if made and made.status == in_the_end else None


def _deciding(case: Case, services: Sequence[str], *, before: float) -> tuple[str, ...]:
    orders = (case.newest_order(service, before=before) for service in services)
    return tuple(order.reference if order else "" for order in orders)


def reports_of_outcome(case: Case, group: str, made: Decision) -> list[Record]:
    """The statuses that may report a group's outcome, right or wrong.

    IN_PROGRESS that was not told before is none: it tells of the order, and crossed the notification.
    """
    order = case.order_of(made.notice)
    mine = case.statuses_of(group)
    was_told = any(
        read_status(status) == "IN_PROGRESS" and is_told(status)
        for status in mine
        if order and order.requests[0].seq < status.seq < made.notice.seq
    )
    later = (status for status in mine if status.seq > made.notice.seq)
    return [status for status in later if was_told or read_status(status) != "IN_PROGRESS"]


def has_gone_wrong(case: Case, services: Collection[str], *, before: Record) -> bool:
    """Tell whether there was anything to retry when a status was sent: bad news, trouble, its own FAILED."""
    news = case.news_of(tuple(services), before=before.seq)
    exchanges = (*case.events, *case.queries, *case.orders, *case.notifications, *case.statuses)
    done = [record for record in exchanges if record.seq < before.seq]
    return (
        any(is_reached(notice) and notice.detail["state"] in BAD_NEWS for notice in news)
        or any(stretch.begin < before.real_time for stretch in case.troubles)
        or any(record.fault or not is_success(record.status) for record in done)
        # After a time limit of its own.
        or any(
            read_group(record) == read_group(before) and read_status(record) == "FAILED" for record in done
        )
    )


def allowed_final(case: Case, declared: Declared, group: str) -> Sequence[str | None]:
    """The stored statuses that the facts allow a group to end with; None stands for no status at all.

    What was notified and never acknowledged may have been heard or not.
    """
    if is_hopeless(case, declared, group):
        return HOPELESS
    meant = [meanings(case, declared, group, heard=heard) for heard in (is_reached, is_taken)]
    return _sorted(words(frozenset().union(*meant)) | _unfinished(case, declared, group))


def is_hopeless(case: Case, declared: Declared, group: str) -> bool:
    """Tell whether a group could not even be ordered: no such account, or its data could not be had."""
    if not case.exists:
        return True
    ordered = any(case.newest_order(service) for service in declared.groups[group])
    last_asked = case.queries[-1] if case.queries else None
    return not ordered and last_asked is not None and not is_success(last_asked.status)


def demanded(case: Case, declared: Declared, group: str) -> Sequence[str | None]:
    """The stored statuses that are worth waiting for: all that was sent counts, since it is sent again."""
    if is_hopeless(case, declared, group):
        return HOPELESS
    meant = words(meanings(case, declared, group, heard=lambda _: True))
    # Work under way is worth waiting for; a failure by its own judgement may be the end.
    return _sorted(meant | (_unfinished(case, declared, group) & {"FAILED"}))


def _unfinished(case: Case, declared: Declared, group: str) -> frozenset[str | None]:
    """What may be told of an event after the newest decided order, if its data or its order came to nothing.

    What the older order led to may stay as well.
    """
    decided = [order for service in declared.groups[group] if (order := case.newest_order(service))]
    since = max((order.requests[0].seq for order in decided), default=inf)
    new = next((event for event in case.first_deliveries(declared) if event.seq > since), None)
    if new is None:
        return frozenset()
    later = [order for order in case.placed if order.requests[0].seq > new.seq and not order.decided_at]
    if any(set(order.services) & set(declared.groups[group]) for order in later):
        return words({None}) - {None}
    last_asked = {query.operation: query for query in case.queries if query.seq > new.seq}
    has_failed = any(not is_success(query.status) for query in last_asked.values())
    return frozenset({"FAILED"} if has_failed else ())


def _sorted(allowed: Collection[str | None]) -> Sequence[str | None]:
    return (*(word for word in UNDECIDED if word in allowed), *sorted({"OK"} & set(allowed)))


def is_given_up(case: Case, group: str) -> bool:
    """Tell whether a fault refused a group's last status for good, so that nothing more need be sent."""
    mine = case.statuses_of(group)
    return bool(mine and mine[-1].fault and mine[-1].status in NEVER_TAKEN)


def is_settled(case: Case, declared: Declared) -> bool:
    """Tell whether every group of an account shows what the facts demand at this moment."""
    return all(
        case.stored(group) in demanded(case, declared, group) or is_given_up(case, group)
        for group in case.needed_groups(declared)
    )
