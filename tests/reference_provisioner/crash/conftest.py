"""What tests of killed provisioners share: processes of it beside a stack, and what must hold in the end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from conformance.ports import reserved_port
from conformance.process import await_ready
from conformance.target import fill, load_target
from simulators.emitter.events import Handler
from simulators.emitter.settings import EmitterSettings
from simulators.journal import Record
from simulators.oms.settings import OmsSettings
from simulators.records import EventCredentials
from simulators.settings import StackSettings
from simulators.stack import Stack

HOST = "127.0.0.1"
GROUPS = ("HSS", "PCRF")
# Real seconds in which a story must have gone on; far above what any takes.
PATIENCE = 60.0
NEVER_GIVE_UP = 10_000
EVENTS = EmitterSettings()


class Instance:
    """One process of the provisioner, which can be killed and started again."""

    def __init__(self, env: Mapping[str, str], *, log: Path) -> None:
        self.log = log
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        path, file = load_target("reference")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "reference_provisioner"],
                env={**os.environ, **self._env},
                stdout=log,
                stderr=log,
            )
        await_ready(
            file, folder=path.parent, values={"host": HOST, "port": self._env["PORT"]}, death=self._death
        )

    def kill(self) -> None:
        """Let it not do one instruction more."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; gives its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        return process.wait(PATIENCE)

    def _death(self) -> str | None:
        ended = self._process is None or self._process.poll() is not None
        return self.log.read_text() if ended else None


class Town:
    """A stack with instances of the provisioner beside it, the first of which is sent the events."""

    def __init__(self, stack: Stack, instances: list[Instance]) -> None:
        self.stack = stack
        self.instances = instances

    def emit(self, i_account: int) -> None:
        """Tell of a new account."""
        with self.stack.guard:
            self.stack.emitter.emit("Account/New", i_account=i_account)

    def wait_for(self, seen: Callable[[Record], bool], *, since: int = 0) -> None:
        """Wait until the simulators observed it."""
        assert self.stack.journal.wait_for(seen, timeout=PATIENCE, since=since), self.trouble()

    def wait_for_statuses(self, i_accounts: list[int], *wanted: str) -> None:
        """Wait until every group of these accounts has one of these statuses."""

        def there() -> bool:
            statuses = (
                self.stack.espf.status_of(account, group) for account in i_accounts for group in GROUPS
            )
            return all(status in wanted for status in statuses)

        assert self.stack.journal.wait_until(there, timeout=PATIENCE), self.trouble()

    def live_through(self, i_accounts: list[int]) -> None:
        """Let the time pass in which all that was not taken is sent again, and all orders come to an end."""
        self.stack.clock.advance(minutes=1, deadline=PATIENCE)
        self.wait_for_statuses(i_accounts, "IN_PROGRESS", "OK")
        self.stack.clock.advance(hours=2, deadline=PATIENCE)
        self.wait_for_statuses(i_accounts, "OK")

    def must_be_right(self, i_accounts: list[int], *, early: bool = False) -> None:
        """Every account has one order, and its statuses followed the facts.

        Where time went on while an order's answer was lost, its outcome may have come `early`, before it was
        known to be accepted; nothing is in progress then.
        """
        allowed = [["IN_PROGRESS", "OK"], ["OK"]] if early else [["IN_PROGRESS", "OK"]]
        for i_account in i_accounts:
            assert len(self.references(i_account)) == 1, self.references(i_account)
            for group in GROUPS:
                told = [report.status for report in self.stack.espf.history(i_account, group)]
                assert [status for status, _ in groupby(told)] in allowed

    def references(self, i_account: int) -> set[str]:
        """The references under which the OMS took orders of an account."""
        return {str(record.reference) for record in self.asked("order") if record.i_account == i_account}

    def asked(self, operation: str) -> list[Record]:
        """All that was asked of this kind, and done."""
        return [record for record in self.stack.journal.records() if record.operation == operation]

    def trouble(self) -> str:
        """What helps to see why it went wrong."""
        logs = "\n".join(instance.log.read_text()[-4000:] for instance in self.instances)
        return f"{logs}\n{self.stack.espf.stored()}"


def _env(stack: Stack, *, port: int, folder: Path, **changed: str) -> Mapping[str, str]:
    values = {
        "port": str(port),
        "host": HOST,
        "portabilling_url": stack.addresses.portabilling,
        "espf_url": stack.addresses.portabilling,
        "oms_url": stack.addresses.oms,
        "login": "provisioner",
        "password": "offline-only",
        "oms_token": "offline-oms",
        "event_user": "espf",
        "event_password": "offline-events",
        "notify_url": f"http://{HOST}:{port}/notifications",
        "state_dir": str(folder),
        "url_form": "i_account",
        "ca_file": "",
    }
    declared = load_target("reference")[1].target.env
    return {name: fill(text, values) for name, text in declared.items()} | {
        "RETRY_CAP_SECONDS": "1",
        **changed,
    }


def _settings(ports: list[int], *, events: EmitterSettings = EVENTS, **options: Any) -> StackSettings:
    url, *others = (f"http://{HOST}:{port}/events" for port in ports)
    credentials = EventCredentials(user="espf", password="offline-events")
    handlers = tuple(
        Handler(name=f"instance-{n}", url=other, credentials=credentials) for n, other in enumerate(others, 2)
    )
    return StackSettings(
        events_url=url,
        handlers=handlers,
        events=replace(events, resend_limit=NEVER_GIVE_UP),
        oms=OmsSettings(notify_limit=NEVER_GIVE_UP),
        **options,
    )


@pytest.fixture
def build_town(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """Start stacks with instances beside them, and end what is left of both."""
    with ExitStack() as resources:

        def build(*, instances: int = 1, env: Mapping[str, str] | None = None, **options: Any) -> Town:
            ports = [resources.enter_context(reserved_port(HOST)) for _ in range(instances)]
            stack = resources.enter_context(Stack(_settings(ports, **options)))
            town = Town(stack, [])
            # As behind a balancer: notifications come to whoever is left, the last one.
            balanced = {"NOTIFY_URL": f"http://{HOST}:{ports[-1]}/notifications", **(env or {})}
            for port in ports:
                instance = Instance(
                    _env(stack, port=port, folder=tmp_path, **balanced), log=tmp_path / f"{port}.log"
                )
                town.instances.append(resources.enter_context(_ended(instance)))
                instance.start()
            return town

        yield build


@contextmanager
def _ended(instance: Instance) -> Iterator[Instance]:
    try:
        yield instance
    finally:
        instance.stop()
