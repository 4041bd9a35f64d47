"""The command `espf-simulators`: starts the world around a provisioner, and drives it from a shell."""

import json
import signal
from dataclasses import asdict
from typing import Any

import click

from simulators import __version__
from simulators.client import DEFAULT_CONTROL, ControlClient
from simulators.commands import Commands
from simulators.emitter.core import EmitterSettings, Numbers, Success
from simulators.errors import ControlError
from simulators.release import DEFAULT_RELEASE, Release
from simulators.stack import DEFAULT_EVENTS_URL, Stack, StackSettings

control_option = click.option(
    "--control", default=DEFAULT_CONTROL, show_default=True, help="Where the stack runs."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def _read_release(_context: click.Context, _option: click.Parameter, text: str) -> Release:
    try:
        return Release.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Simulate PortaBilling, its ESPF and an asynchronous OMS around your provisioner."""


@main.command()
@click.option(
    "--world", default="demo", show_default=True, help="A world file, or the name of a bundled one."
)
@click.option("--clock", default="real", show_default=True, help="real, scaled:N, manual or auto.")
@click.option(
    "--port-base", default=17000, show_default=True, type=click.IntRange(0, 65_533), help="0: free ports."
)
@click.option(
    "--events-url", default=DEFAULT_EVENTS_URL, show_default=True, help="Where your provisioner takes events."
)
@click.option(
    "--release",
    default=str(DEFAULT_RELEASE),
    show_default=True,
    callback=_read_release,
    help="The PortaSwitch release to imitate.",
)
@click.option(
    "--reading",
    default="lenient",
    show_default=True,
    type=click.Choice(["lenient", "strict"]),
    help="strict: to the letter of the documentation.",
)
@click.option("--success", default="200", show_default=True, type=click.Choice(["200", "any-2xx"]))
@click.option("--numbers", default="ints", show_default=True, type=click.Choice(["ints", "strings", "mixed"]))
@json_option
def up(*, as_json: bool, success: Success, numbers: Numbers, **options: Any) -> None:
    """Start all simulators and serve until Ctrl-C or SIGTERM."""
    endings = {signal.SIGINT, signal.SIGTERM}
    # Blocked before any thread starts, so that only `sigwait` below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    events = EmitterSettings(success=success, numbers=numbers)
    with Stack(StackSettings(events=events, **options)) as stack:
        addresses = asdict(stack.addresses)
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
@click.option("--i-account", default=189, show_default=True, type=int)
@control_option
def emit(event_type: str, *, i_account: int, control: str) -> None:
    """Send a provisioning event, such as Account/New, to your provisioner."""
    event = ControlClient(control).emit(event_type, i_account=i_account)
    click.echo(f"{event_type} for i_account {i_account} is on its way as i_event {event['i_event']}.")


@main.command()
@click.argument("duration")
@control_option
def advance(duration: str, *, control: str) -> None:
    """Move virtual time on by a DURATION such as 30s, 10m, 1h or 3d."""
    state = ControlClient(control).advance(seconds=_seconds(duration))
    click.echo(f"It is {state['now']}; {len(state['pending'])} timers are pending.")


@main.command()
@json_option
@control_option
def statuses(*, as_json: bool, control: str) -> None:
    """Show the stored provisioning status of each account and group."""
    stored = ControlClient(control).statuses()
    if as_json:
        click.echo(json.dumps(stored))
        return
    for report in stored:
        click.echo(
            f"{report['stored_at']}  {report['i_account']:>10}  {report['group']:<18} {report['status']}"
        )


@main.command()
@json_option
@control_option
def journal(*, as_json: bool, control: str) -> None:
    """Show the conversation between your provisioner and the simulators."""
    for record in ControlClient(control).journal():
        if as_json:
            click.echo(json.dumps(record))
        else:
            who = f"{record['source']} > {record['destination']}"
            click.echo(
                f"{record['seq']:>5}  {who:<28} {record['method']:<5} {record['target']}  {record['status']}"
            )


def _seconds(duration: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    number, unit = duration[:-1], duration[-1:]
    if unit not in units or not number.replace(".", "", 1).isdecimal():
        raise ControlError(f"{duration!r} is no duration: write a number and s, m, h or d, such as 10m.")
    return float(number) * units[unit]


if __name__ == "__main__":
    main()
