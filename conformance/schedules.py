"""Schedules: which exchanges of the small story go otherwise than planned, and how; all of them, in order.

The small story is one account with two services. Each of its exchanges may deviate in one of several ways,
or in none: the fewer deviations, the smaller the schedule. This module knows neither stories nor targets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Any, Final, Literal

Moment = Literal["told", "ordered", "notified", "reported"]
Act = Literal["resend", "kill_sessions", "kill"]

THREE_DAYS: Final = 3 * 86_400
LOST: Final = {"effect": "reset", "after": True}
# How a neighbour fails once. A hang ends by itself after `[timeouts] hang`.
TROUBLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "answered 503": {"effect": "answer", "status": 503},
    "not answered": {"effect": "hang"},
    "reset": {"effect": "reset"},
}
TWISTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "failed": {"outcome": "failed"},
    "missing": {"outcome": "silent"},
    "early": {"early": True},
    "twice": {"copies": 2},
    "after retries": {"retrying": 2},
    "reordered": {"in_progress": 2, "reordered": True},
    "days late": {"delay": THREE_DAYS},
}


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One way in which one exchange goes otherwise: by a fault, by another plan of the OMS, or by an act.

    `strike` are the words of a fault plan, `plan` what differs in that of the service of this place (0 or
    1), `act` a verb of the story at a `moment`.
    """

    exchange: str
    name: str
    strike: Mapping[str, Any] | None = None
    place: int = 0
    plan: Mapping[str, Any] | None = None
    moment: Moment | None = None
    act: Act | None = None

    @property
    def concerns_all(self) -> bool:
        """Whether it strikes whatever else is told at the same time."""
        return self.act in {"kill", "kill_sessions"}

    def __str__(self) -> str:
        """Say what deviates, for a reader."""
        return f"{self.exchange} {self.name}"


Exchange = tuple[Deviation, ...]
Schedule = tuple[Deviation, ...]


def exchanges(*, services: Sequence[str], groups: Sequence[str], restart: bool) -> tuple[Exchange, ...]:
    """The exchanges of the small story, each with the ways in which it may deviate.

    Of the `services` and `groups` of a target the first two take part. Only one that survives a `restart`
    is killed.
    """
    found = [_event(), *_queries(), _order()]
    found += [_notification(service, place) for place, service in enumerate(services[:2])]
    found += [_status(group, nth) for group, nth in product(groups[:2], (1, 2))]
    found.append(_acts("session", "ended", "kill_sessions"))
    if restart:
        found.append(_acts("provisioner", "killed", "kill"))
    return tuple(found)


def schedules(found: Sequence[Exchange], *, deviations: int) -> Iterator[Schedule]:
    """All schedules with so many deviations, each of another exchange, in a fixed order."""
    for chosen in combinations(found, deviations):
        yield from product(*chosen)


def number_of_schedules(found: Sequence[Exchange], *, deviations: int) -> int:
    """How many schedules have so many deviations."""
    return sum(prod(map(len, chosen)) for chosen in combinations(found, deviations))


def _event() -> Exchange:
    def struck(name: str, fault: Mapping[str, Any]) -> Deviation:
        return Deviation(
            exchange="event", name=name, strike={"point": "emitter/event", "fault": fault, "nth": 1}
        )

    return (
        struck("twice", {"effect": "duplicate"}),
        struck("lost", {"effect": "drop"}),
        struck("whose answer is lost", LOST),
        Deviation(exchange="event", name="again when ordered", moment="ordered", act="resend"),
        Deviation(exchange="event", name="again when reported", moment="reported", act="resend"),
    )


def _queries() -> Iterator[Exchange]:
    fault = {"effect": "answer", "status": 500, "body": '{"faultcode": "Server.busy", "faultstring": "busy"}'}
    for nth, name in enumerate(("first query", "second query"), start=1):
        troubles = {**TROUBLES, "answered with a fault": fault, "cut off": {"effect": "truncate"}}
        yield tuple(_struck(name, how, "portabilling", trouble, nth=nth) for how, trouble in troubles.items())


def _order() -> Exchange:
    refused = {"effect": "answer", "status": 422, "body": '{"error": "unknown_subscriber"}'}
    troubles: dict[str, Mapping[str, Any]] = {
        **TROUBLES,
        "done, and its answer lost": LOST,
        "refused": refused,
    }
    return tuple(_struck("order", how, "oms/order", trouble, nth=1) for how, trouble in troubles.items())


def _notification(service: str, place: int) -> Exchange:
    exchange = f"notification {service}"
    twists = [Deviation(exchange=exchange, name=how, place=place, plan=plan) for how, plan in TWISTS.items()]
    faults: dict[str, Mapping[str, Any]] = {"lost": {"effect": "drop"}, "whose answer is lost": LOST}
    struck = [
        _struck(exchange, how, "oms/notification", fault, nth=1, group=service)
        for how, fault in faults.items()
    ]
    return (*twists, *struck)


def _status(group: str, nth: int) -> Exchange:
    exchange = f"status {nth} of {group}"
    denied = {"effect": "answer", "status": 401}
    troubles = {**TROUBLES, "stored, and its answer lost": LOST, "answered 401": denied}
    return tuple(
        _struck(exchange, how, "espf/status", trouble, nth=nth, group=group)
        for how, trouble in troubles.items()
    )


def _acts(exchange: str, name: str, act: Act) -> Exchange:
    moments: tuple[Moment, ...] = ("told", "ordered", "notified", "reported")
    return tuple(
        Deviation(exchange=exchange, name=f"{name} when {moment}", moment=moment, act=act)
        for moment in moments
    )


def _struck(exchange: str, name: str, point: str, fault: Mapping[str, Any], **which: Any) -> Deviation:
    return Deviation(exchange=exchange, name=name, strike={"point": point, "fault": fault, **which})
