"""The stack: all simulators on addresses of their own, and nothing left when it ends."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from simulators.errors import AddressError, ClockError, StackError, WorldError
from simulators.records import derived_account
from simulators.settings import StackSettings
from simulators.stack import Stack

PATIENCE = 10.0


def refuses(url: str) -> bool:
    """Whether nothing listens at an address any more."""
    address = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((str(address.hostname), address.port or 0)) != 0


def test_two_stacks_run_at_once_and_share_nothing(
    make_stack: Callable[..., Stack], http: requests.Session
) -> None:
    """Each has addresses, accounts, a clock and a journal of its own."""
    with make_stack() as one, make_stack(clock="manual") as other:
        one.add_account(derived_account(1000))
        one.clock.advance(hours=1)

        urls = {url for stack in (one, other) for url in vars(stack.addresses).values()}
        assert len(urls) == 6
        assert all(url.startswith("http://127.0.0.1:") for url in urls)
        assert http.get(f"{one.addresses.control}/_sim/clock").json()["now"] == "2026-01-01T01:00:00Z"
        assert http.get(f"{other.addresses.control}/_sim/clock").json()["now"] == "2026-01-01T00:00:00Z"
        assert other.world.account(1000) is None
        assert one.journal.last_seq == other.journal.last_seq + 1


def test_close_ends_all_threads_and_frees_all_ports(
    make_stack: Callable[..., Stack], http: requests.Session
) -> None:
    """After a stack that was used nothing runs and nothing listens."""
    before = set(threading.enumerate())
    with make_stack(clock="auto") as stack:
        http.post(f"{stack.addresses.control}/_sim/events", json={"event_type": "A", "variables": {}})
        assert stack.journal.wait_for(lambda record: record.status == 200, timeout=PATIENCE)
        assert len(threading.enumerate()) > len(before)

    assert set(threading.enumerate()) <= before
    assert all(refuses(url) for url in vars(stack.addresses).values())


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_port_in_use_is_told_and_leaves_nothing_behind(taken: int) -> None:
    """Whichever of the three ports is taken, the error names it, and no thread or listener is left."""
    before = set(threading.enumerate())
    with ExitStack() as resources:
        base = free_block(resources, taken)
        message = f"Port {base + taken} on 127.0.0.1 is in use"

        with pytest.raises(AddressError, match=message), Stack(StackSettings(port_base=base)):
            pytest.fail("a stack came up on a port in use")

        others = [base + offset for offset in range(3) if offset != taken]
        assert all(refuses(f"http://127.0.0.1:{port}") for port in others)
    assert set(threading.enumerate()) <= before


def free_block(resources: ExitStack, taken: int) -> int:
    """Find three ports in a row that are free but for one, which this test then holds."""
    for _ in range(100):
        listener = resources.enter_context(socket.create_server(("127.0.0.1", 0)))
        base = int(listener.getsockname()[1]) - taken
        others = [base + offset for offset in range(3) if offset != taken]
        if all(can_listen(port) for port in others):
            return base
    raise AssertionError("This machine has no three free ports in a row.")


def can_listen(port: int) -> bool:
    """Whether a port is free."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_port_base_moves_all_three_addresses() -> None:
    """Control comes first, then PortaBilling's web host, then the OMS, under the advertised name."""
    with ExitStack() as resources:
        base = free_block(resources, 0)
        # Given back, so that the stack can have it.
        resources.close()
        with Stack(StackSettings(port_base=base, advertise="localhost")) as stack:
            assert vars(stack.addresses) == {
                "control": f"http://localhost:{base}",
                "portabilling": f"http://localhost:{base + 1}",
                "oms": f"http://localhost:{base + 2}",
            }


def provoke(stack: Stack, http: requests.Session, path: str) -> None:
    """Meet a defect with a request that is answered and journaled like any other."""
    host = stack.addresses.oms if path == "/orders" else stack.addresses.portabilling
    answer = http.post(f"{host}{path}", json={"params": {}})

    assert answer.status_code == 500
    assert [record.status for record in stack.journal.exchanges()] == [500]
    assert stack.in_flight.wait_quiet(0.0, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("part", "method", "path"),
    [
        ("portabilling", "handle", "/rest/Session/login"),
        ("espf", "account_of", "/espf/v1/account/i/189/status"),
        ("oms", "handle", "/orders"),
    ],
)
def test_surprise_is_raised_at_the_end(  # noqa: PLR0917 - fixtures, which pytest passes by name
    make_stack: Callable[..., Stack],
    http: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    method: str,
    path: str,
) -> None:
    """A defect of a simulator is answered 500, told when the stack ends, and everything is closed."""
    stack = make_stack()

    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError("a defect")

    monkeypatch.setattr(getattr(stack, part), method, fail)
    with pytest.raises(StackError, match=f"{path}: .*a defect"), stack:
        provoke(stack, http, path)

    assert all(refuses(url) for url in vars(stack.addresses).values())


