"""The shell commands that watch and drive a stack: tables for people, JSON for programs, and exit codes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from simulators.client import ControlClient
from simulators.journal import load
from simulators.printing import table
from simulators.stack import Stack

# Real seconds within which a command must have ended; far above what any takes.
DEADLINE = 30
Run = Callable[..., tuple[int, str, str]]
NEW = {"i_account": 200, "id": "200@msisdn"}


@pytest.fixture
def shell(stack: Stack, run: Run) -> Run:
    """Run a command against the stack."""
    return lambda *words: run(*words, "--control", stack.addresses.control)


@pytest.fixture
def order_id(stack: Stack, http: requests.Session, provisioner_url: str) -> str:
    """The number of an order for HSS and PCRF."""
    body = {
        "reference": "event-1",
        "action": "activate",
        "account": {"i_account": 189, "id": "12065550189@msisdn"},
        "services": ["HSS", "PCRF"],
        "notify_url": provisioner_url,
    }
    headers = {"Authorization": "Bearer offline-oms"}
    return str(http.post(f"{stack.addresses.oms}/orders", json=body, headers=headers).json()["order_id"])


def cells(output: str) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in output.splitlines()]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Cells stand below each other, lists and nothing too, and no line ends with blanks."""
    lines = table(("a", "long", "c"), [(1, ["x", "y"], None), (100_000, "z", "end")])

    assert list(lines) == ["a       long  c", "1       x,y", "100000  z     end"]


def test_orders_are_shown_and_decided(shell: Run, order_id: str) -> None:
    """Who reads the table can say what becomes of a service, and sees that it was said."""
    before = shell("orders")
    decided = shell("notify", order_id, "HSS", "failed", "--message", "no such SIM")
    after = json.loads(shell("orders", "--json")[1])

    assert cells(before[1])[1] == [
        order_id, "2026-01-01T00:00:00Z", "189", "activate", "event-1", "HSS=accepted", "PCRF=accepted",
    ]  # fmt: skip
    assert decided == (0, f"The provisioner is told that HSS of {order_id} is failed.\n", "")
    assert after[0]["states"] == {"HSS": "failed", "PCRF": "accepted"}


def test_decision_is_json_for_programs(shell: Run, order_id: str) -> None:
    """What was told is printed as the control API answers it."""
    told = json.loads(shell("notify", order_id, "PCRF", "retrying", "--json")[1])

    assert (told["order_id"], told["service"], told["state"]) == (order_id, "PCRF", "retrying")


def test_impossible_decision_ends_with_4(shell: Run, order_id: str) -> None:
    """An unknown order, service or state is told in one sentence, and nothing is sent."""
    for words, named in (
        (("nothing", "HSS", "failed"), "'nothing'"),
        ((order_id, "SMS", "failed"), "'SMS'"),
        ((order_id, "HSS", "done"), "'done'"),
    ):
        code, output, errors = shell("notify", *words)
        assert (code, output) == (4, "")
        assert named in errors
        assert "Traceback" not in errors


def test_accounts_are_shown_and_added(shell: Run, stack: Stack) -> None:
    """A new account is printed as it is stored, and listed with the others."""
    added = shell("accounts", "--add", json.dumps(NEW), "--json")
    listed = shell("accounts")

    assert json.loads(added[1]) == [stack.world.accounts[-1].model_dump(mode="json")]
    assert [row[0] for row in cells(listed[1])] == ["i_account", "189", "190", "191", "200"]


@pytest.mark.parametrize(
    ("text", "named"),
    [("{", "is not JSON"), ("[]", "is no account"), ("{}", "i_account: this key is required")],
)
def test_impossible_account_ends_with_4(shell: Run, text: str, named: str) -> None:
    """A mistake in what was typed is told in one sentence."""
    code, output, errors = shell("accounts", "--add", text)

    assert (code, output, len(errors.splitlines())) == (4, "", 1)
    assert named in errors


def test_events_are_shown_with_their_fate(shell: Run, stack: Stack) -> None:
    """The list tells what became of each, and one alone its deliveries."""
    told = json.loads(shell("emit", "Account/New", "--i-account", "190", "--json")[1])
    stack.clock.advance()

    listed, one = shell("events"), shell("events", "1")

    assert told["i_event"] == 1
    assert cells(listed[1])[1] == ["1", "Account/New", "i_account=190", "finished", "1"]
    assert cells(one[1])[1] == ["provisioner", "1", "2026-01-01T00:00:00Z", "200"]
    assert json.loads(shell("events", "1", "--json")[1])["fate"] == "finished"


def test_many_events_are_all_listed(stack: Stack) -> None:
    """A client reads on until there is no more."""
    for _ in range(250):
        stack.emitter.emit("Nothing/Wanted", number="x")
    numbers = [event["i_event"] for event in ControlClient(stack.addresses.control).events()]

    assert numbers == list(range(1, 251))
    assert stack.emitter.events(since=10**24, limit=1) == ()


def test_advance_prints_json_for_programs(shell: Run) -> None:
    """The clock's state is one document."""
    assert json.loads(shell("advance", "1h", "--json")[1])["now"] == "2026-01-01T01:00:00Z"


def test_advance_counts_timers(shell: Run, stack: Stack) -> None:
    """One timer is told as one."""
    stack.clock.call_later(3600, lambda: None, label="a timer")

    assert shell("advance", "30m")[1] == "It is 2026-01-01T00:30:00Z; 1 timer is pending.\n"


