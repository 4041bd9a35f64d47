"""Delivery by the emitter: what becomes of an event after each answer, and when it is sent (1.7, 1.8)."""

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from simulators.clock import FIXED_START, Clock
from simulators.emitter.core import Emitter, EmitterSettings, Event
from simulators.errors import EventError
from simulators.wire.transport import Answer, Outbound

RESEND_INTERVAL = EmitterSettings().resend_interval
RESEND_LIMIT = EmitterSettings().resend_limit


def outcome(event: Event) -> tuple[str, list[int]]:
    """What became of an event, and how its deliveries were answered."""
    return event.fate, [delivery.status for delivery in event.deliveries]


def numbers(sent: list[Outbound]) -> list[int]:
    """The events that were sent, in that order."""
    return [outbound.correlation["i_event"] for outbound in sent]


# The rows of section 1.8, and of the setting for the other statuses of success (section 5, row 9).
ROWS = {
    "row 1: 200 takes it": ({}, [200], "finished"),
    "row 2: 4xx drops it": ({}, [400, 401, 403, 404, 408, 409, 422, 429, 499], "dropped"),
    "row 3: anything else": ({}, [100, 199, 201, 202, 204, 299, 301, 302, 307, 399, 500, 503, 599], "queued"),
    "row 4: no response": ({}, [0], "queued"),
    "any 2xx: takes it": ({"success": "any-2xx"}, [200, 201, 202, 204, 299], "finished"),
    "any 2xx: 4xx drops it": ({"success": "any-2xx"}, [400, 404, 499], "dropped"),
    "any 2xx: anything else": ({"success": "any-2xx"}, [0, 199, 300, 302, 500], "queued"),
}


@pytest.mark.parametrize(
    ("options", "status", "expected"),
    [
        pytest.param(options, status, expected, id=f"{row}, {status}")
        for row, (options, statuses, expected) in ROWS.items()
        for status in statuses
    ],
)
def test_answer_decides_what_becomes_of_the_event(  # noqa: PLR0917 - fixtures, which pytest passes by name
    make_emitter: Callable[..., Emitter],
    answer: Callable[[int], None],
    clock: Clock,
    known: Callable[..., Event],
    options: dict[str, Any],
    status: int,
    expected: str,
) -> None:
    """200 removes, 4xx drops for good, silence and all else is sent again (1.8)."""
    emitter = make_emitter(**options)
    emitter.emit("Account/New", i_account=189)

    answer(status)

    assert outcome(known(of=emitter)) == (expected, [status])
    assert len(clock.pending()) == (expected == "queued")


@pytest.mark.parametrize("status", [500, 0, 202])
def test_event_is_sent_again_after_the_interval_as_the_same_event(  # noqa: PLR0917 - fixtures, which pytest passes by name
    emitter: Emitter,
    sent: list[Outbound],
    answer: Callable[[int], None],
    clock: Clock,
    status: int,
    known: Callable[..., Event],
) -> None:
    """A resend is the same body with the same i_event (1.7), neither earlier nor after a success."""
    emitter.emit("Account/New", i_account=189)
    answer(status)
    clock.advance(seconds=RESEND_INTERVAL - 1)
    assert len(sent) == 1

    clock.advance(seconds=1)
    answer(200)
    clock.advance(hours=1)

    assert [outbound.body for outbound in sent] == [sent[0].body] * 2
    assert outcome(known()) == ("finished", [status, 200])
    assert known().deliveries[1].answered_at == FIXED_START + RESEND_INTERVAL


