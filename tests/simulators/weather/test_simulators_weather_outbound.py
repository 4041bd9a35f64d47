"""Weather on the way out: what reaches a provisioner of its events and notifications, and when."""

import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import requests

from simulators.clock import Clock
from simulators.journal import Journal
from simulators.stack import Stack
from simulators.weather.core import Weather
from simulators.weather.faults import (
    NO_JSON,
    ContentType,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Malformed,
    Reorder,
    Reset,
    Slow,
    Truncate,
)
from simulators.weather.outbound import OutboundWeather
from simulators.wire.transport import Answer, Outbound, Send

EVENT = b'{"event_type": "Account/New", "variables": {"i_account": 189, "i_event": 1}}'


@pytest.fixture
def weather(clock: Clock, guard: threading.Condition) -> Weather:
    """Fine weather, for events and notifications."""
    return Weather(points=lambda: ("emitter/event", "oms/notification"), now=clock.now, guard=guard)


@pytest.fixture
def outbound(weather: Weather, send: Send, clock: Clock, journal: Journal) -> OutboundWeather:
    """A way out that ends with the test."""
    return OutboundWeather(send=send, weather=weather, clock=clock, journal=journal)


@pytest.fixture
def heard() -> list[tuple[int, int]]:
    """The number of each event that was answered, and the status."""
    return []


@pytest.fixture
def emit(outbound: OutboundWeather, heard: list[tuple[int, int]]) -> Callable[..., None]:
    """Send an event of this number."""

    def put(i_event: int, *, i_account: int = 189) -> None:
        about = {"operation": "event", "i_event": i_event, "i_account": i_account}
        request = Outbound(source="emitter", url="http://x/", headers={}, body=EVENT, correlation=about)
        outbound(request, lambda answer: heard.append((i_event, answer.status)))

    return put


@pytest.fixture
def order(sent: list[Outbound]) -> Callable[[], list[int]]:
    """The numbers of the events that left, in their order."""
    return lambda: [each.correlation["i_event"] for each in sent]


Emit = Callable[..., None]
Order = Callable[[], list[int]]


def test_dropped_event_is_answered_by_silence(
    weather: Weather, emit: Emit, clock: Clock, journal: Journal, heard: list[tuple[int, int]]
) -> None:
    """It never leaves, and its sender gives up after the documented 300 virtual seconds."""
    weather.arm("emitter/event", Drop())
    emit(1)
    clock.advance(seconds=299)
    assert heard == []

    clock.advance(seconds=1)

    assert heard == [(1, 0)]
    (record,) = journal.records()
    assert (record.i_event, record.status, record.fault) == (1, 0, "drop (plan 1)")


def test_delayed_event_leaves_when_the_clock_says_so(
    weather: Weather, emit: Emit, clock: Clock, order: Order, sent: list[Outbound]
) -> None:
    """Until then it is on no record; others pass it."""
    weather.arm("emitter/event", Delay(seconds=60), first=1)
    emit(1)
    emit(2)
    assert order() == [2]

    clock.advance(seconds=60)

    assert order() == [2, 1]
    assert [each.correlation.get("fault") for each in sent] == [None, "delay (plan 1)"]


def test_first_answer_of_duplicates_counts(
    weather: Weather,
    emit: Emit,
    order: Order,
    waiting: deque[Callable[[Answer], None]],
    heard: list[tuple[int, int]],
) -> None:
    """Copies are sent at once, and nobody hears how they are answered."""
    weather.arm("emitter/event", Duplicate(copies=2))
    emit(1)
    assert order() == [1, 1, 1]

    for status in (200, 500, 404):
        waiting.popleft()(Answer(status=status))

    assert heard == [(1, 200)]


def test_reordered_event_follows_the_answer_of_the_next(
    weather: Weather, emit: Emit, clock: Clock, order: Order, answer: Callable[[int], None]
) -> None:
    """The next one overtakes it for certain, because it is answered first."""
    weather.arm("emitter/event", Reorder(), first=1)
    emit(1)
    emit(2)
    assert order() == [2]

    answer(200)

    assert order() == [2, 1]
    assert clock.pending() == ()


def test_all_events_are_reordered_in_pairs(
    weather: Weather, emit: Emit, order: Order, answer: Callable[[int], None]
) -> None:
    """A plan without an end keeps one at a time, so that nothing waits for long."""
    weather.arm("emitter/event", Reorder())
    for i_event in (1, 2, 3, 4):
        emit(i_event)
        if i_event % 2 == 0:
            answer(200)
            answer(200)

    assert order() == [2, 1, 4, 3]


def test_reordered_event_waits_for_one_that_fits(
    weather: Weather, emit: Emit, order: Order, answer: Callable[[int], None]
) -> None:
    """A plan for one account lets this account's next event overtake, and no other."""
    weather.arm("emitter/event", Reorder(), i_account=189, first=1)
    emit(1)
    emit(2, i_account=190)
    answer(200)
    assert order() == [2]

    emit(3)
    answer(200)

    assert order() == [2, 3, 1]


