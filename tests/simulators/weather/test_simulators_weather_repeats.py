"""The same seed twice: a scripted client meets the same weather, and leaves the same journal."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
import requests

from simulators.journal import Record
from simulators.stack import Stack
from simulators.weather.faults import (
    Answer,
    ContentType,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Hang,
    Malformed,
    Reorder,
    Reset,
    Truncate,
)
from simulators.weather.plans import FaultPlan

ROUNDS: Final = 8
FAULTS: Final[tuple[tuple[str, Fault], ...]] = (
    ("portabilling", Answer(status=500)),
    ("portabilling/Account", Truncate()),
    ("espf/status", Reset(after=True)),
    ("espf/status", Hang()),
    ("espf", ContentType()),
    ("oms/order", Malformed()),
    ("oms/order", Reset()),
    ("emitter/event", Drop()),
    ("emitter/event", Duplicate()),
    ("emitter/event", Truncate()),
    ("oms/notification", Reorder()),
    ("oms/notification", Delay(seconds=90)),
    ("oms/notification", Reset(after=True)),
)
# What is new in every run: order ids, masked secrets, ports, and the wall clock's times.
NEW: Final = (r"\b[0-9a-f]{6}(?=-\d+)", r"\*+[^\"]*", r"(?<=127\.0\.0\.1:)\d+", r"\b20\d\d-[\d-]+ [\d:]+")


def play(stack: Stack, provisioner_url: str) -> None:
    """Do what a provisioner would, one thing after the other, whatever comes of it."""
    web, tokens = stack.addresses.portabilling, {"Authorization": "Bearer offline-oms"}
    login = {"login": "provisioner", "token": "offline-token"}
    with requests.Session() as http:
        http.trust_env = False
        http.auth = ("provisioner", "offline-only")
        for number in range(ROUNDS):
            i_account = (189, 190)[number % 2]
            stack.emitter.emit("Account/New", i_account=i_account)
            stack.clock.advance()
            order = {
                "reference": f"event-{number}",
                "action": "activate",
                "account": {"i_account": i_account, "id": "x"},
                "services": ["HSS", "PCRF"],
                "notify_url": provisioner_url,
            }
            steps: tuple[tuple[str, dict[str, Any]], ...] = (
                (f"{web}/rest/Session/login", {"json": {"params": login}}),
                (f"{web}/rest/Account/get_account_info", {"json": {"params": {"i_account": i_account}}}),
                (f"{stack.addresses.oms}/orders", {"json": order, "headers": tokens, "auth": _as_given}),
                (f"{web}/espf/v1/account/i/{i_account}/status", {"data": {"status": "OK", "group": "HSS"}}),
            )
            for url, options in steps:
                with suppress(requests.RequestException):
                    http.post(url, **options)
            stack.clock.advance(hours=1)


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def told(record: Record) -> tuple[Any, ...]:
    """A record without what is new in every run."""
    texts = (record.target, record.request_body, record.response_body, repr(record.detail))
    return (
        *(record.seq, record.kind, record.virtual_time, record.source, record.destination, record.operation),
        *(record.method, record.status, record.i_account, record.group, record.i_event, record.reference),
        record.fault,
        *(re.sub("|".join(NEW), "NEW", text) for text in texts),
    )


@pytest.fixture
def journal_of(make_stack: Callable[..., Stack], provisioner_url: str) -> Callable[[int], list[Any]]:
    """The journal of a whole run with this seed."""
    plans = tuple(FaultPlan(point=point, fault=fault, probability=0.2) for point, fault in FAULTS)

    def run(seed: int) -> list[Any]:
        with make_stack(weather_seed=seed, faults=plans, hang=0.01) as stack:
            play(stack, provisioner_url)
            return [told(record) for record in stack.journal.records()]

    return run


def test_same_seed_gives_the_same_journal(journal_of: Callable[[int], list[Any]]) -> None:
    """Sequence, virtual times, faults and bodies are equal, and so is all but what is new in every run."""
    first, again, other = journal_of(1), journal_of(1), journal_of(2)

    assert again == first
    assert [record[12] for record in other] != [record[12] for record in first]
    effects = {str(record[12]).split()[0] for record in (*first, *other)}
    assert effects >= {fault.effect for _, fault in FAULTS}
