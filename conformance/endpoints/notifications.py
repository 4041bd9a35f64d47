"""The probes of duty 4 in the dialect `simple`: notifications that cannot be read, or of no known order."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.endpoints.probes import Probe

# What a notification says when nothing is wrong with it.
_TOLD: Final = {"state": "completed", "message": "", "occurred_at": "2026-01-01T00:20:00Z"}


def malformed_notifications(told: Mapping[str, str], *, i_account: int) -> Iterator[Probe]:
    """Bodies that say nothing readable of an order; `told` names it by order_id, reference and service."""
    whole = written_notification(told, state="completed")
    unreadable = {
        "empty body": b"",
        "no JSON": b"state=completed",
        "half a body": whole[: len(whole) // 2],
        "invalid UTF-8": whole.replace(b'"completed"', b'"complete\xff"'),
        **{case: json.dumps(value).encode() for case, value in _ill_typed(told).items()},
    }
    for case, body in unreadable.items():
        yield Probe(kind="malformed", case=case, operation="notification", i_account=i_account, body=body)


def unknown_notifications(service: str, *, i_account: int) -> Iterator[Probe]:
    """Well-formed notifications about orders that were never made."""
    names: Mapping[str, Mapping[str, str]] = {
        "an unknown order": {"order_id": "unknown-order", "reference": "unknown-reference"},
        "an empty reference": {"order_id": "unknown-order", "reference": ""},
    }
    for state in ("completed", "failed"):
        for case, name in names.items():
            told = {"notification_id": f"probe {state}", **name, "service": service, **_TOLD, "state": state}
            yield Probe(
                kind="unknown-order",
                case=f"{state} of {case}",
                operation="notification",
                i_account=i_account,
                body=json.dumps(told).encode(),
            )


def written_notification(told: Mapping[str, str], *, state: str) -> bytes:
    """A well-formed notification."""
    return json.dumps({"notification_id": "probe", **told, **_TOLD, "state": state}).encode()


def _ill_typed(told: Mapping[str, str]) -> Mapping[str, Any]:
    whole: dict[str, Any] = {"notification_id": "probe", **told, **_TOLD}
    return {
        "a list": [whole],
        "null": None,
        "no state": {name: value for name, value in whole.items() if name != "state"},
        "an unknown state": {**whole, "state": "finished"},
        "state is a number": {**whole, "state": 1},
        "state is an object": {**whole, "state": {"state": "completed"}},
        "no order": {"notification_id": "probe", "service": told["service"], **_TOLD},
        "service is a number": {**whole, "service": 5},
    }