def test_reordered_event_without_a_next_one_is_not_lost(
    weather: Weather, emit: Emit, clock: Clock, order: Order
) -> None:
    """After its time it is sent alone, once."""
    weather.arm("emitter/event", Reorder(seconds=60), first=1)
    emit(1)

    clock.advance(seconds=60)
    emit(2)

    assert order() == [1, 2]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Malformed(), (NO_JSON.encode(), "application/json", "closed", 200)),
        (ContentType(), (EVENT, "text/html", "closed", 200)),
        (Slow(seconds=0.01), (EVENT, "application/json", "closed", 200)),
        (Truncate(), (EVENT[: len(EVENT) // 2], "application/json", "closed", 0)),
        (Reset(), (EVENT[: len(EVENT) // 2], "application/json", "reset", 0)),
        (Reset(after=True), (EVENT, "application/json", "reset", 0)),
    ],
    ids=str,
)
def test_event_is_spoilt_on_its_way(
    make_stack: Callable[..., Stack], receiver: Any, fault: Fault, expected: tuple[bytes, str, str, int]
) -> None:
    """The provisioner gets what was planned, and a connection that breaks is no answer to the sender."""
    with make_stack(events_url=receiver.url) as stack:
        stack.weather.arm("emitter/event", fault)
        stack.emitter.emit("Account/New", i_account=189)
        stack.clock.advance()
        (record,) = stack.journal.exchanges()

    (got,) = receiver.end()
    body, content_type, ending, status = expected
    assert (got.body, got.headers["content-type"], got.ending) == (body, content_type, ending)
    assert int(got.headers["content-length"]) == (len(body) if status else len(EVENT))
    assert (record.status, record.fault) == (status, str(record.fault))
    assert record.request_body.encode() == body
    assert str(record.fault).startswith(fault.effect)


def test_lost_event_is_sent_again(make_stack: Callable[..., Stack], receiver: Any) -> None:
    """Whatever broke the first delivery, the emitter does with it as with any other silence."""
    with make_stack(events_url=receiver.url) as stack:
        stack.weather.arm("emitter/event", Drop(), nth=1)
        stack.weather.arm("emitter/event", Truncate(), nth=2)
        event = stack.emitter.emit("Account/New", i_account=189)
        stack.clock.advance(hours=1)
        known = stack.emitter.event(event.i_event)

    assert known
    assert known.fate == "finished"
    assert [delivery.status for delivery in known.deliveries] == [0, 0, 200]
    assert [len(got.body) for got in receiver.end()] == [len(EVENT) // 2, len(EVENT)]


def test_notifications_of_one_service_are_struck(
    stack: Stack, http: requests.Session, provisioner_url: str, received: list[tuple[Any, Any]]
) -> None:
    """A plan for a group means the OMS's service of that name, and leaves the others in peace."""
    stack.weather.arm("oms/notification", Duplicate(copies=2), group="HSS")
    order = {
        "reference": "event-1",
        "action": "activate",
        "account": {"i_account": 189, "id": "x"},
        "services": ["HSS", "PCRF"],
        "notify_url": provisioner_url,
    }
    http.post(f"{stack.addresses.oms}/orders", json=order, headers={"Authorization": "Bearer offline-oms"})

    stack.clock.advance(hours=1)

    assert [body["service"] for _, body in received] == ["HSS", "HSS", "HSS", "PCRF"]
    assert len({body["notification_id"] for _, body in received}) == 2
    assert [record.fault for record in stack.journal.exchanges()] == [
        None, *["duplicate (plan 1)"] * 3, None
    ]  # fmt: skip


def test_slow_delivery_does_not_keep_a_stack_alive(make_stack: Callable[..., Stack], receiver: Any) -> None:
    """Closing cuts what still trickles, and waits for none of it."""
    with make_stack(events_url=receiver.url) as stack:
        stack.weather.arm("emitter/event", Slow(seconds=600))
        stack.emitter.emit("Account/New", i_account=189)
        assert stack.in_flight.holders

    assert stack.journal.exchanges()[0].status == 0


@pytest.mark.parametrize("ends", ["reset", "close"])
def test_event_that_is_kept_back_goes_down_with_its_world(
    make_stack: Callable[..., Stack], ends: str
) -> None:
    """What was to overtake it is cut, which sends nothing any more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with make_stack(events_url=url) as stack:
            journal = stack.journal
            stack.weather.arm("emitter/event", Reorder(), first=1)
            for _ in range(2):
                stack.emitter.emit("Account/New", i_account=189)

            getattr(stack, ends)()

    assert [record.i_event for record in journal.exchanges()] == [2]
