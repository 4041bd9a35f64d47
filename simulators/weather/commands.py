"""The command `espf-simulators faults`: makes the weather of a running stack, and shows it."""

import json
from typing import Any, Final

import click

from simulators.client import ControlClient
from simulators.driving import driving, json_option
from simulators.errors import WeatherError

# The options of `arm` that describe the fault itself, by the names of its fields.
OF_THE_FAULT: Final = ("seconds", "status", "body", "content_type", "after", "copies")


class _ListsByDefault(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names_none = not args or (args[0].startswith("--") and args[0] != "--help")
        return super().parse_args(ctx, ["list", *args] if names_none else args)


@click.group(cls=_ListsByDefault)
def faults() -> None:
    """Plan what goes wrong between your provisioner and the simulators; alone it lists what is planned."""


@faults.command("list")
@json_option
@driving
def list_faults(*, as_json: bool, client: ControlClient) -> None:
    """Show the armed plans, and how many of the exchanges that fit each has struck."""
    armed = client.faults()["faults"]
    if as_json:
        click.echo(json.dumps(armed))
        return
    for plan in armed:
        click.echo(_line(plan))
    if not armed:
        click.echo("No fault is armed.")


@faults.command()
@json_option
@driving
def points(*, as_json: bool, client: ControlClient) -> None:
    """Show where faults can strike; the beginning of a name, as espf, stands for all behind it."""
    known = client.faults()["points"]
    click.echo(json.dumps(known) if as_json else "\n".join(known))


@faults.command()
@click.argument("point", required=False)
@click.argument("effect", required=False)
@click.option("--seconds", type=float, help="How long; virtual for delay, drop and reorder, else real.")
@click.option("--status", type=int, help="answer: the status.  [default: 503]")
@click.option("--body", help="answer, malformed: the body.")
@click.option("--content-type", help="answer, content-type: the type.  [default: text/html]")
@click.option(
    "--after", is_flag=True, default=None, help="Once the work was done, so that its answer is lost."
)
@click.option("--copies", type=int, help="duplicate: how many more are sent.  [default: 1]")
@click.option("--i-account", type=int, help="Only what is about this account.")
@click.option("--group", help="Only what is about this group, or service of the OMS.")
@click.option("--first", type=int, help="Only the first so many.")
@click.option("--nth", type=int, help="Only the one of this number.")
@click.option("--every", type=int, help="Only every so many.")
@click.option("--between", type=float, nargs=2, help="Only between two times, in virtual seconds from now.")
@click.option("--probability", type=float, help="Only by this chance, from 0 to 1.")
@click.option("--seed", type=int, help="A seed for this plan alone.")
@click.option("--plan", help="All of it as JSON, instead of all the above.")
@json_option
@driving
def arm(*, as_json: bool, client: ControlClient, plan: str | None, **options: Any) -> None:
    """Let an EFFECT happen at a POINT, as in: arm espf/status reset --after --first 2.

    Effects on what your provisioner asks: answer, delay, hang, reset, truncate, malformed, slow,
    content-type. On what it is sent: drop, delay, duplicate, reorder, reset, truncate, malformed, slow,
    content-type.
    """
    given = {name: value for name, value in options.items() if value is not None}
    armed = client.arm(_from_json(plan, given) if plan is not None else _from_options(**given))
    click.echo(json.dumps(armed) if as_json else _line(armed))


@faults.command()
@click.argument("number", type=int, required=False)
@driving
def clear(*, number: int | None, client: ControlClient) -> None:
    """Take a plan out of force by its NUMBER, or all."""
    left = client.disarm(number)
    click.echo("1 armed plan is left." if len(left) == 1 else f"{len(left)} armed plans are left.")


def _from_json(plan: str, given: dict[str, Any]) -> Any:
    if given:
        raise WeatherError(f"--plan holds the whole plan: leave out {', '.join(sorted(given))}.")
    try:
        return json.loads(plan)
    except ValueError as error:
        raise WeatherError(f"--plan is {plan!r}, which is no JSON: {error}.") from error


def _from_options(point: str = "", effect: str = "", **options: Any) -> dict[str, Any]:
    if not effect:
        raise WeatherError("A plan needs a point and an effect, as in: arm espf/status reset --first 2.")
    fault = {name: options.pop(name) for name in OF_THE_FAULT if name in options}
    return {"point": point, "fault": {"effect": effect, **fault}, **options}


def _line(armed: dict[str, Any]) -> str:
    plan = dict(armed)
    number, point, fault = plan.pop("number"), plan.pop("point"), plan.pop("fault")
    seen, struck, effect = plan.pop("seen"), plan.pop("struck"), fault.pop("effect")
    details = " ".join(f"{name}={json.dumps(value)}" for name, value in {**fault, **plan}.items())
    return f"{number:>5}  {point:<34} {effect:<12} {struck} of {seen} struck  {details}".rstrip()
