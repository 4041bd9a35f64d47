"""What the harness's commands have in common: exit codes, and errors as one sentence without a traceback."""

import sys
import traceback
from typing import Any, Final, NoReturn

import click

from simulators.errors import SimulatorError, StackError

HARNESS_BROKE: Final = 3
"""The harness itself broke."""
CONFIGURATION: Final = 4
"""A file, an option or another setting is wrong, the target did not start, or no stack answers."""
INTERRUPTED: Final = 130
"""Interrupted; what was told by then is reported."""


class Commands(click.Group):
    """Commands whose mistakes end with the documented exit codes; click's own 2 means inconclusive here."""

    # Errors of the package that the user can mend: a sentence and exit code 4.
    configuration_errors: tuple[type[Exception], ...] = (SimulatorError,)

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Run a command and exit with its code."""
        options["standalone_mode"] = False
        try:
            sys.exit(super().main(*args, **options) or 0)
        except click.ClickException as error:
            error.show()
            sys.exit(CONFIGURATION)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            sys.exit(INTERRUPTED)
        except StackError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(HARNESS_BROKE)
        except self.configuration_errors as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(CONFIGURATION)
        except Exception:  # noqa: BLE001 - Python's own exit code 1 would mean that a requirement failed
            traceback.print_exc()
            click.echo("Error: the harness itself broke; please report the lines above.", err=True)
            sys.exit(HARNESS_BROKE)
