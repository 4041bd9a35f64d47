"""The command `python -m simulators`: what it prints, how it ends, and how it tells mistakes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from simulators import __version__
from simulators.stack import Stack

# Real seconds within which a command must have ended; far above what any takes.
DEADLINE = 30
NOTHING_THERE = "http://127.0.0.1:1"


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command as a shell would, and make sure that it does not outlive the block."""
    command = [sys.executable, "-m", "simulators", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(*arguments: str) -> tuple[int, str, str]:
    """Run the command to its end: exit code, standard output, standard error."""
    with started(*arguments) as process:
        output, errors = process.communicate(timeout=DEADLINE)
    return process.returncode, output, errors


def is_one_sentence(errors: str) -> bool:
    """Whether a mistake was told in one line, without a traceback."""
    return (
        "Traceback" not in errors and len(errors.strip().splitlines()) == 1 and errors.startswith("Error: ")
    )


def group_is_empty(process: subprocess.Popen[str]) -> bool:
    """Whether no process of the command's own group is left."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_up_prints_its_addresses_and_ends_on_a_signal(http: requests.Session, ending: signal.Signals) -> None:
    """One line of JSON tells the addresses, all of them answer, and a signal ends all with 0."""
    with started("up", "--json", "--port-base", "0", "--clock", "manual") as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        assert list(addresses) == ["control", "portabilling", "oms"]
        assert http.get(f"{addresses['control']}/_sim/health").json() == {"status": "ok"}
        assert http.get(f"{addresses['portabilling']}/espf/v1/groups").status_code == 401
        assert http.get(f"{addresses['oms']}/orders").status_code == 404

        process.send_signal(ending)
        output, errors = process.communicate(timeout=DEADLINE)

    assert (process.returncode, output, errors) == (0, "", "")
    assert group_is_empty(process)
    for url in addresses.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0


def test_up_that_fails_leaves_signals_alone(run: Callable[..., tuple[int, str, str]]) -> None:
    """Who runs the command in a process of their own can still be stopped, and so can what that starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert run("up", "--port-base", "0", "--world", "dmeo")[0] == 4
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_up_with_tls_tells_the_ca_file(
    http: requests.Session, run: Callable[..., tuple[int, str, str]]
) -> None:
    """The addresses are https, the printed CA verifies them, and the other commands take it."""
    with started("up", "--json", "--port-base", "0", "--tls", "--host", "::1") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        http.verify = told["ca_file"]
        answer = http.get(f"{told['portabilling']}/espf/v1/groups")
        shown = run("statuses", "--json", "--control", told["control"], "--ca-file", told["ca_file"])
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)

    assert (answer.status_code, answer.url[:12]) == (401, "https://[::1")
    assert shown == (0, "[]\n", "")
    assert (process.returncode, errors, Path(told["ca_file"]).exists()) == (0, "", False)


def test_up_without_json_is_for_people() -> None:
    """The addresses, where events go, and how to stop stand in plain words."""
    with started("up", "--port-base", "0", "--events-url", "http://127.0.0.1:1/events") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=DEADLINE)

    assert [line.split()[0] for line in lines] == ["control", "portabilling", "oms", "events", "Ready."]
    assert lines[3].split()[-1] == "http://127.0.0.1:1/events"
    assert (process.returncode, rest, errors) == (0, "Stopped.\n", "")


