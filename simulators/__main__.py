"""The command `espf-simulators`: starts the world around a provisioner, and drives it from a shell."""

import json
import re
import signal
from dataclasses import asdict
from typing import Any, Final

import click

from simulators import __version__
from simulators.client import ControlClient
from simulators.commands import Commands
from simulators.driving import driving, json_option
from simulators.errors import ControlError, EventError
from simulators.release import DEFAULT_RELEASE
from simulators.settings import DEFAULT_EVENTS_URL, read_settings
from simulators.stack import Stack
from simulators.weather.commands import faults

# The options of `up` that are settings of the emitter.
EMITTER_OPTIONS: Final = (
    "success", "numbers", "vocabulary", "subscriptions",
    "event_time", "i_env", "coalesce", "rate", "concurrency",
)  # fmt: skip
# Where a shell differs from a test: it lives by the wall clock, at the documented addresses.
SHELL_DEFAULTS: Final = {"clock": "real", "port_base": 17000}
# The account of the documented story.
DEFAULT_I_ACCOUNT: Final = 189


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Simulate PortaBilling, its ESPF and an asynchronous OMS around your provisioner."""


@main.command()
@click.option("--settings", "path", help="A TOML file of settings; docs/protocol.md names them.")
@click.option("--world", help="A world file, or the name of a bundled one.  [default: demo]")
@click.option("--clock", help="real, scaled:N, manual or auto.  [default: real]")
@click.option("--port-base", type=click.IntRange(0, 65_533), help="0: free ports.  [default: 17000]")
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
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
@json_option
def up(*, as_json: bool, path: str | None, **options: Any) -> None:
    """Start all simulators and serve until Ctrl-C or SIGTERM."""
    endings = {signal.SIGINT, signal.SIGTERM}
    # Blocked before any thread starts, so that only `sigwait` below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with Stack(read_settings(path, _given(options), defaults=SHELL_DEFAULTS)) as stack:
        addresses = asdict(stack.addresses) | ({"ca_file": stack.ca_file} if stack.ca_file else {})
        if as_json:
            click.echo(json.dumps(addresses))
        else:
            for name, url in addresses.items():
                click.echo(f"{name:<13} {url}")
            click.echo(f"{'events go to':<13} {stack.settings.events_url}\nReady. Ctrl-C stops.")
        signal.sigwait(endings)
    if not as_json:
        click.echo("Stopped.")


@main.command()
@click.argument("event_type")
@click.option("--i-account", type=int, help=f"{DEFAULT_I_ACCOUNT}, unless --variable is given.")
@click.option(
    "--variable",
    "pairs",
    metavar="NAME=VALUE",
    multiple=True,
    help="What the event carries, such as number=12065550189; repeatable. Only an i_... is sent as a number.",
)
@driving
def emit(event_type: str, *, i_account: int | None, pairs: tuple[str, ...], client: ControlClient) -> None:
    """Send an event of any type, such as Account/New, as it is to your provisioner."""
    variables = dict(map(_variable, pairs))
    if i_account is not None or not variables:
        variables = {"i_account": DEFAULT_I_ACCOUNT if i_account is None else i_account, **variables}
    event = client.emit(event_type, **variables)
    number, told = event["i_event"], ", ".join(f"{name} {value}" for name, value in variables.items())
    if event["fate"] == "unsubscribed":
        click.echo(
            f"{event_type} for {told} is i_event {number}, but goes nowhere: no handler subscribes to it."
        )
    else:
        click.echo(f"{event_type} for {told} is on its way as i_event {number}.")


@main.command()
@click.argument("duration")
@driving
def advance(duration: str, *, client: ControlClient) -> None:
    """Move virtual time on by a DURATION such as 30s, 10m, 1h or 3d."""
    state = client.advance(seconds=_seconds(duration))
    click.echo(f"It is {state['now']}; {len(state['pending'])} timers are pending.")


@main.command()
@driving
def reset(*, client: ControlClient) -> None:
    """Begin anew: the world as it was loaded, no status, no order, no timer, an empty journal."""
    client.reset()
    click.echo("The world is as it was loaded. Whatever was under way is gone.")


@main.command()
@json_option
@driving
def statuses(*, as_json: bool, client: ControlClient) -> None:
    """Show the stored provisioning status of each account and group."""
    stored = client.statuses()
    if as_json:
        click.echo(json.dumps(stored))
        return
    for report in stored:
        click.echo(
            f"{report['stored_at']}  {report['i_account']:>10}  {report['group']:<18} {report['status']}"
        )


@main.command()
@json_option
@driving
def journal(*, as_json: bool, client: ControlClient) -> None:
    """Show the conversation between your provisioner and the simulators."""
    for record in client.journal():
        if as_json:
            click.echo(json.dumps(record))
        else:
            who = f"{record['source']} > {record['destination']}"
            what = f"{record['method']:<5} {record['target']}  {record['status']}"
            fact = f"fact  {record['operation']} {record['i_account']}"
            click.echo(f"{record['seq']:>5}  {who:<28} {fact if record['kind'] == 'fact' else what}")


main.add_command(faults)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as settings by their names; those of the emitter apart."""
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    events = {name: given.pop(name) for name in EMITTER_OPTIONS if name in given}
    return {**given, **({"events": events} if events else {})}


def _variable(pair: str) -> tuple[str, Any]:
    name, equals, value = pair.partition("=")
    if not name or not equals:
        raise EventError(f"{pair!r} is no variable: write a name and a value, such as i_customer=5.")
    is_number = name.startswith("i_") and re.fullmatch(r"0|[1-9][0-9]{0,18}", value)
    return name, int(value) if is_number else value


def _seconds(duration: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    number, unit = duration[:-1], duration[-1:]
    if unit not in units or not number.replace(".", "", 1).isdecimal():
        raise ControlError(f"{duration!r} is no duration: write a number and s, m, h or d, such as 10m.")
    return float(number) * units[unit]


if __name__ == "__main__":
    main()
