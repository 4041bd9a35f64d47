"""The generator: Locust users that send events on schedule, whatever the target does.

`espf-loadtest run` starts it; `locust -f loadtests/locustfile.py` does so too, with Locust's own web page,
against a target beside simulators that `espf-simulators up` started.
"""

import argparse
import errno
import json
import os
import random
import resource
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

import gevent
from gevent.pool import Group
from locust import constant, events, task
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import WorkerRunner

from loadtests.arrivals import Arrivals
from simulators.emitter.events import Message

TAKEN: Final = 200
# Real seconds until an event that was not taken is sent again, and how often that happens.
RESEND_AFTER: Final = 5.0
RESENDS: Final = 20
# What events show; a command line could be read by others.
CREDENTIALS: Final = "ESPF_EVENT_CREDENTIALS"
OFFLINE: Final = "Basic ZXNwZjpvZmZsaW5lLWV2ZW50cw=="
# What this machine itself has too few of: open files, or ports.
OWN_LIMITS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL})
# Real seconds until an event that found none free tries again to leave.
LEAVE_AFTER: Final = 0.1
MILLISECONDS: Final = 1_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what is sent, where and when."""
    group = parser.add_argument_group("ESPF load")
    group.add_argument("--events-url", default="http://127.0.0.1:8080/events", help="where events go")
    group.add_argument("--event-header", default="Authorization", help="the header of the credentials")
    group.add_argument("--event-type", default="Account/New", help="the type of all events")
    group.add_argument("--shape", default="steady", choices=["steady", "ramp", "burst"])
    group.add_argument("--rate", type=float, default=10.0, help="events a second")
    group.add_argument("--duration", type=float, default=60.0, help="real seconds")
    group.add_argument(
        "--first-account", type=int, default=1_000_000, help="the i_account of the first event"
    )
    group.add_argument("--duplicates", type=float, default=0.0, help="the share that is sent twice")
    group.add_argument("--streams", type=int, default=1, help="generators that share the schedule")
    group.add_argument("--chance", type=int, default=0, help="the seed of what is left to chance")
    group.add_argument("--sent-file", default="", help="where each event sent is written, a line each")


class Log:
    """What a process sent; that of a worker is kept until its master asks for it and writes it down."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.is_begun = False
        self.is_done = False

    def taken(self) -> list[dict[str, Any]]:
        """Hand over what has come together."""
        rows, self.rows = self.rows, []
        return rows


def keep_log(environment: Environment, **_: Any) -> None:
    """Give each process a log, and let workers' logs travel to the master with their figures."""
    log = vars(environment)["espf_log"] = Log()
    finished: set[str] = set()

    def begin(**_: Any) -> None:
        log.is_begun = log.is_done = False

    def tell(data: dict[str, Any], **_: Any) -> None:
        data["espf_sent"], data["espf_done"] = log.taken(), log.is_done

    def hear(client_id: str, data: dict[str, Any], **_: Any) -> None:
        _write(environment, data.get("espf_sent", []))
        if data.get("espf_done"):
            finished.add(client_id)
        # Who died tells no more; what it still had to send shows as not sent.
        workers: Any = vars(environment.runner)["clients"]
        if not {one.id for one in workers.all} - {one.id for one in workers.missing} - finished:
            _quit(environment)

    told: Any = environment.events.report_to_master
    told.add_listener(tell)
    heard: Any = environment.events.worker_report
    heard.add_listener(hear)
    started: Any = environment.events.test_start
    started.add_listener(begin)


# Locust's hooks have no types.
HOOKS: Final[Any] = events
HOOKS.init_command_line_parser.add_listener(add_options)
HOOKS.init.add_listener(keep_log)


def _options(environment: Environment) -> Any:
    return environment.parsed_options


def _arrivals(environment: Environment) -> Arrivals:
    options = _options(environment)
    return Arrivals(shape=options.shape, rate=options.rate, duration=options.duration)


def _body(i_account: int, event_type: str) -> str:
    # One event for each account, so that one number serves for both.
    message = Message(i_event=i_account, event_type=event_type, variables={"i_account": i_account})
    return message.body("ints").decode()