def test_error_of_the_block_is_not_hidden_by_a_surprise(make_stack: Callable[..., Stack]) -> None:
    """Whatever ended the block comes out as it is, and the stack is closed all the same."""
    stack = make_stack()
    stack.surprises.append("a defect")

    with pytest.raises(ZeroDivisionError), stack:
        raise ZeroDivisionError

    assert all(refuses(url) for url in vars(stack.addresses).values())


def test_unknown_clock_or_world_is_refused_before_anything_runs() -> None:
    """A stack that cannot be set up raises where it is made."""
    with pytest.raises(ClockError, match="'fast'"):
        Stack(StackSettings(clock="fast"))
    with pytest.raises(WorldError, match="dmeo does not exist"):
        Stack(StackSettings(world="dmeo"))


def test_added_account_is_a_fact_of_the_journal(stack: Stack) -> None:
    """A judge finds in the journal what the account's data were."""
    account = derived_account(1000)

    stack.add_account(account)

    record = stack.journal.records()[-1]
    assert (record.kind, record.operation, record.i_account) == ("fact", "account", 1000)
    assert record.detail == account.model_dump(mode="json")


def test_accounts_of_the_world_file_are_facts_of_the_journal(stack: Stack) -> None:
    """A judge that reads the journal alone knows every account from the beginning."""
    facts = [(record.operation, record.i_account) for record in stack.journal.records()]

    assert facts == [("account", 189), ("account", 190), ("account", 191)]
    assert stack.journal.records()[0].detail == stack.world.accounts[0].model_dump(mode="json")


@pytest.mark.parametrize("path", ["/_sim/events", "/_sim/accounts"])
def test_surprise_of_the_control_api_is_raised_at_the_end(
    make_stack: Callable[..., Stack], http: requests.Session, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A defect behind the control address is the harness's own, and is told like any other."""
    stack = make_stack()

    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError("a defect")

    monkeypatch.setattr(stack.emitter, "emit", fail)
    monkeypatch.setattr(stack.simulation, "add_account", fail)
    event = {"event_type": "A", "variables": {}}
    body = event if path == "/_sim/events" else derived_account(1000).model_dump()
    with pytest.raises(StackError, match=f"{path}: .*a defect"), stack:
        assert http.post(f"{stack.addresses.control}{path}", json=body).status_code == 500


def test_defect_of_the_web_server_is_raised_at_the_end(
    http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong before an application is called is told too, and its client gets an answer."""

    def fail(_: Any) -> Any:
        raise LookupError("a defect")

    monkeypatch.setattr("simulators.wire.server.read_request_line", fail)
    with pytest.raises(StackError, match="the web server: LookupError"), Stack() as stack:
        assert http.get(stack.addresses.oms).status_code == 500


def test_whole_story_passes_without_an_error(
    stack: Stack,
    http: requests.Session,
    provisioner_url: str,
    received: list[tuple[Mapping[str, str], Any]],
) -> None:
    """Event, login, look-up, order, two notifications and a status, on one clock and in one journal."""
    web, params = stack.addresses.portabilling, {"login": "provisioner", "token": "offline-token"}
    stack.emitter.emit("Account/New", i_account=189)
    stack.clock.advance()
    token = http.post(f"{web}/rest/Session/login", json={"params": params}).json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    info = http.post(f"{web}/rest/Account/get_account_info", json={"params": {"i_account": 189}}).json()
    order = {
        "reference": "event-1",
        "action": "activate",
        "account": {"i_account": 189, "id": info["account_info"]["id"]},
        "services": ["HSS", "PCRF"],
        "notify_url": provisioner_url,
    }
    http.post(f"{stack.addresses.oms}/orders", json=order, headers={"Authorization": "Bearer offline-oms"})
    stack.clock.advance(hours=1)
    http.post(f"{web}/espf/v1/account/i/189/status", data={"status": "OK", "group": "HSS"})

    operations = [record.operation for record in stack.journal.exchanges()]
    assert operations == ["event", "Session/login", "Account/get_account_info", "order"] + [
        "notification"
    ] * 2 + ["status"]
    assert {record.status for record in stack.journal.exchanges()} == {200}
    assert [body.get("service") for _, body in received] == [None, "HSS", "PCRF"]
    assert stack.espf.status_of(189, "HSS") == "OK"
    assert token not in repr(stack.journal.records())
