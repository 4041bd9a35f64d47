"""Benchmark: how many real seconds virtual days take, when an `auto` clock jumps from timer to timer.

Run it with `python -m loadtests.benchmarks.virtual_days`. Beside the simulators stands a provisioner of a few
lines, in the same process: it orders what an event asks for and reports what it is notified of.
"""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import requests
from rich.console import Console
from rich.table import Table
from werkzeug.wrappers import Request, Response

from simulators.oms.plans import Plan
from simulators.settings import StackSettings
from simulators.stack import Addresses, Stack
from simulators.wire.recorder import WebServer

HOUR: Final = 3600.0
# Virtual seconds from an order to its outcome.
DELAYS: Final = (600.0, HOUR, 72 * HOUR)
SETTLES: Final = (0.3, 0.0)
ACCOUNT: Final = 189
PATIENCE: Final = 60.0


class SmallProvisioner:
    """Does its duties before it answers, over one connection for each of its threads."""

    def __init__(self) -> None:
        self.url = ""
        self.neighbours: Addresses | None = None
        self._local = threading.local()

    def serve(self, request: Request) -> Response:
        """Take an event or a notification."""
        body = json.loads(request.get_data())
        answer = self._report(body) if "notification_id" in body else self._order(**body["variables"])
        return Response("", answer.status_code)

    def _order(self, *, i_event: int, i_account: int) -> requests.Response:
        assert self.neighbours  # noqa: S101 - it is told before anything is sent
        order = {
            "reference": f"event-{i_event}",
            "action": "activate",
            "account": {"i_account": i_account, "id": f"{i_account}"},
            "services": ["HSS"],
            "notify_url": self.url,
        }
        token = {"Authorization": "Bearer offline-oms"}
        return self._post(f"{self.neighbours.oms}/orders", json=order, headers=token)

    def _report(self, notification: dict[str, Any]) -> requests.Response:
        assert self.neighbours  # noqa: S101 - it is told before anything is sent
        url = f"{self.neighbours.portabilling}/espf/v1/account/i/{ACCOUNT}/status"
        fields = {"status": "OK", "group": notification["service"]}
        return self._post(url, data=fields, auth=("provisioner", "offline-only"))

    def _post(self, url: str, **options: Any) -> requests.Response:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
        session: requests.Session = self._local.session
        return session.post(url, timeout=PATIENCE, **options)


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What was lived through: virtual and real seconds, and the HTTP calls that were made."""

    virtual: float
    real: float
    calls: int


def live(*, settle: float) -> Lived:
    """Let one story after the other play to its end, each with another delay."""
    provisioner = SmallProvisioner()
    with WebServer(Request.application(provisioner.serve), host="127.0.0.1", port=0) as server:
        provisioner.url = f"http://127.0.0.1:{server.port}/"
        settings = StackSettings(clock="auto", settle=settle, events_url=provisioner.url)
        with Stack(settings) as stack:
            provisioner.neighbours = stack.addresses
            start, begun = stack.clock.now(), time.perf_counter()
            for delay in DELAYS:
                stack.oms.plan(Plan(delay=delay))
                stack.emitter.emit("Account/New", i_account=ACCOUNT)
                stack.clock.wait_idle()
            real, calls = time.perf_counter() - begun, stack.journal.exchanges()
            assert {call.status for call in calls} == {200}  # noqa: S101 - else nothing was lived through
            return Lived(virtual=stack.clock.now() - start, real=real, calls=len(calls))


def main() -> None:
    """Print the table."""
    delays = ", ".join(f"{delay / HOUR:g} h" for delay in DELAYS)
    table = Table(title=f"Stories with delays of {delays}", title_justify="left")
    for column in ("settle s", "virtual h", "real s", "HTTP calls", "real s without the settles"):
        table.add_column(column, justify="right")
    for settle in SETTLES:
        lived = live(settle=settle)
        # The clock settles once before each jump.
        without = lived.real - settle * len(DELAYS)
        table.add_row(
            f"{settle}",
            f"{lived.virtual / HOUR:.2f}",
            f"{lived.real:.3f}",
            f"{lived.calls}",
            f"{without:.3f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
