"""What the control API changes of a running stack: the mode of its clock, and its accounts."""

from collections.abc import Callable

import pytest
import requests

from simulators.stack import Stack

Refused = Callable[[requests.Response, int], str]


def test_clock_goes_on_in_another_mode(stack: Stack, control: str, http: requests.Session) -> None:
    """A clock that stood still runs by itself from where it stood, and fires what falls due."""
    begun = stack.clock.now()
    with stack.guard:
        stack.clock.call_later(3600, lambda: None, label="an hour")

    told = http.post(f"{control}/clock/mode", json={"mode": "auto"}).json()
    stack.clock.wait_idle(deadline=10)

    assert told["mode"] == "auto"
    assert stack.clock.now() - begun == pytest.approx(3600)


@pytest.mark.parametrize("mode", ["real", "scaled:0.05", "scaled:1.5", "scaled:1000000"])
def test_every_mode_of_the_command_line_is_taken(control: str, http: requests.Session, mode: str) -> None:
    """What `--clock` takes at the start can be switched to later."""
    assert http.post(f"{control}/clock/mode", json={"mode": mode}).json()["mode"] == mode


@pytest.mark.parametrize("mode", ["", "fast", "scaled:1e7", "scaled:0", "scaled:-1", 60, None])
def test_unknown_mode_changes_nothing(
    stack: Stack, control: str, http: requests.Session, error: Refused, mode: object
) -> None:
    """A mode that does not exist is refused by name, and the clock goes on as it did."""
    answer = http.post(f"{control}/clock/mode", json={"mode": mode})

    assert "mode" in error(answer, 400)
    assert stack.clock.mode.name == "manual"


def test_account_is_changed_without_an_event(stack: Stack, control: str, http: requests.Session) -> None:
    """The named fields change, the others stay, the journal tells of it, and nobody is sent anything."""
    answer = http.patch(f"{control}/accounts/189", json={"bill_status": "S", "blocked": True})

    account = stack.world.account(189)
    assert account
    assert (account.bill_status, account.blocked, account.id) == ("S", True, "12065550189@msisdn")
    assert answer.json() == account.model_dump(mode="json")
    assert stack.journal.records()[-1].detail["bill_status"] == "S"
    assert not stack.emitter.events(since=0, limit=1)


@pytest.mark.parametrize(
    ("path", "body", "refused"),
    [
        ("/accounts/189", {"bill_status": "X"}, (400, "bill_status")),
        ("/accounts/189", {"i_account": 7}, (400, "i_account")),
        ("/accounts/189", [], (400, "object")),
        ("/accounts/999", {"blocked": True}, (404, "999")),
    ],
)
def test_account_that_cannot_be_changed_stays(
    stack: Stack, http: requests.Session, path: str, body: object, refused: tuple[int, str]
) -> None:
    """What is not possible is named, and changes nothing."""
    before = stack.world.account(189)

    answer = http.patch(f"{stack.addresses.control}/_sim{path}", json=body)

    assert (answer.status_code, refused[1] in answer.json()["error"]) == (refused[0], True)
    assert stack.world.account(189) == before


def test_open_orders_are_those_that_await_an_outcome(
    stack: Stack, control: str, http: requests.Session
) -> None:
    """An order is open until each of its services has come to its end."""
    order = {
        "reference": "event-1",
        "action": "activate",
        "account": {"i_account": 189, "id": "12065550189@msisdn"},
        "services": ["HSS"],
        "notify_url": "http://127.0.0.1:1/notifications",
    }
    headers = {"Authorization": "Bearer offline-oms"}
    order_id = http.post(f"{stack.addresses.oms}/orders", json=order, headers=headers).json()["order_id"]
    assert [one["order_id"] for one in http.get(f"{control}/orders?open=true").json()["orders"]] == [order_id]

    http.post(f"{control}/orders/{order_id}/notify", json={"service": "HSS", "state": "completed"})

    assert http.get(f"{control}/orders?open=true").json()["orders"] == []
    assert len(http.get(f"{control}/orders?open=false").json()["orders"]) == 1
