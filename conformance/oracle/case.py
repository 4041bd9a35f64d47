"""The facts of one account, read from a journal: its events, queries, orders, outcomes and statuses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.target import Features, UrlForm
from simulators.journal import Record
from simulators.validation import Strict


class Declared(Strict):
    """What the oracle must know of a target: its features, its URL form, and the reading of the protocol."""

    features: Features
    url_form: UrlForm
    reading: str
    success: str
    ack: float

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
class Case:
    """What a journal tells about one account; all sequences are in the order of arrival."""

    i_account: int
    account: Mapping[str, Any]
    events: tuple[Record, ...]
    queries: tuple[Record, ...]
    orders: tuple[Record, ...]
    notifications: tuple[Record, ...]
    statuses: tuple[Record, ...]

    @property
    def accepted(self) -> tuple[Record, ...]:
        """The orders that the OMS took."""
        return tuple(order for order in self.orders if order.order_id and is_success(order.status))

    def needed_groups(self, declared: Declared) -> tuple[str, ...]:
        """The declared groups that the account's services need."""
        services = self.account.get("services")
        return tuple(
            group
            for group, stands_for in declared.groups.items()
            if services is None or set(stands_for) & set(services)
        )

    def needed_services(self, declared: Declared) -> tuple[str, ...]:
        """The services of the declared groups that the account needs."""
        held = self.account.get("services")
        listed = (service for group in self.needed_groups(declared) for service in declared.groups[group])
        return tuple(service for service in listed if held is None or service in held)

    def services_of(self, group: str, declared: Declared) -> tuple[str, ...]:
        """The services of a group that make up its outcome: those needed or ordered; all where none is."""
        stands_for, needed = declared.groups[group], self.account.get("services")
        ordered = {service for order in self.accepted for service in order.detail["services"]}
        concerned = (name for name in stands_for if needed is None or name in needed or name in ordered)
        return tuple(concerned) or stands_for

    def news_of(self, services: Sequence[str], *, before: int | None = None) -> tuple[Record, ...]:
        """The notifications about these services, up to a record number."""
        return tuple(
            news
            for news in self.notifications
            if news.detail.get("service") in services and (before is None or news.seq < before)
        )

    def states_of(self, services: Sequence[str], *, before: int | None = None) -> Mapping[str, str]:
        """The last notified state of each of these services that has one."""
        return last_states(self.news_of(services, before=before))

    def stored(self, group: str, *, before: int | None = None) -> str | None:
        """The status that ESPF last stored for a group, up to a record number."""
        taken = [
            record
            for record in self.statuses
            if record.group == group and is_success(record.status) and (before is None or record.seq < before)
        ]
        return read_status(taken[-1]) if taken else None


def is_success(status: int | None) -> bool:
    """Tell whether an answer took what was sent."""
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - the class of success


def was_answered_before(earlier: Record, later: Record) -> bool:
    """Tell whether an answer had come when a later request was sent."""
    return earlier.duration is not None and earlier.real_time + earlier.duration <= later.real_time


def last_states(news: Iterable[Record]) -> Mapping[str, str]:
    """The last state of each service that these notifications are about."""
    return {notice.detail["service"]: notice.detail["state"] for notice in news}


def read_status(record: Record) -> str:
    """The status that a request means, blanks around it apart (those are STATUS-VALUES' concern)."""
    value = record.detail.get("status")
    return value.strip() if isinstance(value, str) else ""


def read_group(record: Record) -> str:
    """The group that a status request names; JSON may hold anything in its place."""
    value = record.detail.get("group")
    return value if isinstance(value, str) else ""


def cases(records: Iterable[Record]) -> tuple[Case, ...]:
    """One case for each account that a journal states as a fact."""
    listed = tuple(records)
    facts = {record.i_account: record for record in listed if record.operation == "account"}
    return tuple(_case(i_account, fact, listed) for i_account, fact in facts.items() if i_account is not None)


def _case(i_account: int, fact: Record, records: Sequence[Record]) -> Case:
    mine = [record for record in records if record.i_account == i_account and record.kind == "exchange"]

    def of(operation: str) -> tuple[Record, ...]:
        return tuple(record for record in mine if record.operation == operation)

    return Case(
        i_account=i_account,
        account=fact.detail,
        events=of("event"),
        queries=tuple(record for record in mine if record.destination == "portabilling"),
        orders=of("order"),
        notifications=of("notification"),
        statuses=of("status"),
    )
