"""OMS dialects: a user's own is loaded by `module:Class`, and may differ from `simple` in everything."""

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.errors import DialectError
from simulators.oms.dialect import load_dialect
from simulators.oms.settings import OmsSettings
from simulators.oms.simple import SimpleDialect
from simulators.stack import Stack

KEY = {"X-Api-Key": "offline-oms"}
ORDER = {
    "externalId": "r-1",
    "relatedParty": [{"role": "subscriber", "id": "189", "name": "12065550189@msisdn"}],
    "serviceOrderItem": [
        {"action": "add", "service": {"name": "HSS"}},
        {"action": "add", "service": {"name": "PCRF"}},
    ],
}


@pytest.fixture
def hub_stack(make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose OMS speaks the dialect of this folder."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "dialects")
    return make_stack(oms=OmsSettings(dialect="hub_dialect:HubDialect"))


def test_dialect_of_another_kind_carries_a_whole_story(
    hub_stack: Stack,
    http: requests.Session,
    provisioner_url: str,
    received: list[tuple[Mapping[str, str], Any]],
    answers: deque[int],
) -> None:
    """Hub, other path, 201, one event per order, and a receipt that only 204 is."""
    answers.extend([200, 204])
    with hub_stack as stack:
        hub = http.post(f"{stack.addresses.oms}/v1/hub", json={"callback": provisioner_url}, headers=KEY)
        order = http.post(f"{stack.addresses.oms}/v1/serviceOrder", json=ORDER, headers=KEY)
        stack.clock.advance(hours=2)

        (accepted,) = stack.oms.orders()
        assert (hub.status_code, order.status_code) == (201, 201)
        assert order.headers["Location"] == f"/v1/serviceOrder/{accepted.order_id}"
        assert (accepted.request.action, accepted.request.account["i_account"]) == ("activate", 189)
        (_, event), (_, again) = received
        assert event == again
        assert event["event"]["serviceOrder"]["serviceOrderItem"] == [
            {"service": "HSS", "state": "completed"},
            {"service": "PCRF", "state": "completed"},
        ]
        told = [record.detail for record in stack.journal.records() if record.operation == "notification"]
        assert [(one["service"], one["state"]) for one in told] == [("PCRF", "completed")] * 2
        assert told[0] == told[1]


def test_order_before_the_hub_is_refused(hub_stack: Stack, http: requests.Session) -> None:
    """Where nobody said where to notify, an order cannot be taken; and the refusal is the dialect's own."""
    with hub_stack as stack:
        refused = http.post(f"{stack.addresses.oms}/v1/serviceOrder", json=ORDER, headers=KEY)
        unknown = http.post(f"{stack.addresses.oms}/v1/serviceOrder", json={}, headers=KEY)
        stranger = http.post(f"{stack.addresses.oms}/v1/serviceOrder", json=ORDER)

        assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
        assert (unknown.status_code, unknown.json()["code"]) == (422, "23")
        assert (stranger.status_code, stranger.json()["code"]) == (403, "60")
        assert stack.oms.orders() == ()


def test_simple_is_known_by_its_name() -> None:
    """The built-in dialect needs no module."""
    assert isinstance(load_dialect("simple"), SimpleDialect)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tmf", "cannot be loaded"),
        ("no_such_module:Dialect", "No module named 'no_such_module'"),
        ("simulators.oms.simple:Missing", "Missing"),
        ("json:JSONDecoder", "lacks read_order"),
        ("", "cannot be loaded"),
    ],
)
def test_impossible_dialect_is_refused(name: str, reason: str) -> None:
    """The message names what was asked for, why it cannot be used, and what can."""
    with pytest.raises(DialectError, match=reason) as refused:
        load_dialect(name)

    assert repr(name) in str(refused.value)