def _headers(name: str) -> dict[str, str]:
    return {
        "Date": formatdate(usegmt=True),
        "Content-Type": "application/json",
        name: os.environ.get(CREDENTIALS, OFFLINE),
        # As the emitter's simulator: kept connections lock out others where a receiver allows few.
        "Connection": "close",
    }


def _allow_connections() -> None:
    """Take as many open files as this process may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _quit(environment: Environment) -> None:
    runner: Any = environment.runner
    # Who looks at Locust's web page may want to send once more.
    gevent.spawn(runner.stop if environment.web_ui else runner.quit)


def _write(environment: Environment, rows: list[dict[str, Any]]) -> None:
    if path := _options(environment).sent_file:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


class Emitter(FastHttpUser):
    """Sends its share of the schedule; what is not taken it sends again, as the ESPF does."""

    host = "http://set.by.options"
    wait_time = constant(0)
    network_timeout = connection_timeout = 300.0

    def __init__(self, environment: Environment) -> None:
        # No answer may hold up an event: each of them finds a connection of its own.
        self.concurrency = _arrivals(environment).number
        super().__init__(environment)

    @task
    def emit(self) -> None:
        """Send all, each in a greenlet of its own, and wait until all are at their end."""
        log = vars(self.environment)["espf_log"]
        # Where a worker leaves, Locust lets another one begin once more, with what it has sent already.
        if log.is_begun:
            raise StopUser
        log.is_begun = True
        self._send_all()
        log.is_done = True
        if not isinstance(self.environment.runner, WorkerRunner):
            _quit(self.environment)
        raise StopUser

    def _send_all(self) -> None:
        _allow_connections()
        options, group = _options(self.environment), Group()
        start = time.time()
        for number, due in self._share():
            gevent.sleep(max(0.0, start + due - time.time()))
            group.spawn(self._deliver, options.first_account + number, start + due)
        group.join()

    def _share(self) -> Iterator[tuple[int, float]]:
        streams = _options(self.environment).streams
        # A worker that came to take the place of another has none.
        own = getattr(self.environment.runner, "worker_index", 0)
        for number, due in enumerate(_arrivals(self.environment).times()):
            if number % streams == own:
                yield number, due

    def _deliver(self, i_account: int, intended: float) -> None:
        chance = random.Random(f"{_options(self.environment).chance}/{i_account}")  # noqa: S311 - no secret
        taken = self._sent(i_account, intended, attempt=1)
        if chance.random() < _options(self.environment).duplicates:
            self._sent(i_account, time.time(), attempt=2)
        for attempt in range(2, RESENDS + 2):
            if taken:
                return
            gevent.sleep(RESEND_AFTER)
            taken = self._sent(i_account, time.time(), attempt=attempt)

    def _sent(self, i_account: int, intended: float, *, attempt: int) -> bool:
        """Send it once, and write down when it left and, later, what came of it."""
        while True:
            row = {"i_account": i_account, "attempt": attempt, "intended": intended, "sent": time.time()}
            # An answer may never come, and the generator be ended while it waits.
            self._keep({**row, "ended": None, "status": None})
            status = self._posted(i_account, intended)
            if status is not None:
                break
            gevent.sleep(LEAVE_AFTER)
        self._keep({**row, "ended": time.time(), "status": status})
        return status == TAKEN

    def _posted(self, i_account: int, intended: float) -> int | None:
        """Its answer's status, 0 without one; None if this machine had no connection for it.

        What Locust shows as response time begins at the moment it was due.
        """
        options = _options(self.environment)
        with self.client.post(
            options.events_url,
            data=_body(i_account, options.event_type),
            headers=_headers(options.event_header),
            name="event",
            catch_response=True,
            allow_redirects=False,
        ) as response:
            # Only what came to no answer has one.
            error = getattr(response, "error", None)
            response.request_meta["response_time"] = (time.time() - intended) * MILLISECONDS
            if response.status_code == TAKEN:
                response.success()
            else:
                response.failure(f"answered {response.status_code}, {error or 'which is not 200'}")
        return None if getattr(error, "errno", None) in OWN_LIMITS else response.status_code or 0

    def _keep(self, row: dict[str, Any]) -> None:
        if isinstance(self.environment.runner, WorkerRunner):
            vars(self.environment)["espf_log"].rows.append(row)
        else:
            _write(self.environment, [row])
