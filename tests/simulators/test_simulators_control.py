"""The control API and its client: what drives a running stack from outside."""

from typing import Any

import pytest
import requests

from simulators.client import ControlClient
from simulators.errors import ClockHeldError, ControlError
from simulators.journal import Record
from simulators.records import derived_account
from simulators.stack import Stack

ACCOUNT = derived_account(1000).model_dump(mode="json")
ORDER = {
    "reference": "event-1",
    "action": "activate",
    "account": {"i_account": 189, "id": "12065550189@msisdn"},
    "services": ["HSS"],
    "notify_url": "http://127.0.0.1:1/notifications",
}


@pytest.fixture
def control(stack: Stack) -> str:
    """Where the control API of a running stack answers."""
    return f"{stack.addresses.control}/_sim"


def error(answer: requests.Response, *, status: int = 400) -> str:
    """The sentence with which the API refused."""
    assert answer.status_code == status
    return str(answer.json()["error"])


def test_health_answers_as_soon_as_the_stack_runs(control: str, http: requests.Session) -> None:
    """A pipeline can wait for it."""
    answer = http.get(f"{control}/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_what_is_not_there_is_told(control: str, http: requests.Session) -> None:
    """A path or a method that there is none of is refused with those that there are."""
    assert "no /_sim/plan: /_sim/openapi.json" in error(http.get(f"{control}/plan"), status=404)
    assert "clock/advance: it takes POST" in error(http.get(f"{control}/clock/advance"), status=405)


def test_accounts_are_listed_and_added(stack: Stack, control: str, http: requests.Session) -> None:
    """A new account is 201 with its data, is listed last, and is a fact of the journal."""
    added = http.post(f"{control}/accounts", json=ACCOUNT)

    listed = http.get(f"{control}/accounts").json()["accounts"]
    assert (added.status_code, added.json()) == (201, ACCOUNT)
    assert [account["i_account"] for account in listed] == [189, 190, 191, 1000]
    assert listed[-1] == ACCOUNT
    assert [(record.operation, record.i_account) for record in stack.journal.records()][-1:] == [
        ("account", 1000)
    ]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**ACCOUNT, "i_account": 0, "imsi": "x"}, "imsi: "),
        ({**ACCOUNT, "colour": "red"}, "colour: this key is not known"),
        ({}, "i_account: this key is required"),
        ({**ACCOUNT, "i_account": "1000"}, "i_account: Input should be a valid integer"),
        ({**ACCOUNT, "iccid": ""}, "iccid and imsi belong together"),
        ([], "Input should be an object"),
        (None, "Invalid JSON"),
    ],
)
def test_impossible_account_is_refused(
    stack: Stack, control: str, http: requests.Session, body: Any, named: str
) -> None:
    """The refusal names every mistake, and neither world nor journal has changed."""
    before = stack.journal.records()

    assert named in error(http.post(f"{control}/accounts", json=body))
    assert len(stack.world.accounts) == 3
    assert stack.journal.records() == before


@pytest.mark.parametrize("taken", [{"i_account": 189}, {"id": "12065550189@msisdn"}])
def test_taken_account_is_a_conflict(
    stack: Stack, control: str, http: requests.Session, taken: dict[str, Any]
) -> None:
    """A number or an ID that another account has is 409 with the value, and changes nothing."""
    told = error(http.post(f"{control}/accounts", json={**ACCOUNT, **taken}), status=409)

    assert str(*taken.values()) in told
    assert "is taken" in told
    assert len(stack.world.accounts) == 3


def test_clock_is_shown_and_advanced(stack: Stack, control: str, http: requests.Session) -> None:
    """It tells mode, time and pending timers, and an advance answers when what fell due is over."""
    fired: list[float] = []
    stack.clock.call_later(600, lambda: fired.append(stack.clock.now()), label="ten minutes")
    stack.clock.call_later(3600, lambda: None, label="an hour")

    before = http.get(f"{control}/clock").json()
    after = http.post(f"{control}/clock/advance", json={"seconds": 600}).json()

    hour = {"due": "2026-01-01T01:00:00Z", "label": "an hour"}
    assert before == {
        "mode": "manual",
        "now": "2026-01-01T00:00:00Z",
        "pending": 2,
        "next": [{"due": "2026-01-01T00:10:00Z", "label": "ten minutes"}, hour],
        "held_by": [],
    }
    assert after == {
        "mode": "manual",
        "now": "2026-01-01T00:10:00Z",
        "pending": 1,
        "next": [hour],
        "held_by": [],
    }
    assert len(fired) == 1


def test_clock_names_what_holds_it(stack: Stack, control: str, http: requests.Session) -> None:
    """Whoever wonders why time stands still reads what is under way."""
    with stack.in_flight.hold("a call that is expected"):
        held_by = http.get(f"{control}/clock").json()["held_by"]

    assert held_by == ["a call that is expected"]


