"""The journal over HTTP: listed by question, waited for, and followed as server-sent events."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from simulators.control.reading import Following, Listing, read_query
from simulators.journal import Changes, Journal, Record

# Requests that wait or follow at once: each keeps a thread of the server, and others must be served.
SLOTS: Final = 16
# Real seconds without a word after which a follower is told that the stack still runs.
HEARTBEAT: Final = 15.0
# Changes that are read from the journal at once: all that a follower ever holds.
PIECE: Final = 100


class Slots:
    """Places for requests that take long; who finds none is refused, so that short ones are still served."""

    def __init__(self, count: int = SLOTS) -> None:
        self._free = threading.Semaphore(count)

    def take(self) -> Callable[[], None]:
        """Take a place; gives what returns it.

        Raises:
            ServiceUnavailable: none is left.
        """
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable("Too many requests wait or follow already: end one, then ask again.")
        return self._free.release

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place for the length of a block."""
        release = self.take()
        try:
            yield
        finally:
            release()


def add_journal(app: Flask, journal: Journal, slots: Slots) -> None:
    """Add `GET /journal` to the control application."""

    @app.get("/journal")
    def listed() -> Response:
        asked = read_query(Listing)
        found = _waited_for(journal, asked, slots) if asked.wait else _found(journal, asked)
        return jsonify(
            records=[asdict(record) for record in found[: asked.limit]],
            more=len(found) > asked.limit,
            dropped=journal.dropped,
            last_seq=journal.last_seq,
        )


def add_stream(app: Flask, journal: Journal, slots: Slots, *, heartbeat: float = HEARTBEAT) -> None:
    """Add `GET /journal/stream` to the control application."""

    @app.get("/journal/stream")
    def stream() -> Response:
        asked, after = read_query(Following), _last_event_id()
        release = slots.take()
        events = _events(journal, asked, after=after, heartbeat=heartbeat)
        response = Response(events, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})
        response.call_on_close(release)
        return response


def _found(journal: Journal, asked: Listing) -> tuple[Record, ...]:
    """Whatever fits; without a question, whatever is left."""
    if asked.is_any:
        return journal.records(since=asked.since)
    return journal.find(asked, since=asked.since)


def _waited_for(journal: Journal, asked: Listing, slots: Slots) -> tuple[Record, ...]:
    """Whatever fits and is left, as soon as something does; an exchange counts once it is answered."""
    if asked.answered is None:
        asked = asked.model_copy(update={"answered": True})
    with slots.taken():
        journal.wait_for(asked, timeout=asked.wait, since=asked.since)
    return tuple(filter(asked, journal.records(since=asked.since)))


def _last_event_id() -> int:
    text = request.headers.get("Last-Event-ID", "0")
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest(f"Last-Event-ID is {text!r}: repeat the number of an event, or leave it out.")
    # Python itself refuses to read thousands of digits; no number is that long.
    return int(text[:20])


def _events(journal: Journal, asked: Following, *, after: int, heartbeat: float) -> Iterator[str]:
    """Each record as it is begun and as it is answered, until the stack stops."""
    # Sent at once, so that a client knows that it is connected.
    yield ": following\n\n"
    said = time.monotonic()
    while True:
        is_closed = journal.is_closed
        changes = journal.changes(after=after, limit=PIECE, timeout=heartbeat)
        told = "".join(_told(changes, asked))
        if told or time.monotonic() - said >= heartbeat:
            yield told or ": nothing new\n\n"
            said = time.monotonic()
        # What was written until the journal was closed is told first.
        if is_closed and changes.last == after:
            yield "event: stopped\ndata: {}\n\n"
            return
        after = changes.last


def _told(changes: Changes, asked: Following) -> Iterator[str]:
    if changes.lost:
        yield f"event: dropped\ndata: {json.dumps({'changes': changes.lost})}\n\n"
    for number, record in changes.records:
        if record.seq > asked.since and asked(record):
            yield f"id: {number}\ndata: {json.dumps(asdict(record))}\n\n"
