"""What the commands share that drive a running stack from a shell: where it is, and how they print."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from simulators.client import DEFAULT_CONTROL, ControlClient

_control_option = click.option(
    "--control", default=DEFAULT_CONTROL, show_default=True, help="Where the stack runs."
)
_ca_file_option = click.option("--ca-file", help="The CA file that a stack started with --tls printed.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def driving(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a client of the running stack, by its address and CA file."""

    @_control_option
    @_ca_file_option
    @wraps(command)
    def run(*, control: str, ca_file: str | None, **options: Any) -> None:
        command(client=ControlClient(control, ca_file=ca_file), **options)

    return run
