"""Whole stories over HTTP, beside a provisioner of a few lines: virtual days, lost answers, many accounts."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import requests
from werkzeug.wrappers import Request, Response

from simulators.clock import FIXED_START
from simulators.oms.plans import Plan, Uniform
from simulators.settings import StackSettings
from simulators.stack import Addresses, Stack
from simulators.weather.faults import Reset
from simulators.wire.recorder import WebServer

PATIENCE: Final = 60.0
MINUTE, HOUR, DAY = 60, 3600, 86_400
ACCOUNTS: Final = 1000
REPORTED: Final = {"completed": "OK", "failed": "FAILED"}


@dataclass
class SmallProvisioner:
    """Orders what an event asks for and reports what it is notified of, each before it answers."""

    services: tuple[str, ...] = ("HSS",)
    url: str = ""
    neighbours: Addresses | None = None
    notified: list[str] = field(default_factory=list)

    def serve(self, request: Request) -> Response:
        """Take an event or a notification; 500 asks for it to be sent again."""
        body = json.loads(request.get_data())
        try:
            done = self._report(body) if "notification_id" in body else self._order(**body["variables"])
        except requests.ConnectionError:
            done = False
        return Response("", 200 if done else 500)

    def _order(self, *, i_event: int, i_account: int) -> bool:
        order = {
            "reference": f"{i_account}-{i_event}",
            "action": "activate",
            "account": {"i_account": i_account, "id": f"{i_account}"},
            "services": self.services,
            "notify_url": self.url,
        }
        token = {"Authorization": "Bearer offline-oms"}
        assert self.neighbours
        url = f"{self.neighbours.oms}/orders"
        return requests.post(url, json=order, headers=token, timeout=PATIENCE).ok

    def _report(self, notification: dict[str, Any]) -> bool:
        self.notified.append(notification["notification_id"])
        status = {"status": REPORTED[notification["state"]], "group": notification["service"]}
        i_account, _, _ = notification["reference"].partition("-")
        assert self.neighbours
        url = f"{self.neighbours.portabilling}/espf/v1/account/i/{i_account}/status"
        return requests.post(url, data=status, auth=("provisioner", "offline-only"), timeout=PATIENCE).ok


@pytest.fixture(name="beside")
def _beside() -> Iterator[Callable[..., tuple[Stack, SmallProvisioner]]]:
    """Start a small provisioner with a stack beside it, whose clock jumps; options are `StackSettings`'."""
    with ExitStack() as resources:

        def start(*services: str, **options: Any) -> tuple[Stack, SmallProvisioner]:
            provisioner = SmallProvisioner(services=services)
            server = WebServer(Request.application(provisioner.serve), host="127.0.0.1", port=0)
            provisioner.url = f"http://127.0.0.1:{resources.enter_context(server).port}/"
            settings = StackSettings(clock="auto", settle=0.0, events_url=provisioner.url, **options)
            stack = resources.enter_context(Stack(settings))
            provisioner.neighbours = stack.addresses
            return stack, provisioner

        yield start


def stored_after(stack: Stack) -> dict[str, float]:
    """After how many virtual seconds each group of account 189 got its status."""
    return {report.group: report.stored_at - FIXED_START for report in stack.espf.stored()}


def test_ten_minutes_an_hour_and_three_days_pass_at_once(
    beside: Callable[..., tuple[Stack, SmallProvisioner]],
) -> None:
    """The clock jumps from one outcome to the next, and each is reported exactly when it is told."""
    delays = {"HSS": 10 * MINUTE, "PCRF": HOUR, "VoIP": 3 * DAY}
    stack, _ = beside(*delays)
    for service, delay in delays.items():
        stack.oms.plan(Plan(service=service, delay=delay))

    stack.emitter.emit("Account/New", i_account=189)

    assert stack.journal.wait_until(lambda: len(stack.espf.stored()) == len(delays), timeout=PATIENCE)
    assert stored_after(stack) == delays


def test_answer_lost_after_the_work_was_done_costs_nothing(
    beside: Callable[..., tuple[Stack, SmallProvisioner]],
) -> None:
    """The OMS took the order though nobody heard so; the event comes again, and it is still one order."""
    stack, _ = beside("HSS")
    stack.weather.arm("oms/order", Reset(after=True), first=1)

    event = stack.emitter.emit("Account/New", i_account=189)

    assert stack.journal.wait_until(lambda: stack.espf.status_of(189, "HSS") == "OK", timeout=PATIENCE)
    sent = [record.status for record in stack.journal.exchanges() if record.i_event == event.i_event]
    asked = [record.status for record in stack.journal.exchanges() if record.operation == "order"]
    assert (sent, asked, len(stack.oms.orders())) == ([500, 200], [0, 200], 1)


def test_same_notification_three_times_is_one_outcome(
    beside: Callable[..., tuple[Stack, SmallProvisioner]],
) -> None:
    """Copies have one number by which a provisioner knows them, and all are sent at one instant."""
    stack, provisioner = beside("HSS")
    stack.oms.plan(Plan(service="HSS", delay=HOUR, copies=3))

    stack.emitter.emit("Account/New", i_account=189)

    assert stack.journal.wait_until(lambda: len(stack.espf.history(189, "HSS")) == 3, timeout=PATIENCE)
    assert len(set(provisioner.notified)) == 1
    times = {
        record.virtual_time for record in stack.journal.exchanges() if record.operation == "notification"
    }
    assert times == {FIXED_START + HOUR}


def test_thousand_accounts_are_never_mixed_up(
    beside: Callable[..., tuple[Stack, SmallProvisioner]],
) -> None:
    """Orders of a thousand accounts end in any order, and each account has the status of its own order."""
    stack, _ = beside("HSS", world="operator")
    accounts = range(1_000_000, 1_000_000 + ACCOUNTS)
    for i_account in accounts:
        outcome = "failed" if i_account % 2 else "completed"
        stack.oms.plan(Plan(i_account=i_account, outcome=outcome, delay=Uniform(uniform=(MINUTE, 3 * DAY))))

    for i_account in accounts:
        stack.emitter.emit("Account/New", i_account=i_account)

    assert stack.journal.wait_until(lambda: len(stack.espf.stored()) == ACCOUNTS, timeout=PATIENCE)
    reports = stack.espf.stored()
    assert {report.i_account: report.status for report in reports} == {
        i_account: "FAILED" if i_account % 2 else "OK" for i_account in accounts
    }
    in_order_of_time = [report.i_account for report in sorted(reports, key=lambda one: one.stored_at)]
    assert in_order_of_time != sorted(in_order_of_time)
