"""The facts of one account, read from a journal: its events, queries, orders, outcomes and statuses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, Final

from conformance.oracle.reading import (
    REFUSALS,
    ended_at,
    is_accepted,
    is_probe,
    is_reached,
    is_showing_closed,
    is_stored,
    is_success,
    is_taken,
    is_told,
    is_whole,
    notification_id,
    occurred_at,
    read_group,
    read_status,
    was_answered_before,
)
from conformance.oracle.trouble import Stretch, as_heard, troubles
from conformance.target import Features, UrlForm
from simulators.journal import Record
from simulators.validation import Strict

__all__ = [
    "Case",
    "Declared",
    "Order",
    "cases",
    "is_success",
    "read_group",
    "read_status",
    "was_answered_before",
]


TAKEN: Final = 200


class Declared(Strict):
    """What the oracle must know of a target: its features, its URL form, and the reading of the protocol."""

    features: Features
    url_form: UrlForm
    reading: str
    success: str
    ack: float
    # Older journals do not tell it.
    early: float = 0.5

    def is_taken(self, event: Record) -> bool:
        """Tell whether an event was answered so that ESPF does not send it again: a setting says how."""
        return event.status == TAKEN or (self.success == "any-2xx" and is_success(event.status))

    @property
    def handled(self) -> frozenset[str]:
        """The event types that the target declares to handle."""
        return frozenset(name for names in self.features.actions.values() for name in names)

    @property
    def activating(self) -> frozenset[str]:
        """The event types after which every service that an account needs must be ordered."""
        return frozenset(self.features.actions.get("activate", ()))

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The declared groups and the services that each stands for."""
        return self.features.groups


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order: every request with its reference, in the order of arrival."""

    reference: str
    requests: tuple[Record, ...]

    @cached_property
    def accepted(self) -> Record | None:
        """The request with which the OMS took it, whether or not the provisioner was told."""
        return next((request for request in self.requests if is_accepted(request)), None)

    @cached_property
    def answered(self) -> Record | None:
        """The request that told the provisioner of its acceptance; before, news of it are early."""
        taken = (request for request in self.requests if is_accepted(request) and is_told(request))
        return next(taken, None)

    @cached_property
    def refused(self) -> Record | None:
        """The request that was last refused for good, where the provisioner was never told of acceptance."""
        refusals = [request for request in self.requests if request.status in REFUSALS]
        return refusals[-1] if refusals and not self.answered else None

    @cached_property
    def decided_at(self) -> Record | None:
        """The record with which the OMS took it or refused it for good, the first; None while it is open."""
        made = [record for record in (self.accepted, self.refused) if record]
        return min(made, key=lambda record: record.seq, default=None)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that it orders."""
        return tuple(self._meant.detail["services"])

    @property
    def action(self) -> str:
        """What it orders: activate, modify or deactivate."""
        return str(self._meant.detail["action"])

    @property
    def account(self) -> Mapping[str, Any]:
        """The account as it carries it."""
        carried: Mapping[str, Any] = self._meant.detail["account"]
        return carried

    @property
    def _meant(self) -> Record:
        return self.accepted or self.requests[0]

    def is_early(self, notice: Record) -> bool:
        """Tell whether a notification overtook the answer to this order."""
        return self.answered is None or not was_answered_before(self.answered, notice)

    def is_fresh(self, notice: Record, declared: Declared) -> bool:
        """Tell whether a notification came before an answer could be stored: as long as one waits for it."""
        ended = ended_at(self.answered) if self.answered else None
        return ended is None or notice.real_time < ended + declared.early


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a journal tells about one account; all sequences are in the order of arrival.

    `facts` are what the harness made true of the account; an account that never existed has none. What
    the judge sent beside the ESPF and the OMS (probes) is left out. `troubles` are those of all accounts.
    """

    i_account: int
    facts: tuple[Record, ...]
    events: tuple[Record, ...]
    queries: tuple[Record, ...]
    orders: tuple[Record, ...]
    notifications: tuple[Record, ...]
    statuses: tuple[Record, ...]
    troubles: tuple[Stretch, ...] = ()
    # What rules found out of all this, so that the next one need not.
    derived: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def exists(self) -> bool:
        """Tell whether there ever was such an account."""
        return bool(self.facts)

    @property
    def account(self) -> Mapping[str, Any]:
        """The account as it is in the end; empty where there never was one."""
        return self.facts[-1].detail if self.facts else {}

    def account_at(self, seq: float) -> Mapping[str, Any]:
        """The account as it was when a record of this number was written; at first as it began."""
        known = [fact for fact in self.facts if fact.seq <= seq] or list(self.facts[:1])
        return known[-1].detail if known else {}

    @cached_property
    def placed(self) -> tuple[Order, ...]:
        """The orders that can be read, by the time of their first request."""
        requests: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.orders:
            if record.reference is not None and "services" in record.detail:
                requests[record.reference].append(record)
        return tuple(
            Order(reference=reference, requests=tuple(records)) for reference, records in requests.items()
        )

    @property
    def accepted(self) -> tuple[Record, ...]:
        """The order requests that the OMS took, repeated ones too, and those whose answer was lost."""
        return tuple(order for order in self.orders if is_accepted(order))

    def order_of(self, notice: Record) -> Order | None:
        """The order that a notification is about."""
        return self._by_reference.get(notice.reference)

    @cached_property
    def _by_reference(self) -> Mapping[str | None, Order]:
        return {order.reference: order for order in self.placed}

    def newest_order(self, service: str, *, before: float = inf) -> Order | None:
        """The order that decides a service: of those taken or refused by then, the newest one of it."""
        made = [
            (order.decided_at.seq, order)
            for order in self.placed
            if order.decided_at and order.decided_at.seq < before and service in order.services
        ]
        return max(made, key=lambda pair: pair[0])[1] if made else None

    def activating(self, declared: Declared) -> tuple[Record, ...]:
        """The events after which all that the account needs is to be ordered.

        It was open by then, and neither a query showed it closed since nor an event told so.
        """
        closed = self.last_closed(declared)
        return tuple(
            event
            for event in self.events
            if event.detail.get("event_type") in declared.activating
            and self.exists
            and event.seq > closed
            and self.account_at(event.seq).get("bill_status") != "C"
        )

    def last_closed(self, declared: Declared) -> int:
        """The record number of what last told that it is closed, a reply or a taken event; 0 without."""
        closing = declared.features.actions.get("deactivate", ())
        told = [query.seq for query in self.queries if is_showing_closed(query)]
        told += [
            event.seq
            for event in self.events
            if event.detail.get("event_type") in closing
            and declared.is_taken(event)
            and self.account_at(event.seq).get("bill_status") == "C"
        ]
        return max(told, default=0)

    def needs(self, service: str) -> bool:
        """Tell whether the account needs a service in the end."""
        return _needs(self.account, [service])

    @property
    def decided_services(self) -> set[str]:
        """The services of the orders that the OMS took, or refused for good."""
        return {service for order in self.placed if order.decided_at for service in order.services}

    def first_deliveries(self, declared: Declared) -> tuple[Record, ...]:
        """The events of a kind that it handles, each as it came first."""
        handled = [event for event in self.events if event.detail.get("event_type") in declared.handled]
        first = {event.i_event: event for event in reversed(self.events)}
        return tuple(event for event in handled if first[event.i_event] is event)

    @property
    def is_at_hand(self) -> bool:
        """Tell whether its data could be had when they were last asked for; else nothing can be ordered."""
        return not self.queries or is_success(self.queries[-1].status)

    def needed_groups(self, declared: Declared) -> tuple[str, ...]:
        """The declared groups that the account's services need in the end."""
        return tuple(
            group
            for group, stands_for in declared.groups.items()
            if self.exists and _needs(self.account, stands_for)
        )

    def needed_services(self, declared: Declared, *, at: float = inf) -> tuple[str, ...]:
        """The services of the declared groups that the account needs when a record is written."""
        held = self.account_at(at).get("services")
        listed = (service for services in declared.groups.values() for service in services)
        return tuple(service for service in listed if self.exists and (held is None or service in held))

    def services_of(self, group: str, declared: Declared, *, before: float = inf) -> tuple[str, ...]:
        """The services of a group that make up its outcome: those needed all along, and those ordered.

        Where there are none, it is all of them. What came to be needed later counts once it is ordered,
        since until then no event may have told of it.
        """
        stands_for = declared.groups[group]
        facts = [fact.detail for fact in self.facts if fact.seq < before] or [self.account]
        ordered = {
            service
            for order in self.placed
            if order.decided_at and order.decided_at.seq < before
            for service in order.services
        }
        concerned = (
            name for name in stands_for if name in ordered or all(_needs(fact, [name]) for fact in facts)
        )
        return tuple(concerned) or stands_for

    def news_of(self, services: Sequence[str], *, before: float = inf) -> tuple[Record, ...]:
        """The notifications about these services, up to a record number."""
        return tuple(
            news
            for news in self.notifications
            if news.detail.get("service") in services and news.seq < before
        )

    def is_repeated(self, notice: Record) -> bool:
        """Tell whether the same notification was taken before this one was sent."""
        return any(is_taken(other) for other in self._same_before(notice))

    def is_resent_unheard(self, notice: Record) -> bool:
        """Tell whether the same notification had come before, and no answer to it was heard."""
        return any(is_reached(other) and other.status == 0 for other in self._same_before(notice))

    def is_taken_later(self, notice: Record) -> bool:
        """Tell whether a notification was taken when it came once more."""
        return any(other.seq > notice.seq and is_taken(other) for other in self._same_as(notice))

    def is_beside(self, notice: Record) -> bool:
        """Tell whether the same notification was under way at the same time."""
        before = self._same_before(notice)
        others = [other for other in self._same_as(notice) if other not in before]
        return any(not was_answered_before(notice, other) for other in others)

    def _same_before(self, notice: Record) -> list[Record]:
        return [other for other in self._same_as(notice) if was_answered_before(other, notice)]

    def _same_as(self, notice: Record) -> list[Record]:
        name = notification_id(notice)
        return [
            other for other in self.notifications if other is not notice and notification_id(other) == name
        ]

    def is_late(self, notice: Record) -> bool:
        """Tell whether something that occurred later was told before, of the same order and service."""
        return any(
            earlier.seq < notice.seq
            and earlier.reference == notice.reference
            and is_reached(earlier)
            and occurred_at(earlier) > occurred_at(notice)
            for earlier in self.news_of([notice.detail["service"]])
        )

    def is_superseded(self, notice: Record) -> bool:
        """Tell whether a newer order of its service had been taken or refused when it was sent."""
        newest = self.newest_order(notice.detail["service"], before=notice.seq)
        return newest is not None and newest is not self.order_of(notice)

    def statuses_of(self, group: str) -> list[Record]:
        """The status requests that name a group."""
        return [status for status in self.statuses if read_group(status) == group]

    def stored(self, group: str, *, before: float = inf) -> str | None:
        """The status that ESPF last stored for a group, up to a record number, told or not."""
        taken = [record for record in self.statuses_of(group) if is_stored(record) and record.seq < before]
        return str(taken[-1].detail["stored"]) if taken else None

    def is_healthy(self, record: Record) -> bool:
        """Tell whether a message passed whole while every neighbour was well and the provisioner up."""
        return is_whole(record) and not any(trouble.touches(record) for trouble in self.troubles)


