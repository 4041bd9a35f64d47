"""The process of the provisioner: settings from the environment, both receivers on one port, a clean stop."""

import errno
import logging
import signal
import sys
from types import FrameType
from typing import Any, Final

import click
import waitress

from reference_provisioner import logs
from reference_provisioner.app import MAX_BODY
from reference_provisioner.errors import StartError, StorageError
from reference_provisioner.provisioner import Provisioner
from reference_provisioner.settings import Settings, read_settings

log = logging.getLogger(__name__)

# The same code in every command of the project.
EXIT_START: Final = 4
"""The environment or the database cannot be used, or the port."""
THREADS: Final = 8
# What is larger than a body may be, but no flood, is refused by the application, which logs and counts it.
MAX_BUFFER: Final = 16 * MAX_BODY
# A call that takes longer is left alone: the process ends, and the step is repeated at the next start.
PATIENCE: Final = 0.5


@click.command()
def main() -> None:
    """Run the reference provisioner.

    Every setting comes from the environment; docs/reference.md lists the variables.
    """
    logs.configure()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        settings = read_settings()
        provisioner = Provisioner(settings)
        server = _listen(settings, provisioner)
    except StartError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_START)
    log.info("instance %s listens on %s:%d", settings.owner, settings.host, settings.port)
    try:
        # Only now: before, the process of this name that holds the port might still be at work.
        provisioner.start()
        server.run()
    except StorageError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_START)
    finally:
        server.close()
        provisioner.stop(patience=PATIENCE)
        log.info("instance %s stopped", settings.owner)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _listen(settings: Settings, provisioner: Provisioner) -> Any:
    try:
        return waitress.create_server(
            provisioner.app,
            host=settings.host,
            port=settings.port,
            threads=THREADS,
            ident=None,
            max_request_body_size=MAX_BUFFER,
        )
    except (OSError, ValueError) as error:
        in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "is in use" if in_use else f"cannot be listened on ({error})"
        raise StartError(
            f"Port {settings.port} on {settings.host} {reason}: set another HOST or PORT, or free this one."
        ) from error


if __name__ == "__main__":
    main()
