"""What the commands share that drive a running stack from a shell: where it is, and how they print."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from simulators.client import DEFAULT_CONTROL, ControlClient

_control_option = click.option(
    "--control",
    envvar="ESPF_CONTROL",
    default=DEFAULT_CONTROL,
    show_default=True,
    help="Where the stack runs.  [env: ESPF_CONTROL]",
)
_ca_file_option = click.option("--ca-file", help="The CA file that a stack started with --tls printed.")
token_option = click.option(
    "--control-token", envvar="ESPF_CONTROL_TOKEN", help="The control API's token.  [env: ESPF_CONTROL_TOKEN]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def driving(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command a client of the running stack, by its address, CA file and token."""

    @_control_option
    @_ca_file_option
    @token_option
    @wraps(command)
    def run(*, control: str, ca_file: str | None, control_token: str | None, **options: Any) -> int | None:
        return command(client=ControlClient(control, ca_file=ca_file, token=control_token or ""), **options)

    return run