@pytest.mark.parametrize("duration", ["-10m", "-1", "10", "1h30m", "nans", ""])
def test_impossible_duration_ends_with_4(shell: Run, duration: str) -> None:
    """A step back, too, is refused as what it is."""
    code, output, errors = shell("advance", duration)

    assert (code, output) == (4, "")
    assert f"{duration!r} is no duration" in errors


def test_following_does_not_wait(shell: Run) -> None:
    """Two options that contradict each other are refused before anything is shown."""
    code, output, errors = shell("journal", "--follow", "--wait", "1")

    assert (code, output) == (4, "")
    assert "leave out --wait" in errors


def test_journal_is_asked_by_options(shell: Run, stack: Stack) -> None:
    """Each field of a record is an option by its name."""
    stack.emitter.emit("Account/New", i_account=190)
    stack.clock.advance()

    found = shell("journal", "--operation", "event", "--i-account", "190", "--status", "200")
    none = shell("journal", "--source", "oms")

    assert [row[0] for row in cells(found[1])] == ["4"]
    assert none == (0, "", "")


def test_saved_journal_is_read_back(shell: Run, stack: Stack, tmp_path: Path) -> None:
    """What `journal --json` prints is a file of JSON Lines like those that the judge reads."""
    stack.emitter.emit("Account/New", i_account=190)
    stack.clock.advance()
    path = tmp_path / "journal.jsonl"
    path.write_text(shell("journal", "--json")[1], encoding="utf-8")

    assert load(path) == stack.journal.records()


def test_wait_ends_with_1_if_nothing_comes(shell: Run) -> None:
    """A script can tell whether it was seen, as with grep."""
    assert shell("journal", "--wait", "0.01", "--operation", "status") == (1, "", "")
    assert shell("journal", "--wait", "30", "--i-account", "190")[0] == 0


@pytest.mark.parametrize("wait", [(), ("--wait", "0.01")])
def test_what_cannot_be_known_ends_with_2(
    make_stack: Callable[..., Stack], run: Run, wait: tuple[str, ...]
) -> None:
    """A journal that dropped what was asked about says so instead of nothing."""
    with make_stack(journal_capacity=1) as stack:
        code, output, errors = run(
            "journal", "--operation", "status", *wait, "--control", stack.addresses.control
        )

    assert (code, output) == (2, "")
    assert "It cannot be known" in errors


@pytest.mark.parametrize("wait", ["61", "-1", "nan"])
def test_impossible_wait_ends_with_4(shell: Run, wait: str) -> None:
    """The stack's own sentence names the value."""
    code, _, errors = shell("journal", f"--wait={wait}")

    assert code == 4
    assert "wait: " in errors


def test_conversation_is_shown_as_it_happens(stack: Stack) -> None:
    """Each answered exchange is a line with its time, account and value, over resets, until the end."""
    command = (sys.executable, "-m", "simulators", "journal", "--follow", "--i-account", "190")
    with subprocess.Popen(
        [*command, "--control", stack.addresses.control],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines: Iterator[str] = iter(process.stdout.readline, "")
        fact = next(lines)
        stack.clock.advance(minutes=10)
        stack.emitter.emit("Account/New", i_account=190)
        event = next(lines)
        stack.reset()
        anew = next(lines)
        stack.close()
        rest, errors = process.communicate(timeout=DEADLINE)

    assert fact.split()[5:] == anew.split()[5:] == ["account", "190", "is", "there"]
    assert event.split()[1:] == [
        "2026-01-01T00:10:00Z", "emitter", ">", "provisioner", "event", "190", "Account/New", "1", "200",
    ]  # fmt: skip
    assert (process.returncode, rest, errors) == (0, "", "The stack has stopped.\n")


def test_token_is_taken_from_an_option_or_the_environment(
    make_stack: Callable[..., Stack], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that demands a token is driven with it, and without it the error says how."""
    with make_stack(control_token="right") as stack:
        words = ("statuses", "--json", "--control", stack.addresses.control)
        refused = run(*words)
        by_option = run(*words, "--control-token", "right")
        monkeypatch.setenv("ESPF_CONTROL_TOKEN", "right")
        by_environment = run(*words)

    assert (refused[0], by_option, by_environment) == (4, (0, "[]\n", ""), (0, "[]\n", ""))
    assert "--control-token or ESPF_CONTROL_TOKEN" in refused[2]


@pytest.mark.parametrize(("given", "printed"), [((), True), (("--control-token", "mine"), False)])
def test_up_for_other_machines_prints_a_token_that_it_made(
    http: requests.Session, given: tuple[str, ...], *, printed: bool
) -> None:
    """Who is reached from elsewhere demands a token, and only one that nobody knows is printed."""
    command = (sys.executable, "-m", "simulators", "up", "--json", "--port-base", "0", "--host", "0.0.0.0")  # noqa: S104 - what is tested
    with subprocess.Popen([*command, *given], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            url = f"{told['control'].replace('0.0.0.0', '127.0.0.1')}/_sim/clock"  # noqa: S104 - a name
            token = told.get("control_token", "mine")
            codes = [
                http.get(url).status_code,
                http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code,
            ]
        finally:
            process.terminate()

    assert (codes, "control_token" in told) == ([401, 200], printed)