def test_clock_with_many_timers_shows_the_next_ones(
    stack: Stack, control: str, http: requests.Session
) -> None:
    """However many are pending, the answer is short: their count, and as many as asked for."""
    timers = [
        stack.clock.call_later(1000 - number, lambda: None, label=f"{number}") for number in range(1000)
    ]
    timers[998].cancel()

    shown = http.get(f"{control}/clock").json()
    asked = http.get(f"{control}/clock", params={"limit": 2}).json()

    assert (shown["pending"], len(shown["next"])) == (999, 10)
    assert [timer["label"] for timer in asked["next"]] == ["999", "997"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"seconds": "600"},
        {"seconds": True},
        {"seconds": None},
        {"seconds": -1},
        {"seconds": 1e12},
    ],
)
def test_impossible_advance_is_refused(control: str, http: requests.Session, body: Any) -> None:
    """A step that is no number, or that the clock cannot make, changes nothing."""
    assert error(http.post(f"{control}/clock/advance", json=body))
    assert http.get(f"{control}/clock").json()["now"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", "-Infinity"])
def test_advance_by_no_number_is_refused(control: str, http: requests.Session, seconds: str) -> None:
    """What some JSON writers print for a number that is none is refused too."""
    answer = http.post(
        f"{control}/clock/advance",
        data=f'{{"seconds": {seconds}}}',
        headers={"Content-Type": "application/json"},
    )

    assert "seconds: " in error(answer)


def test_statuses_are_listed_with_their_virtual_time(
    stack: Stack, control: str, http: requests.Session
) -> None:
    """The last status of each account and group is shown, and nothing before any was stored."""
    assert http.get(f"{control}/statuses").json() == {"statuses": []}
    account = stack.world.accounts[0]
    for status in ("IN_PROGRESS", "OK"):
        stack.clock.advance(minutes=1)
        stack.espf.update(account, {"status": status, "group": "HSS", "message": "done"})

    none = http.get(f"{control}/statuses", params={"i_account": 190}).json()
    assert none == {"statuses": []}
    assert http.get(f"{control}/statuses").json()["statuses"] == [
        {
            "i_account": 189,
            "group": "HSS",
            "status": "OK",
            "message": "done",
            "stored_at": "2026-01-01T00:02:00Z",
        }
    ]


def test_statuses_are_listed_by_account_and_group(stack: Stack, control: str, http: requests.Session) -> None:
    """However they came, the table reads the same."""
    first, second, _ = stack.world.accounts
    for account, group in ((second, "HSS"), (first, "PCRF"), (first, "HSS")):
        stack.espf.update(account, {"status": "OK", "group": group})

    listed = http.get(f"{control}/statuses").json()["statuses"]

    assert [(report["i_account"], report["group"]) for report in listed] == [
        (189, "HSS"),
        (189, "PCRF"),
        (190, "HSS"),
    ]


def test_orders_are_listed(stack: Stack, control: str, http: requests.Session) -> None:
    """An accepted order shows its number, what was asked, and when it was accepted."""
    headers = {"Authorization": "Bearer offline-oms"}
    placed = http.post(f"{stack.addresses.oms}/orders", json=ORDER, headers=headers).json()

    (order,) = http.get(f"{control}/orders").json()["orders"]
    assert (order["order_id"], order["accepted_at"]) == (placed["order_id"], "2026-01-01T00:00:00Z")
    assert order["request"] == ORDER
    assert order["states"] == {"HSS": "accepted"}
    for name, value, count in (("i_account", 190, 0), ("i_account", 189, 1), ("reference", "event-1", 1)):
        listed = http.get(f"{control}/orders", params={name: value}).json()["orders"]
        assert len(listed) == count


def test_journal_is_read_from_a_number_on(stack: Stack, control: str, http: requests.Session) -> None:
    """Records are those of the stack's own journal, and reading them makes no new ones."""
    everything = http.get(f"{control}/journal").json()
    rest = http.get(f"{control}/journal", params={"since": 2}).json()

    assert [Record(**record) for record in everything["records"]] == list(stack.journal.records())
    assert everything["dropped"] == 0
    assert [record["i_account"] for record in rest["records"]] == [191]


def test_client_says_what_the_api_says(stack: Stack) -> None:
    """A program drives a stack with a client instead of requests of its own."""
    client, since = ControlClient(stack.addresses.control + "/"), stack.journal.last_seq

    event = client.emit("Account/New", i_account=189)
    clock = client.advance(seconds=60)

    assert event["variables"] == {"i_account": 189}
    assert clock["now"] == "2026-01-01T00:01:00Z"
    assert client.statuses() == []
    assert [record["operation"] for record in client.journal(since=since)] == ["event"]
    assert list(client.journal(since=since + 1)) == []


def test_client_repeats_why_the_stack_refuses(stack: Stack) -> None:
    """The stack's own sentence reaches the user."""
    with pytest.raises(ControlError, match=r"refused: seconds: .* equal to 0 \(given: -1\)"):
        ControlClient(stack.addresses.control).advance(seconds=-1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense"])
def test_client_without_a_stack_says_how_to_start_one(url: str) -> None:
    """Nothing there is told with the address and the two ways out."""
    with pytest.raises(ControlError, match=f"Nothing answers as a stack at {url}: .*`espf-simulators up`"):
        ControlClient(url).statuses()


def test_client_at_another_simulator_s_address_is_told(stack: Stack) -> None:
    """The OMS and the web host are no control address, and their answers are not taken for one."""
    for url in (stack.addresses.portabilling, stack.addresses.oms):
        with pytest.raises(ControlError, match=url):
            ControlClient(url).statuses()


def test_held_clock_is_503(stack: Stack, control: str, http: requests.Session) -> None:
    """A clock that stays held is the stack's trouble, not the caller's mistake."""
    stack.clock.advance = held  # type: ignore[method-assign]

    assert "held by" in error(http.post(f"{control}/clock/advance", json={"seconds": 1}), status=503)


def held(**_: Any) -> float:
    """Stand for a deadline that has passed."""
    raise ClockHeldError("held by: a test")
