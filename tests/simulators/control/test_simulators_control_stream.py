"""The journal as server-sent events: as it happens, resumable, bounded, and over when the stack is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import pytest
import requests
from flask import Flask

from simulators.control.journal import Slots, add_stream
from simulators.control.reading import refuse_in_json
from simulators.journal import Journal, Record
from simulators.stack import Stack

Follow = Callable[..., AbstractContextManager[Iterator[tuple[str, Any]]]]


def next_record(events: Iterator[tuple[str, Any]]) -> Any:
    """The next record of a stream, whatever stands before it."""
    return next(data for name, data in events if name == "message")


def test_stream_begins_with_what_was_and_goes_on_with_what_is(stack: Stack, follow: Follow) -> None:
    """Facts come first, then each exchange when it begins and when it is answered."""
    with follow(stack) as events:
        facts = [next_record(events)["i_account"] for _ in range(3)]
        stack.emitter.emit("Account/New", i_account=189)
        begun, ended = next_record(events), next_record(events)

    assert facts == [189, 190, 191]
    assert (begun["operation"], begun["status"]) == ("event", None)
    assert (ended["seq"], ended["status"]) == (begun["seq"], 200)
    assert Record(**ended) == stack.journal.records()[-1]


def test_stream_shows_what_is_asked_for_alone(stack: Stack, follow: Follow) -> None:
    """A question chooses records as it does in a listing, and `since` leaves older ones out."""
    with follow(stack, params={"i_account": 190}) as some, follow(stack, params={"since": 2}) as late:
        assert (next_record(some)["i_account"], next_record(late)["i_account"]) == (190, 191)


def test_stream_is_resumed_behind_the_last_event(stack: Stack, follow: Follow) -> None:
    """A client that was cut off repeats the id of the last event that it saw, and misses nothing."""
    with follow(stack) as events:
        seen = [text for name, text in (next(events) for _ in range(5)) if name == "id"]
    with follow(stack, headers={"Last-Event-ID": seen[0]}) as events:
        assert [next_record(events)["i_account"] for _ in range(2)] == [190, 191]


@pytest.mark.parametrize("last", ["x", "-1", "1.5"])
def test_impossible_last_event_is_refused(
    control: str, http: requests.Session, error: Callable[..., str], last: str
) -> None:
    """An id that no event has is told instead of guessed at."""
    answer = http.get(f"{control}/journal/stream", headers={"Last-Event-ID": last})

    assert repr(last) in error(answer, 400)


def test_slow_client_is_told_what_it_missed(make_stack: Callable[..., Stack], follow: Follow) -> None:
    """What the journal dropped before it could be told is counted, and what is left follows."""
    # Of the three facts of the demo world, one is left.
    with make_stack(journal_capacity=1) as stack, follow(stack) as events:
        told = [next(events) for _ in range(4)]

    assert told[0] == ("comment", "following")
    assert told[1] == ("dropped", {"changes": 2})
    assert told[3][1]["i_account"] == 191


def test_stream_ends_when_the_stack_stops(make_stack: Callable[..., Stack], follow: Follow) -> None:
    """A follower is told that nothing more comes, and keeps no stack from stopping."""
    stack = make_stack()
    with stack, follow(stack, params={"since": 3}) as events:
        assert next(events) == ("comment", "following")
        closing = threading.Thread(target=stack.close)
        closing.start()
        rest = list(events)
        closing.join()

    assert rest == [("stopped", {})]


def test_stream_of_a_world_ends_with_it(stack: Stack, follow: Follow) -> None:
    """After a reset a follower connects again, and its last id leads to all of the new world."""
    with follow(stack) as events:
        last = [text for name, text in (next(events) for _ in range(7)) if name == "id"][-1]
        stack.reset()
        rest = list(events)
    with follow(stack, headers={"Last-Event-ID": last}) as events:
        first = next_record(events)

    assert rest == [("stopped", {})]
    assert (first["seq"], first["i_account"]) == (4, 189)


def test_silence_is_broken_by_heartbeats(journal: Journal) -> None:
    """A client, and whatever stands between, can tell a quiet stack from a lost one."""
    app = Flask("control")
    refuse_in_json(app, surprises=[])
    add_stream(app, journal, Slots(), heartbeat=0.01)

    answer = app.test_client().get("/journal/stream")
    said = list(islice(answer.response, 3))
    answer.close()

    assert said == [b": following\n\n", b": nothing new\n\n", b": nothing new\n\n"]


def test_client_that_leaves_gives_its_place_back(journal: Journal) -> None:
    """A place is free again as soon as its stream is closed, read or not."""
    app, slots = Flask("control"), Slots(1)
    refuse_in_json(app, surprises=[])
    add_stream(app, journal, slots)
    client = app.test_client()

    codes = []
    for _ in range(3):
        with client.get("/journal/stream") as answer:
            codes.append(answer.status_code)

    assert codes == [200, 200, 200]
