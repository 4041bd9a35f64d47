"""The web skin of the event emitter, a part of the control API: emit events, read what became of them."""

import json
from dataclasses import asdict
from typing import Any, Final

from flask import Flask, Response, jsonify, request

from simulators.control.reading import Events, read_query
from simulators.emitter.core import Emitter, Event

# What each handler was told, and what became of that; its deliveries stand among those of the event.
_HANDLER_FIELDS: Final = ("event_type", "variables", "fate", "attempts")


def add_events(app: Flask, core: Emitter) -> None:
    """Add `/events` to the control application."""

    @app.post("/events")
    def emit() -> tuple[Response, int]:
        body: Any = request.get_json(force=True, silent=True)
        mistake = _mistake(body)
        if mistake:
            return jsonify(error=mistake), 400
        event = core.emit(body["event_type"], **body["variables"])
        return jsonify(_as_json(event)), 201

    @app.get("/events")
    def events() -> Response:
        asked = read_query(Events)
        # One more than asked for tells whether there are more.
        found = core.events(since=asked.since, limit=asked.limit + 1)
        listed = [_as_json(event) for event in found[: asked.limit]]
        return jsonify(events=listed, more=len(found) > asked.limit)

    @app.get("/events/<int:i_event>")
    def deliveries(i_event: int) -> tuple[Response, int]:
        event = core.event(i_event)
        if event is None:
            return jsonify(error=f"No event has i_event {i_event}."), 404
        return jsonify(_as_json(event)), 200


def _mistake(body: Any) -> str | None:
    if not isinstance(body, dict) or not isinstance(body.get("event_type"), str):
        return 'The body must be JSON like {"event_type": "Account/New", "variables": {"i_account": 189}}.'
    if not isinstance(body.get("variables"), dict):
        given = json.dumps(body.get("variables"))
        return f'variables is {given}: an object such as {{"i_account": 189}} is required.'
    if unknown := body.keys() - {"event_type", "variables"}:
        named = ", ".join(sorted(unknown))
        return f"{named}: this key is not known; what an event carries stands in variables."
    if "i_event" in body["variables"]:
        return "variables holds i_event: the emitter numbers its events itself, so leave it out."
    return None


def _as_json(event: Event) -> dict[str, Any]:
    told = asdict(event)
    handlers = [
        {"name": handling.pop("handler"), **{name: handling[name] for name in _HANDLER_FIELDS}}
        for handling in told.pop("handlings")
    ]
    deliveries = [asdict(delivery) for delivery in event.deliveries]
    return {**told, "fate": event.fate, "deliveries": deliveries, "handlers": handlers}
