"""Whether this process can do its work: its database, and each neighbour at least once since its start."""

import socket
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from reference_provisioner.database import Database

TIMEOUT: Final = 1.0
PORTS: Final = {"http": 80, "https": 443}


class Readiness:
    """Looks for reasons not to be sent events.

    A neighbour that was reached once is not asked again: while it fails later, events are still taken and
    its part of the work waits.
    """

    def __init__(self, database: Database, *, neighbours: Mapping[str, str]) -> None:
        self._database = database
        self._unreached = dict(neighbours)

    def problems(self) -> list[str]:
        """Return a sentence for each reason; none means ready."""
        for name, url in tuple(self._unreached.items()):
            if _reached(url):
                self._unreached.pop(name, None)
        away = [
            f"{name} cannot be reached at {url}: nobody listens there yet, or the setting is wrong."
            for name, url in tuple(self._unreached.items())
        ]
        problem = self._database.problem()
        return [*([problem] if problem else []), *away]


def _reached(url: str) -> bool:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or PORTS[parts.scheme])
    try:
        with socket.create_connection(address, timeout=TIMEOUT):
            return True
    except OSError:
        return False