def test_interval_begins_with_the_answer(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """While an attempt is unanswered no other one leaves."""
    emitter.emit("Account/New", i_account=189)

    clock.advance(seconds=10 * RESEND_INTERVAL)
    assert len(sent) == 1
    answer(500)

    assert [timer.due for timer in clock.pending()] == [clock.now() + RESEND_INTERVAL]


def test_event_is_given_up_at_the_limit(
    emitter: Emitter,
    sent: list[Outbound],
    answer: Callable[[int], None],
    clock: Clock,
    known: Callable[..., Event],
) -> None:
    """Resends are many but finite (section 5, row 22), and the event says that it was given up."""
    emitter.emit("Account/New", i_account=189)
    for _ in range(RESEND_LIMIT - 1):
        answer(500)
        clock.advance(seconds=RESEND_INTERVAL)
    assert known().fate == "queued"

    answer(500)
    clock.advance(hours=1)

    assert (known().fate, len(sent), clock.pending()) == ("given-up", RESEND_LIMIT, ())


def test_events_are_resent_each_for_itself(
    emitter: Emitter,
    sent: list[Outbound],
    answer: Callable[[int], None],
    clock: Clock,
    known: Callable[..., Event],
) -> None:
    """The success of one event does not stop the other's resends."""
    emitter.emit("Account/New", i_account=189)
    emitter.emit("Account/New", i_account=190)

    answer(500)
    answer(200)
    clock.advance(seconds=RESEND_INTERVAL)

    assert [outbound.correlation["i_event"] for outbound in sent] == [1, 2, 1]
    assert (known(1).fate, known(2).fate) == ("queued", "finished")


@pytest.mark.parametrize(("first", "expected"), [(200, "finished"), (404, "dropped")])
def test_finished_event_can_be_sent_once_more(  # noqa: PLR0917 - fixtures, which pytest passes by name
    emitter: Emitter,
    sent: list[Outbound],
    answer: Callable[[int], None],
    first: int,
    expected: str,
    known: Callable[..., Event],
) -> None:
    """After a lost answer the same event comes again, and how that is answered changes nothing."""
    emitter.emit("Account/New", i_account=189)
    answer(first)

    emitter.resend(1)
    answer(500)

    assert sent[0].body == sent[1].body
    assert outcome(known()) == (expected, [first, 500])


def test_event_that_left_the_queue_is_not_resent(
    emitter: Emitter,
    sent: list[Outbound],
    answer: Callable[[int], None],
    clock: Clock,
    known: Callable[..., Event],
) -> None:
    """A resend that is pending comes to nothing once another delivery has succeeded."""
    emitter.emit("Account/New", i_account=189)
    answer(500)
    emitter.resend(1)
    answer(200)

    clock.advance(seconds=RESEND_INTERVAL)

    assert (len(sent), known().fate) == (2, "finished")


def test_overlapping_failures_start_one_resend(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """Two deliveries of one event that both fail are followed by one resend, not by two chains of them."""
    emitter.emit("Account/New", i_account=189)
    emitter.resend(1)
    answer(500)
    assert clock.pending() == ()

    answer(503)
    assert [timer.due for timer in clock.pending()] == [clock.now() + RESEND_INTERVAL]
    clock.advance(seconds=RESEND_INTERVAL)
    answer(500)

    assert (numbers(sent), len(clock.pending())) == ([1, 1, 1], 1)


def test_demanded_delivery_takes_the_place_of_the_pending_one(
    emitter: Emitter, sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """While an attempt is unanswered no other one leaves by itself, so the timer begins anew."""
    emitter.emit("Account/New", i_account=189)
    answer(500)
    clock.advance(seconds=1)
    emitter.resend(1)
    clock.advance(seconds=RESEND_INTERVAL)
    assert (len(sent), clock.pending()) == (2, ())

    answer(500)

    assert [timer.due for timer in clock.pending()] == [clock.now() + RESEND_INTERVAL]


def test_success_of_an_overlapping_delivery_counts(
    make_emitter: Callable[..., Emitter], answer: Callable[[int], None], known: Callable[..., Event]
) -> None:
    """An event is not given up while an attempt is unanswered: that one may still be taken."""
    emitter = make_emitter(resend_limit=1)
    emitter.emit("Account/New", i_account=189)
    emitter.resend(1)
    answer(500)
    assert known(of=emitter).fate == "queued"

    answer(200)

    assert outcome(known(of=emitter)) == ("finished", [500, 200])


def test_deliveries_tell_attempt_and_times(
    emitter: Emitter,
    waiting: deque[Callable[[Answer], None]],
    clock: Clock,
    known: Callable[..., Event],
) -> None:
    """Each attempt keeps its number and its times of sending and answering, whatever the order of answers."""
    emitter.emit("Account/New", i_account=189)
    clock.advance(seconds=5)
    emitter.resend(1)
    clock.advance(seconds=5)
    waiting.pop()(Answer(status=500))
    waiting.pop()(Answer(status=200))

    told = [(d.handler, d.attempt, d.sent_at, d.answered_at, d.status) for d in known().deliveries]
    assert told == [
        ("provisioner", 2, FIXED_START + 5, FIXED_START + 10, 500),
        ("provisioner", 1, FIXED_START, FIXED_START + 10, 200),
    ]


def test_unknown_event_cannot_be_sent_again(emitter: Emitter, sent: list[Outbound]) -> None:
    """A number that no event has is told as such."""
    with pytest.raises(EventError, match="No event has i_event 7"):
        emitter.resend(7)

    assert sent == []


def test_concurrency_bounds_the_unanswered(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """An event beyond the bound waits for an answer of any kind, and then goes in the order of occurrence."""
    emitter = make_emitter(concurrency=2)
    for i_account in range(5):
        emitter.emit("Account/New", i_account=i_account)
    assert numbers(sent) == [1, 2]

    for count, status in enumerate((200, 404, 0), start=3):
        answer(status)
        assert numbers(sent) == list(range(1, count + 1))


def test_resend_waits_for_its_turn(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """Resends count like first attempts, and a demanded one that waits already is sent once."""
    emitter = make_emitter(concurrency=1)
    emitter.emit("Account/New", i_account=189)
    emitter.emit("Account/New", i_account=190)
    answer(500)
    clock.advance(seconds=RESEND_INTERVAL)
    emitter.resend(1)
    assert numbers(sent) == [1, 2]

    answer(200)
    answer(200)

    assert (numbers(sent), clock.pending()) == ([1, 2, 1], ())


def test_event_that_ended_while_it_waited_is_not_sent(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """A turn that comes after a success is passed on to the next event."""
    emitter = make_emitter(concurrency=2)
    emitter.emit("Account/New", i_account=189)
    emitter.resend(1)
    answer(500)
    emitter.emit("Account/New", i_account=190)
    emitter.emit("Account/New", i_account=191)
    answer(200)

    assert numbers(sent) == [1, 1, 2, 3]


def test_rate_spaces_the_events(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], clock: Clock
) -> None:
    """About ten a second are documented (S2): each leaves a tenth of a virtual second after the last."""
    emitter = make_emitter(rate=10)
    for i_account in range(25):
        emitter.emit("Account/New", i_account=i_account)
    assert numbers(sent) == [1]

    clock.advance(seconds=1)
    assert numbers(sent) == list(range(1, 12))
    clock.advance(seconds=9)
    assert (numbers(sent), clock.pending()) == (list(range(1, 26)), ())
    emitter.emit("Account/New", i_account=1)
    assert len(sent) == 26


def test_rate_and_concurrency_hold_together(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None], clock: Clock
) -> None:
    """After a long silence the events that waited do not leave all at once."""
    emitter = make_emitter(rate=1, concurrency=1)
    for i_account in range(3):
        emitter.emit("Account/New", i_account=i_account)
    clock.advance(minutes=5)
    assert numbers(sent) == [1]

    answer(200)
    answer(200)
    assert numbers(sent) == [1, 2]
    clock.advance(seconds=1)

    assert numbers(sent) == [1, 2, 3]


def test_rate_outlives_cancelled_timers(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], clock: Clock
) -> None:
    """Whoever cancels all timers between two stories does not silence the emitter."""
    emitter = make_emitter(rate=1)
    emitter.emit("Account/New", i_account=189)
    emitter.emit("Account/New", i_account=190)
    clock.cancel_all()

    emitter.emit("Account/New", i_account=191)
    clock.advance(seconds=2)

    assert numbers(sent) == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", 0),
        ("rate", -1),
        ("rate", float("nan")),
        ("rate", float("inf")),
        ("concurrency", 0),
        ("resend_limit", 0),
        ("resend_interval", -1),
    ],
)
def test_impossible_setting_is_refused(name: str, value: float) -> None:
    """What would never send, or never stop, is told with its value."""
    with pytest.raises(EventError, match=f"{name} is {value}: a number from"):
        EmitterSettings(**{name: value})  # type: ignore[arg-type]
