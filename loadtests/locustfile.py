"""The generator: Locust users that send events on schedule, whatever the target does.

`espf-loadtest run` starts it; `locust -f loadtests/locustfile.py` does so too, with Locust's own web page,
against a target beside simulators that `espf-simulators up` started.
"""

import argparse
import json
import os
import random
import time
from collections.abc import Iterator
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
# As many deliveries may be unanswered at once.
CONNECTIONS: Final = 2_000
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
    """What a worker sent, until its master asks for it and writes it down."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.is_done = False

    def taken(self) -> list[dict[str, Any]]:
        """Hand over what has come together."""
        rows, self.rows = self.rows, []
        return rows


def keep_log(environment: Environment, **_: Any) -> None:
    """Give each process a log, and let workers' logs travel to the master with their figures."""
    log = vars(environment)["espf_log"] = Log()
    finished: set[str] = set()

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


# Locust's hooks have no types.
HOOKS: Final[Any] = events
HOOKS.init_command_line_parser.add_listener(add_options)
HOOKS.init.add_listener(keep_log)


def _options(environment: Environment) -> Any:
    return environment.parsed_options


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
    concurrency = CONNECTIONS
    network_timeout = connection_timeout = 300.0

    @task
    def emit(self) -> None:
        """Send all, each in a greenlet of its own, and wait until all are at their end."""
        options, group = _options(self.environment), Group()
        start = time.time()
        for number, due in self._share():
            gevent.sleep(max(0.0, start + due - time.time()))
            group.spawn(self._deliver, options.first_account + number, start + due)
        group.join()
        vars(self.environment)["espf_log"].is_done = True
        if not isinstance(self.environment.runner, WorkerRunner):
            _quit(self.environment)
        raise StopUser

    def _share(self) -> Iterator[tuple[int, float]]:
        options = _options(self.environment)
        arrivals = Arrivals(shape=options.shape, rate=options.rate, duration=options.duration)
        own = getattr(self.environment.runner, "worker_index", 0) % options.streams
        for number, due in enumerate(arrivals.times()):
            if number % options.streams == own:
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
        """Send it once; what Locust shows as response time begins at the moment it was due."""
        options, sent = _options(self.environment), time.time()
        # One event for each account, so that one number serves for both.
        message = Message(
            i_event=i_account, event_type=options.event_type, variables={"i_account": i_account}
        )
        headers = {
            "Content-Type": "application/json",
            options.event_header: os.environ.get(CREDENTIALS, OFFLINE),
        }
        with self.client.post(
            options.events_url,
            data=message.body("ints").decode(),
            headers=headers,
            name="event",
            catch_response=True,
        ) as response:
            ended = time.time()
            response.request_meta["response_time"] = (ended - intended) * MILLISECONDS
            if response.status_code == TAKEN:
                response.success()
            else:
                response.failure(f"answered {response.status_code}")
            status = response.status_code or 0
        row = {"i_account": i_account, "intended": intended, "sent": sent, "ended": ended}
        self._keep({**row, "status": status, "attempt": attempt})
        return status == TAKEN

    def _keep(self, row: dict[str, Any]) -> None:
        if isinstance(self.environment.runner, WorkerRunner):
            vars(self.environment)["espf_log"].rows.append(row)
        else:
            _write(self.environment, [row])
