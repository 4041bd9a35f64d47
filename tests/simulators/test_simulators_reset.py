"""Reset: the world is as it was loaded, and nothing of the former one is ever seen in the new one."""

import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import pytest
import requests

from simulators.clock import FIXED_START
from simulators.oms.plans import Plan
from simulators.oms.settings import OmsSettings
from simulators.settings import StackSettings
from simulators.stack import Stack

PATIENCE: Final = 10.0
LOGIN: Final = {"login": "provisioner", "password": "offline-only"}
BASIC: Final = ("provisioner", "offline-only")
OPEN_REQUESTS: Final = 20
ARRIVING: Final = 10
TIMERS: Final = 1000


def order(reference: str, *, notify_url: str) -> dict[str, Any]:
    """An order for account 189's HSS."""
    account = {"i_account": 189, "id": "a", "msisdn": "", "imsi": "", "iccid": ""}
    return {
        "reference": reference,
        "action": "activate",
        "account": account,
        "services": ["HSS"],
        "notify_url": notify_url,
    }


def place(stack: Stack, reference: str, *, notify_url: str) -> requests.Response:
    """Place an order over HTTP."""
    token = {"Authorization": "Bearer offline-oms"}
    body = order(reference, notify_url=notify_url)
    return requests.post(f"{stack.addresses.oms}/orders", json=body, headers=token, timeout=PATIENCE)


def ask(stack: Stack, method: str, body: dict[str, Any]) -> Any:
    """Call a method of the JSON API."""
    url = f"{stack.addresses.portabilling}/rest/{method}"
    return requests.post(url, json=body, timeout=PATIENCE).json()


@pytest.fixture(name="silent_url")
def _silent_url() -> Iterator[str]:
    """Where a provisioner takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=OPEN_REQUESTS * 2) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/notifications"


def test_world_is_as_it_was_loaded(stack: Stack, provisioner_url: str) -> None:
    """Changes, statuses, groups, orders and the time that has passed are gone."""
    espf = f"{stack.addresses.portabilling}/espf/v1"
    change = {"account_info": {"i_account": 189, "id": "changed"}}
    ask(stack, "Account/update_account", {"auth_info": LOGIN, "params": change})
    requests.post(f"{espf}/group/create", json={"name": "IOT"}, auth=BASIC, timeout=PATIENCE)
    status = {"status": "OK", "group": "HSS"}
    requests.post(f"{espf}/account/i/189/status", json=status, auth=BASIC, timeout=PATIENCE)
    place(stack, "r", notify_url=provisioner_url)
    stack.clock.advance(hours=1)

    stack.reset()

    account = stack.world.account(189)
    assert account is not None
    assert account.id == "12065550189@msisdn"
    assert (stack.espf.stored(), stack.oms.orders(), "IOT" in stack.world.groups) == ((), (), False)
    assert (stack.clock.now(), stack.clock.pending()) == (FIXED_START, ())
    assert {record.kind for record in stack.journal.records()} == {"fact"}


def test_sessions_of_the_former_world_are_dead(stack: Stack) -> None:
    """An access token from before is no token, so that a provisioner logs in again."""
    token = ask(stack, "Session/login", {"params": LOGIN})["access_token"]
    url = f"{stack.addresses.portabilling}/rest/Account/get_account_info"
    bearer = {"Authorization": f"Bearer {token}"}

    stack.reset()

    answer = requests.post(url, json={"params": {"i_account": 189}}, headers=bearer, timeout=PATIENCE)
    assert answer.status_code == 500
    assert answer.json()["faultcode"].startswith("Client.Session.check_auth.")


def test_numbers_go_on(stack: Stack, received: list[tuple[Mapping[str, str], Any]]) -> None:
    """A provisioner that remembers events would take one with a known number for one sent again."""
    first = stack.emitter.emit("Account/New", i_account=189)
    stack.clock.advance()

    since = stack.reset()

    second = stack.emitter.emit("Account/New", i_account=189)
    stack.clock.advance()
    assert (first.i_event, second.i_event) == (1, 2)
    assert [body["variables"]["i_event"] for _, body in received] == [1, 2]
    assert stack.journal.records()[0].seq == since + 1
    assert stack.journal.records(since=since) == stack.journal.records()


def test_nothing_is_seen_of_timers_and_open_requests(
    make_stack: Callable[..., Stack], silent_url: str, received: list[tuple[Mapping[str, str], Any]]
) -> None:
    """A thousand timers never fire, and of what is held or still arriving nothing is done or recorded."""
    with make_stack(oms=OmsSettings(early=PATIENCE)) as stack, ThreadPoolExecutor(OPEN_REQUESTS) as clients:
        stack.emitter.emit("Account/New", i_account=189)
        stack.clock.advance()
        received.clear()
        stack.oms.plan(Plan(early=True))
        held = [
            clients.submit(place, stack, f"old {number}", notify_url=silent_url)
            for number in range(OPEN_REQUESTS)
        ]
        assert stack.journal.wait_until(lambda: len(stack.oms.orders()) == OPEN_REQUESTS, timeout=PATIENCE)
        for number in range(TIMERS):
            stack.clock.call_later(number, partial(stack.emitter.resend, 1), label="old")
        arriving = [_half_a_status(stack) for _ in range(ARRIVING)]

        stack.reset()

        assert {answer.result(PATIENCE).status_code for answer in held} == {503}
        assert {_answer_to(client) for client in arriving} == {b"HTTP/1.1 503 Service Unavailable"}
        stack.clock.advance(seconds=2 * TIMERS)
        assert (stack.espf.stored(), stack.oms.orders(), stack.journal.exchanges()) == ((), (), ())
        assert (received, stack.in_flight.holders) == ([], ())


def _half_a_status(stack: Stack) -> socket.socket:
    """Begin to send a status, of which the server has taken the head."""
    body = b"status=OK&group=HSS"
    head = (
        "POST /espf/v1/account/i/189/status HTTP/1.1\r\nHost: x\r\n"
        "Authorization: Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    ).encode()
    host, port = stack.addresses.portabilling.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=PATIENCE)
    client.sendall(head)
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body[:6])
    return client


def _answer_to(client: socket.socket) -> bytes:
    with client, client.makefile("rb") as answered:
        return answered.readline().rstrip()


@pytest.mark.parametrize("clock", ["real", "auto", "scaled:60"])
def test_event_that_nobody_answers_does_not_hold_a_reset(silent_url: str, clock: str) -> None:
    """What is sent and unanswered is cut, and its resend belongs to the former world."""
    with Stack(StackSettings(clock=clock, events_url=silent_url)) as stack:
        stack.emitter.emit("Account/New", i_account=189)

        stack.reset()

        assert stack.in_flight.wait_quiet(0.0, timeout=PATIENCE)
        assert (stack.clock.pending(), stack.journal.exchanges()) == ((), ())


def test_reset_over_http_gives_where_the_new_journal_begins(stack: Stack) -> None:
    """A follower of the journal goes on from the number that it is given."""
    stack.emitter.emit("Account/New", i_account=189)
    stack.clock.advance()
    url = f"{stack.addresses.control}/_sim/reset"

    since = requests.post(url, timeout=PATIENCE).json()["since"]

    refused = requests.get(url, timeout=PATIENCE)
    assert (refused.status_code, refused.headers["Allow"], list(refused.json())) == (405, "POST", ["error"])
    assert stack.journal.records()[0].seq == since + 1
    assert stack.journal.exchanges() == ()