def _needs(account: Mapping[str, Any], services: Iterable[str]) -> bool:
    held = account.get("services")
    return held is None or bool(set(services) & set(held))


def cases(records: Iterable[Record]) -> tuple[Case, ...]:
    """One case for each account that a journal states as a fact, or that an event names without one."""
    listed = list(as_heard(record for record in records if not is_probe(record)))
    facts: defaultdict[int, list[Record]] = defaultdict(list)
    mine: defaultdict[int, list[Record]] = defaultdict(list)
    for record in listed:
        if record.i_account is not None and record.operation == "account":
            facts[record.i_account].append(record)
        elif record.i_account is not None and record.kind == "exchange":
            mine[record.i_account].append(record)
    told_of = [i_account for i_account, own in mine.items() if any(_is_event(record) for record in own)]
    excuses = troubles(listed)
    return tuple(
        _case(i_account, facts.get(i_account, ()), mine.get(i_account, ()), excuses)
        for i_account in dict.fromkeys([*facts, *told_of])
    )


def _is_event(record: Record) -> bool:
    return record.operation == "event"


def _case(
    i_account: int, facts: Sequence[Record], mine: Sequence[Record], excuses: tuple[Stretch, ...]
) -> Case:
    def of(operation: str) -> tuple[Record, ...]:
        return tuple(record for record in mine if record.operation == operation)

    return Case(
        i_account=i_account,
        facts=tuple(facts),
        events=of("event"),
        queries=tuple(record for record in mine if record.destination == "portabilling"),
        orders=of("order"),
        notifications=of("notification"),
        statuses=of("status"),
        troubles=excuses,
    )
