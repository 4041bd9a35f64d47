"""The command `espf-simulators`: starts the world around a provisioner, and drives it from a shell."""

import json
import signal
from dataclasses import asdict
from typing import Any, Final

import click

from simulators import __version__
from simulators.commands import Commands
from simulators.driving import json_option, token_option
from simulators.release import DEFAULT_RELEASE
from simulators.settings import DEFAULT_EVENTS_URL, read_settings
from simulators.shell import COMMANDS
from simulators.stack import Stack
from simulators.weather.commands import faults

# The options of `up` that are settings of the emitter.
EMITTER_OPTIONS: Final = (
    "success", "numbers", "vocabulary", "subscriptions",
    "event_time", "i_env", "coalesce", "rate", "concurrency",
)  # fmt: skip
ENDINGS: Final = (signal.SIGINT, signal.SIGTERM)
# Where a shell differs from a test: it lives by the wall clock, at the documented addresses.
SHELL_DEFAULTS: Final = {"clock": "real", "port_base": 17000}


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Simulate PortaBilling, its ESPF and an asynchronous OMS around your provisioner."""


@main.command()
@click.option("--settings", "path", help="A TOML file of settings; docs/reference.md names them.")
@click.option("--world", help="A world file, or the name of a bundled one.  [default: demo]")
@click.option("--clock", help="real, scaled:N, manual or auto.  [default: real]")
@click.option("--port-base", type=click.IntRange(0, 65_533), help="0: free ports.  [default: 17000]")
@click.option(
    "--host", help="The address to listen on; another than loopback needs a token.  [default: 127.0.0.1]"
)
@click.option("--advertise", help="The name that clients use for it, if another.")
@click.option("--events-url", help=f"Where your provisioner takes events.  [default: {DEFAULT_EVENTS_URL}]")
@click.option("--release", help=f"The PortaSwitch release to imitate.  [default: {DEFAULT_RELEASE}]")
@click.option(
    "--reading",
    type=click.Choice(["lenient", "strict"]),
    help="strict: to the letter of the documentation.  [default: lenient]",
)
@click.option("--tls", is_flag=True, default=None, help="Speak https alone, by a throw-away CA.")
@click.option("--target-ca-file", help="The CA of your provisioner's own certificate (PEM).")
@click.option("--success", type=click.Choice(["200", "any-2xx"]), help="What takes an event.  [default: 200]")
@click.option(
    "--numbers",
    type=click.Choice(["ints", "strings", "mixed"]),
    help="How events write ids.  [default: ints]",
)
@click.option(
    "--vocabulary",
    type=click.Choice(["legacy", "webhooks"]),
    help="How your provisioner is told what occurs: Account/New, or Subscriber/Created.  [default: legacy]",
)
@click.option(
    "--subscribe",
    "subscriptions",
    metavar="TYPE",
    multiple=True,
    help="Send events of this type alone; repeatable. Webhooks: Subscriber stands for its whole group.",
)
@click.option("--event-time", is_flag=True, default=None, help="Let legacy events carry event_time.")
@click.option("--i-env", type=int, help="Let legacy events carry this i_env.")
@click.option(
    "--coalesce/--no-coalesce",
    default=None,
    help="Process only the latest of several queued events where ESPF does.  [default: coalesce]",
)
@click.option("--rate", type=float, help="Events per virtual second; ESPF sends about 10.")
@click.option("--concurrency", type=int, help="How many events may be unanswered at once.")
@click.option("--journal-capacity", type=int, help="How many records are kept.  [default: 200000]")
@token_option
@json_option
def up(*, as_json: bool, path: str | None, **options: Any) -> None:
    """Start all simulators and serve until Ctrl-C or SIGTERM."""
    settings = read_settings(path, _given(options), defaults=SHELL_DEFAULTS)
    # Blocked before any thread starts, so that only `sigwait` below receives them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        with Stack(settings) as stack:
            _tell(stack, as_json=as_json)
            signal.sigwait(ENDINGS)
    finally:
        # What a process starts inherits what it has blocked.
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if not as_json:
        click.echo("Stopped.")


def _tell(stack: Stack, *, as_json: bool) -> None:
    # A token that was given is known, and one that was made up must be.
    made_up = "" if stack.settings.control_token else stack.control_token
    extras = {"ca_file": stack.ca_file, "control_token": made_up}
    told = asdict(stack.addresses) | {name: value for name, value in extras.items() if value}
    if as_json:
        click.echo(json.dumps(told))
        return
    for name, value in told.items():
        click.echo(f"{name:<13} {value}")
    click.echo(f"{'events go to':<13} {stack.settings.events_url}\nReady. Ctrl-C stops.")


for command in (*COMMANDS, faults):
    main.add_command(command)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as settings by their names; those of the emitter apart."""
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    events = {name: given.pop(name) for name in EMITTER_OPTIONS if name in given}
    return {**given, **({"events": events} if events else {})}


if __name__ == "__main__":
    main()
