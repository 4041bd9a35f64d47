"""The emitter's options on the command line: of `up`, and of `emit`."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from simulators.client import ControlClient
from simulators.emitter.core import EmitterSettings
from simulators.stack import Stack

# Real seconds within which a command must have ended; far above what any takes.
DEADLINE = 30
UP = (sys.executable, "-m", "simulators", "up", "--json", "--port-base", "0", "--clock", "manual")

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("arguments", "event_type", "variables"),
    [
        (("DID/Created", "--variable", "number=12065550189"), "DID/Created", {"number": "12065550189"}),
        (
            ("Invoice/Created", "--variable", "i_customer=5", "--variable", "i_invoice=7"),
            "Invoice/Created",
            {"i_customer": 5, "i_invoice": 7},
        ),
        (("My/Own", "--i-account", "190", "--variable", "x=a=b"), "My/Own", {"i_account": 190, "x": "a=b"}),
        (("My/Own", "--variable", "x="), "My/Own", {"x": ""}),
        (("My/Own", "--variable", "i_x=007"), "My/Own", {"i_x": "007"}),
        (("My/Own", "--variable", f"i_x={'9' * 5000}"), "My/Own", {"i_x": "9" * 5000}),
        (("Account/Service/Msg/QuotaExceeded",), "Account/Service/Msg/QuotaExceeded", {"i_account": 189}),
    ],
)
def test_any_event_can_be_sent_from_a_shell(  # noqa: PLR0917 - fixtures, which pytest passes by name
    stack: Stack,
    run: Run,
    received: list[tuple[Mapping[str, str], Any]],
    arguments: tuple[str, ...],
    event_type: str,
    variables: dict[str, Any],
) -> None:
    """Variables are given by name: an id of digits is a number (1.3), a DID's number and all else a text."""
    code, output, errors = run("emit", *arguments, "--control", stack.addresses.control)
    stack.clock.advance()

    assert (code, errors) == (0, "")
    told = ", ".join(f"{name} {value}" for name, value in variables.items())
    assert output == f"{event_type} for {told} is on its way as i_event 1.\n"
    assert received[0][1] == {"event_type": event_type, "variables": {**variables, "i_event": 1}}


def test_type_like_a_known_one_is_sent_with_a_note(stack: Stack, run: Run) -> None:
    """Any type may be wanted; one that looks like a slip of the pen is told beside the output."""
    code, output, errors = run("emit", "Acount/New", "--control", stack.addresses.control)

    assert (code, output) == (0, "Acount/New for i_account 189 is on its way as i_event 1.\n")
    assert errors.startswith("Note: Acount/New was sent as it is; did you mean Account/New")


@pytest.mark.parametrize("pair", ["", "number", "=5"])
def test_variable_without_name_or_value_is_refused(run: Run, pair: str) -> None:
    """The message shows the value and how a variable is written, before any stack is asked."""
    code, output, errors = run("emit", "DID/Created", "--variable", pair, "--control", "http://127.0.0.1:1")

    assert (code, output) == (4, "")
    assert errors == f"Error: {pair!r} is no variable: write a name and a value, such as i_customer=5.\n"


def test_emitter_numbers_its_events_itself(stack: Stack, run: Run) -> None:
    """The stack's own reason reaches the shell."""
    code, _, errors = run(
        "emit", "Account/New", "--variable", "i_event=5", "--control", stack.addresses.control
    )

    assert code == 4
    assert "variables holds i_event" in errors


def test_event_that_nobody_wants_is_told(make_stack: Callable[..., Stack], run: Run) -> None:
    """It has a number and goes nowhere; whoever sent it learns why."""
    with make_stack(events=EmitterSettings(subscriptions=("Account/New",))) as stack:
        code, output, _ = run("emit", "Account/Blocked", "--control", stack.addresses.control)

    assert code == 0
    assert output == (
        "Account/Blocked for i_account 189 is i_event 1, but goes nowhere: no handler subscribes to it.\n"
    )


def test_options_of_up_reach_the_emitter() -> None:
    """Each option is a setting: what is told, to whom, and how fast."""
    options = ("--vocabulary", "webhooks", "--subscribe", "Subscriber", "--subscribe", "DID/Created")
    pace = ("--rate", "10", "--concurrency", "1", "--event-time", "--i-env", "3", "--no-coalesce")
    with subprocess.Popen([*UP, *options, *pace], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            client = ControlClient(json.loads(process.stdout.readline())["control"])
            types = ("Subscriber/Updated", "DID/Created", "DID/Updated", "Account/New")
            fates = {event_type: client.emit(event_type, x=1)["fate"] for event_type in types}
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=DEADLINE)
        finally:
            process.kill()

    assert fates == {
        "Subscriber/Updated": "queued",
        "DID/Created": "queued",
        "DID/Updated": "unsubscribed",
        "Account/New": "unsubscribed",
    }
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--events-url", "localhost:8080/events"), "Events cannot go to 'localhost:8080/events': give an "),
        (
            ("--subscribe", "Account/Nwe"),
            "'Account/Nwe' is no event type of the vocabulary 'legacy' of MR117",
        ),
        (("--rate", "inf"), "The options have a mistake: events: rate is inf: a number from 0.001 on is"),
    ],
)
def test_impossible_option_of_up_ends_with_4(arguments: tuple[str, ...], named: str) -> None:
    """One sentence names the value and what to do, and nothing is started."""
    ended = subprocess.run([*UP, *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)

    assert (ended.returncode, ended.stdout) == (4, "")
    assert ended.stderr.startswith(f"Error: {named}")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--vocabulary", "both"), "'both'"),
        (("--rate", "0"), "0.001"),
        (("--rate", "fast"), "'fast'"),
        (("--concurrency", "0"), "concurrency is 0: a number from 1 on"),
        (("--i-env", "x"), "'x'"),
    ],
)
def test_value_outside_an_option_s_range_ends_with_4(
    run: Run, arguments: tuple[str, ...], named: str
) -> None:
    """What an option cannot be is told by its value or its range."""
    code, output, errors = run("up", *arguments)

    assert (code, output) == (4, "")
    assert named in errors