def test_up_on_a_port_in_use_ends_with_4() -> None:
    """Nothing is half started: the error names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output, errors = finished("up", "--json", "--port-base", str(port))

    assert (code, output) == (4, "")
    assert is_one_sentence(errors)
    assert f"Port {port} on 127.0.0.1 is in use" in errors


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            ("--world", "dmeo"),
            "dmeo does not exist: name a TOML file, or one of the bundled worlds: demo, op",
        ),
        (("--target-ca-file", "no.pem"), "no.pem is no file of CA certificates"),
        (("--clock", "fast"), "Clock mode 'fast' is not known: use real, scaled:N, manual or auto"),
    ],
)
def test_up_with_an_unknown_name_ends_with_4(arguments: tuple[str, ...], named: str) -> None:
    """What does not exist is told together with what does."""
    code, output, errors = finished("up", "--port-base", "0", *arguments)

    assert (code, output) == (4, "")
    assert is_one_sentence(errors)
    assert named in errors


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("up", "--colour", "red"), "--colour"),
        (("up", "--reading", "loose"), "'loose'"),
        (("up", "--release", "117"), "'117' is no release: write one as PortaOne does, such as MR117"),
        (("up", "--release", "MR\u0661\u0661\u0667"), "is no release"),
        (("up", "--port-base", "65534"), "65533"),
        (("emit",), "EVENT_TYPE"),
        (("emit", "Account/New", "--i-account", "x"), "'x'"),
        (("dwon",), "'dwon'"),
    ],
)
def test_misspelt_command_ends_with_4(
    run: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], named: str
) -> None:
    """The code for a misuse is 4, since 2 means inconclusive, and the message names what is wrong."""
    code, output, errors = run(*arguments)

    assert (code, output) == (4, "")
    assert named in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_end_with_0(run: Callable[..., tuple[int, str, str]], option: str) -> None:
    """They print to standard output and start nothing."""
    code, output, errors = run(option)

    assert (code, errors) == (0, "")
    assert (__version__ in output) == (option == "--version")


def test_commands_drive_a_running_stack(stack: Stack, run: Callable[..., tuple[int, str, str]]) -> None:
    """An event is emitted, time moves on, statuses and the conversation are shown."""
    control = ("--control", stack.addresses.control)

    emitted = run("emit", "Account/New", "--i-account", "190", *control)
    advanced = run("advance", "1.5h", *control)
    stack.espf.update(stack.world.accounts[0], {"status": "OK", "group": "HSS"})
    shown = run("statuses", *control)
    talked = run("journal", *control)

    assert emitted == (0, "Account/New for i_account 190 is on its way as i_event 1.\n", "")
    assert advanced == (0, "It is 2026-01-01T01:30:00Z; 0 timers are pending.\n", "")
    assert shown[0] == talked[0] == 0
    assert [line.split() for line in shown[1].splitlines()] == [
        ["stored_at", "i_account", "group", "status", "message"],
        ["2026-01-01T01:30:00Z", "189", "HSS", "OK"],
    ]
    assert talked[1].splitlines()[-1].split()[2:] == [
        "emitter", ">", "provisioner", "event", "190", "Account/New", "1", "200",
    ]  # fmt: skip


def test_commands_print_json_for_programs(
    stack: Stack,
    run: Callable[..., tuple[int, str, str]],
    received: list[tuple[Mapping[str, str], Any]],
) -> None:
    """Statuses are one document, and the journal is one record a line."""
    control = ("--control", stack.addresses.control)
    for _ in range(2):
        run("emit", "Account/New", *control)
    run("advance", "0s", *control)
    stack.espf.update(stack.world.accounts[0], {"status": "OK", "group": "HSS"})

    (status,) = json.loads(run("statuses", "--json", *control)[1])
    records = [json.loads(line) for line in run("journal", "--json", *control)[1].splitlines()]

    assert (status["i_account"], status["group"], status["status"]) == (189, "HSS", "OK")
    assert [(record["operation"], record["i_event"]) for record in records[-2:]] == [
        ("event", 1),
        ("event", 2),
    ]
    assert sorted(body["variables"]["i_event"] for _, body in received) == [1, 2]


@pytest.mark.parametrize(
    "arguments", [("emit", "Account/New"), ("advance", "1h"), ("statuses",), ("journal", "--json")]
)
def test_command_without_a_stack_ends_with_4(
    run: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...]
) -> None:
    """Nothing there is one sentence that names the address and the way out."""
    code, output, errors = run(*arguments, "--control", NOTHING_THERE)

    assert (code, output) == (4, "")
    assert is_one_sentence(errors)
    assert f"Nothing answers as a stack at {NOTHING_THERE}" in errors


def test_missing_ca_file_ends_with_4(run: Callable[..., tuple[int, str, str]]) -> None:
    """A CA file that is not there is named, in one sentence."""
    code, _, errors = run("statuses", "--control", "https://127.0.0.1:1", "--ca-file", "no.pem")

    assert code == 4
    assert is_one_sentence(errors)
    assert "no.pem" in errors


@pytest.mark.parametrize(
    "duration", ["", "10", "m", "ten m", "-1m", "1e3s", "1.2.3s", "\u00b2s", ".s", "nans"]
)
def test_impossible_duration_ends_with_4(run: Callable[..., tuple[int, str, str]], duration: str) -> None:
    """The message says how a duration is written, before any stack is asked."""
    code, output, errors = run("advance", "--control", NOTHING_THERE, "--", duration)

    assert (code, output) == (4, "")
    assert is_one_sentence(errors)
    assert "is no duration" in errors


@pytest.mark.parametrize(
    ("duration", "now"),
    [
        ("30s", "2026-01-01T00:00:30Z"),
        ("10m", "2026-01-01T00:10:00Z"),
        ("1h", "2026-01-01T01:00:00Z"),
        ("3d", "2026-01-04T00:00:00Z"),
    ],
)
def test_duration_has_one_of_four_units(
    stack: Stack, run: Callable[..., tuple[int, str, str]], duration: str, now: str
) -> None:
    """Seconds, minutes, hours and days move the clock by what they say."""
    _, output, _ = run("advance", duration, "--control", stack.addresses.control)

    assert output.startswith(f"It is {now}; ")


def test_world_of_one_s_own_is_served(tmp_path: Path, http: requests.Session) -> None:
    """A world file is named by its path, relative to where the command runs too."""
    world = tmp_path / "small.toml"
    world.write_text(
        '[[users]]\nlogin = "a"\npassword = "b"\napi_token = "c"\n'
        '[events]\nuser = "d"\npassword = "e"\n[oms]\ntoken = "f"\n'
    )
    with started("up", "--json", "--port-base", "0", "--world", os.path.relpath(world)) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        assert http.get(f"{addresses['control']}/_sim/accounts").json() == {"accounts": []}
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)

    assert process.returncode == 0


def test_journal_for_people_tells_facts_and_exchanges_apart(
    stack: Stack, run: Callable[..., tuple[int, str, str]], http: requests.Session
) -> None:
    """An account of the world is one line with its number, an exchange one with its answer."""
    http.get(f"{stack.addresses.portabilling}/nowhere")

    lines = run("journal", "--control", stack.addresses.control)[1].splitlines()

    now = "2026-01-01T00:00:00Z"
    assert lines[0].split() == ["1", now, "harness", ">", "harness", "account", "189", "is", "there"]
    assert lines[-1].split()[2:] == ["provisioner", ">", "portabilling", "GET", "/nowhere", "404"]


def test_reset_begins_anew(stack: Stack, run: Callable[..., tuple[int, str, str]]) -> None:
    """A running stack is reset from the shell, and says so."""
    stack.emitter.emit("Account/New", i_account=189)

    code, output, _ = run("reset", "--control", stack.addresses.control)

    assert (code, output) == (0, "The world is as it was loaded. Whatever was under way is gone.\n")
    assert (stack.emitter.event(1), stack.journal.exchanges()) == (None, ())
