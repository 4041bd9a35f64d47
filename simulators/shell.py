"""The commands that drive a running stack from a shell; each prints a table, or JSON for programs."""

import json
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, get_args

import click

from simulators import printing
from simulators.client import ControlClient
from simulators.driving import driving, json_option
from simulators.emitter.vocabulary import Vocabulary
from simulators.errors import ControlError, EventError, EvictedError
from simulators.oms.plans import State

# The account of the documented story.
DEFAULT_I_ACCOUNT: Final = 189
# Of `journal`, as grep has it; 2 is what every command of the harness says of what cannot be known.
NOTHING_FITS: Final = 1
"""Nothing came within `--wait`."""
CANNOT_KNOW: Final = 2
"""It cannot be known: the journal has dropped records that may have fitted."""
# What a record of the journal can be chosen by: the names of its fields.
_TEXTS: Final = (
    "kind", "source", "destination", "operation", "method", "target",
    "group", "order-id", "reference", "cause", "fault", "said",
)  # fmt: skip
_NUMBERS: Final = ("i-account", "i-event", "status")


def asking(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command `where`: the values that records must have."""

    @wraps(command)
    def run(**options: Any) -> int | None:
        names = [name.replace("-", "_") for name in (*_TEXTS, *_NUMBERS)]
        given = {name: options.pop(name) for name in names}
        return command(where={name: value for name, value in given.items() if value is not None}, **options)

    for name in reversed((*_TEXTS, *_NUMBERS)):
        kind = int if name in _NUMBERS else str
        run = click.option(f"--{name}", type=kind, help="Only records with this value.")(run)
    return run


@click.command()
@click.argument("event_type")
@click.option("--i-account", type=int, help=f"{DEFAULT_I_ACCOUNT}, unless --variable is given.")
@click.option(
    "--variable",
    "pairs",
    metavar="NAME=VALUE",
    multiple=True,
    help="What the event carries, such as number=12065550189; repeatable. Only an i_... is sent as a number.",
)
@json_option
@driving
def emit(
    event_type: str, *, i_account: int | None, pairs: tuple[str, ...], client: ControlClient, as_json: bool
) -> None:
    """Send an event of any type, such as Account/New, as it is to your provisioner."""
    variables = dict(map(_variable, pairs))
    if i_account is not None or not variables:
        variables = {"i_account": DEFAULT_I_ACCOUNT if i_account is None else i_account, **variables}
    event = client.emit(event_type, **variables)
    # Whatever is wanted is sent; a slip of the pen would only show in what does not happen.
    if meant := Vocabulary.load().meant(event_type):
        click.echo(f"Note: {event_type} was sent as it is; did you mean {' or '.join(meant)}?", err=True)
    number, told = event["i_event"], ", ".join(f"{name} {value}" for name, value in variables.items())
    if as_json:
        click.echo(json.dumps(event))
    elif event["fate"] == "unsubscribed":
        click.echo(
            f"{event_type} for {told} is i_event {number}, but goes nowhere: no handler subscribes to it."
        )
    else:
        click.echo(f"{event_type} for {told} is on its way as i_event {number}.")


# A step back is refused as a duration, not as an option that nobody gave.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("duration")
@json_option
@driving
def advance(duration: str, *, client: ControlClient, as_json: bool) -> None:
    """Move virtual time on by a DURATION such as 30s, 10m, 1h or 3d."""
    state = client.advance(seconds=_seconds(duration))
    count = state["pending"]
    told = f"It is {state['now']}; {count} {'timer is' if count == 1 else 'timers are'} pending."
    click.echo(json.dumps(state) if as_json else told)


@click.command()
@driving
def reset(*, client: ControlClient) -> None:
    """Begin anew: the world as it was loaded, no status, no order, no timer, an empty journal."""
    client.reset()
    click.echo("The world is as it was loaded. Whatever was under way is gone.")


@click.command()
@click.option("--add", metavar="JSON", help='Add one, such as \'{"i_account": 200, "id": "200@msisdn"}\'.')
@json_option
@driving
def accounts(*, add: str | None, client: ControlClient, as_json: bool) -> None:
    """Show the accounts of the world, or add one."""
    listed = client.accounts() if add is None else [client.add_account(_object(add))]
    _show(listed, printing.accounts, as_json=as_json)


@click.command()
@click.argument("i_event", type=int, required=False)
@json_option
@driving
def events(i_event: int | None, *, client: ControlClient, as_json: bool) -> None:
    """Show the events and what became of them; of one event, its deliveries."""
    if i_event is None:
        _show(list(client.events()), printing.events, as_json=as_json)
    else:
        _show(client.event(i_event), printing.deliveries, as_json=as_json)


@click.command()
@json_option
@driving
def orders(*, client: ControlClient, as_json: bool) -> None:
    """Show the orders that the OMS accepted, and how far their services are."""
    _show(client.orders(), printing.orders, as_json=as_json)


@click.command()
@click.argument("order_id")
@click.argument("service")
@click.argument("state", type=click.Choice(get_args(State)))
@click.option("--message", default="", help="What the OMS says about it.")
@json_option
@driving
def notify(
    order_id: str, service: str, state: str, *, message: str, client: ControlClient, as_json: bool
) -> None:
    """Say what becomes of a SERVICE of an order now, whatever its plan says."""
    told = client.notify(order_id, service, state=state, message=message)
    # Whether the order's own state changes is another matter: what is final stays.
    text = f"The provisioner is told that {service} of {order_id} is {state}."
    click.echo(json.dumps(told) if as_json else text)


@click.command()
@json_option
@driving
def statuses(*, client: ControlClient, as_json: bool) -> None:
    """Show the stored provisioning status of each account and group."""
    _show(client.statuses(), printing.statuses, as_json=as_json)


@click.command()
@click.option("--since", type=click.IntRange(0), default=0, help="Only records above this number.")
@click.option("--wait", type=float, help="Wait so many seconds for a record; exit code 1 if none comes.")
@click.option("--follow", is_flag=True, help="Go on as the conversation does, until Ctrl-C.")
@asking
@json_option
@driving
def journal(
    *, since: int, wait: float | None, follow: bool, where: Any, client: ControlClient, as_json: bool
) -> int:
    """Show the conversation between your provisioner and the simulators."""
    shown: Callable[[Any], str] = json.dumps if as_json else printing.record
    if follow and wait is not None:
        raise ControlError("--follow goes on until Ctrl-C: leave out --wait.")
    try:
        if follow:
            _follow(client, {**where, "answered": "true"}, since, shown)
            return 0
        found = (
            client.journal(since=since, where=where)
            if wait is None
            else client.wait(seconds=wait, since=since, where=where)
        )
        return 0 if _lines(map(shown, found)) or wait is None else NOTHING_FITS
    except EvictedError as error:
        click.echo(f"Error: {error}", err=True)
        return CANNOT_KNOW


COMMANDS: Final[tuple[click.Command, ...]] = (
    emit, advance, reset, accounts, events, orders, notify, statuses, journal,
)  # fmt: skip


def _follow(client: ControlClient, where: Any, since: int, shown: Callable[[Any], str]) -> None:
    """Print records until the stack stops; one that was reset goes on with higher numbers."""
    has_ended = False
    try:
        while True:
            for name, data in client.follow(since=since, where=where):
                if name == "message":
                    click.echo(shown(data))
                    since = max(since, data["seq"])
                elif name == "dropped":
                    click.echo(f"{data['changes']} changes were dropped before they were shown.", err=True)
                has_ended = name == "stopped"
    except ControlError:
        # Whether a stack that ended a stream goes on is seen only by asking again.
        if not has_ended:
            raise
        click.echo("The stack has stopped.", err=True)


def _show(value: Any, lines: Callable[[Any], Iterable[str]], *, as_json: bool) -> None:
    _lines([json.dumps(value)] if as_json else lines(value))


def _lines(lines: Iterable[str]) -> int:
    count = 0
    for line in lines:
        click.echo(line)
        count += 1
    return count


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ControlError(f"{text!r} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ControlError(f"{text!r} is no account: write a JSON object with i_account and id.")
    return value


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
        raise ControlError(
            f"{duration!r} is no duration: write a number from 0 on and s, m, h or d, such as 10m or 1.5h."
        )
    return float(number) * units[unit]
