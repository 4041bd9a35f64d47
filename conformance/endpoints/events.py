"""The probes of duty 1: events that are malformed, of an unknown type, or from somebody else."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from conformance.endpoints.probes import Probe

# Of no vocabulary, and so handled by nobody.
UNKNOWN_TYPES: Final = ("Harness/Unknown", "Harness/Of/Many/Parts", "account/new", "Account/NewAccount")
# Deeper than any reader of JSON goes, and larger than any event is.
DEPTH: Final = 100_000
LARGE: Final = 1_000_000


def malformed_events(event_type: str, *, i_account: int, i_event: int) -> Iterator[Probe]:
    """Bodies that are no events of this type and account: no JSON, no object, a field amiss."""
    probe = partial(Probe, kind="malformed", operation="event", i_account=i_account)
    for case, body in _unreadable(event_type, i_account=i_account, i_event=i_event).items():
        yield probe(case=case, body=body)
    for case, value in _ill_typed(event_type, i_account=i_account, i_event=i_event).items():
        yield probe(case=case, body=json.dumps(value).encode())


def unknown_events(*, i_account: int, i_event: int) -> Iterator[Probe]:
    """Events of types that no target declares."""
    for number, event_type in enumerate(UNKNOWN_TYPES):
        yield Probe(
            kind="unknown-type",
            case=f"type {event_type!r}",
            operation="event",
            i_account=i_account,
            body=written_event(event_type, i_account=i_account, i_event=i_event + number),
        )


def unauthorized_events(event_type: str, *, i_account: int, i_event: int) -> Iterator[Probe]:
    """Well-formed events from senders without the agreed credentials."""
    shown: Mapping[str, Mapping[str, str]] = {
        "no credentials": {},
        "a wrong password": {"Authorization": "Basic ZXNwZjp3cm9uZw=="},
        "another user": {"Authorization": "Basic c29tZWJvZHk6b2ZmbGluZS1ldmVudHM="},
        "another method": {"Authorization": "Bearer offline-events"},
        "credentials that cannot be read": {"Authorization": "Basic !!!"},
        "empty credentials": {"Authorization": "Basic "},
    }
    for number, (case, headers) in enumerate(shown.items()):
        yield Probe(
            kind="unauthorized",
            case=case,
            operation="event",
            i_account=i_account,
            is_authorized=False,
            headers={"Content-Type": "application/json", **headers},
            body=written_event(event_type, i_account=i_account, i_event=i_event + number),
        )


def written_event(event_type: str, **variables: Any) -> bytes:
    """A well-formed event."""
    return json.dumps({"event_type": event_type, "variables": variables}).encode()


def _unreadable(event_type: str, **variables: Any) -> Mapping[str, bytes]:
    whole = written_event(event_type, **variables)
    return {
        "empty body": b"",
        "no JSON": b"event_type=Account%2FNew",
        "half a body": whole[: len(whole) // 2],
        "body twice": whole + whole,
        "invalid UTF-8": whole.replace(b"variables", b"variable\xff"),
        "nested too deeply": b"[" * DEPTH,
        "a megabyte that is never closed": b'{"event_type": "' + b"A" * LARGE,
    }


def _ill_typed(event_type: str, **variables: Any) -> Mapping[str, Any]:
    def event(**changes: Any) -> dict[str, Any]:
        return {"event_type": event_type, "variables": {**variables, **changes}}

    def without(name: str) -> dict[str, Any]:
        kept = {key: value for key, value in variables.items() if key != name}
        return {"event_type": event_type, "variables": kept}

    return {
        "a list": [event()],
        "a text": "Account/New",
        "null": None,
        "no event_type": {"variables": variables},
        "event_type is a number": {"event_type": 7, "variables": variables},
        "event_type is null": {"event_type": None, "variables": variables},
        "no variables": {"event_type": event_type},
        "variables is a list": {"event_type": event_type, "variables": [variables]},
        "no i_account": without("i_account"),
        "i_account is null": event(i_account=None),
        "i_account is a word": event(i_account="somebody"),
        "i_account is an object": event(i_account={"i_account": variables["i_account"]}),
        "i_event is a word": event(i_event="today"),
        "i_event is a list": event(i_event=[variables["i_event"]]),
    }
