"""The probes of duty 4 in the dialect `simple`: notifications that cannot be read, or of no known order."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.endpoints.probes import Probe

# What a notification says when nothing is wrong with it: newer than all else, so that age is no excuse.
_TOLD: Final = {"state": "completed", "message": "", "occurred_at": "2036-01-01T00:00:00Z"}


def malformed_notifications(told: Mapping[str, str], *, i_account: int) -> Iterator[Probe]:
    """Bodies that say nothing readable of an order; `told` names it by order_id, reference and service."""
    for case, body in {**_unreadable(told), **_ill_typed(told)}.items():
        # Each is a notification of its own, so that it is not passed over as one that comes again.
        named = body.replace(b"probe", f"probe {i_account} {case}".encode())
        yield Probe(kind="malformed", case=case, operation="notification", i_account=i_account, body=named)


def unknown_notifications(service: str, *, i_account: int) -> Iterator[Probe]:
    """Well-formed notifications about orders that were never made."""
    names: Mapping[str, Mapping[str, str]] = {
        "an unknown order": {"order_id": "unknown-order", "reference": "unknown-reference"},
        "an empty reference": {"order_id": "unknown-order", "reference": ""},
    }
    for state in ("completed", "failed"):
        for case, name in names.items():
            told = {**name, "notification_id": f"probe {i_account} {case} {state}", "service": service}
            yield Probe(
                kind="unknown-order",
                case=f"{state} of {case}",
                operation="notification",
                i_account=i_account,
                body=written_notification(told, state=state),
            )


def written_notification(told: Mapping[str, str], *, state: str) -> bytes:
    """A well-formed notification."""
    return json.dumps({"notification_id": "probe", **told, **_TOLD, "state": state}).encode()


def _unreadable(told: Mapping[str, str]) -> Mapping[str, bytes]:
    whole = written_notification(told, state="failed")
    return {
        "empty body": b"",
        "no JSON": b"state=failed",
        "half a body": whole[: len(whole) // 2],
        "invalid UTF-8": whole.replace(b'"failed"', b'"faile\xff"'),
    }


def _ill_typed(told: Mapping[str, str]) -> Mapping[str, bytes]:
    whole: dict[str, Any] = {"notification_id": "probe", **told, **_TOLD}
    values: Mapping[str, Any] = {
        "a list": [whole],
        "null": None,
        "no state": {name: value for name, value in whole.items() if name != "state"},
        "an unknown state": {**whole, "state": "finished"},
        "state is a number": {**whole, "state": 1},
        "state is an object": {**whole, "state": {"state": "completed"}},
        "no order": {"notification_id": "probe", "service": told["service"], **_TOLD},
        "service is a number": {**whole, "service": 5},
    }
    return {case: json.dumps(value).encode() for case, value in values.items()}
