"""A legal variant that shares no code with the reference: a thread per account, the standard library alone.

What waits for an account while it is busy is done together, as the newest event asks. It sends `auth_info`
with each call, a Basic header to ESPF, reports by ID with a bare `@`, and tries again a second later.
"""

import base64
import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

ACTIONS: Final = {
    "Account/New": "activate",
    "Subscriber/Created": "activate",
    "Account/Product/Changed": "modify",
    "Subscriber/Updated": "modify",
    "Account/Status/Closed": "deactivate",
    "Subscriber/Deleted": "deactivate",
}
SERVICES: Final = ("HSS", "PCRF")
STATUSES: Final = {
    "in_progress": "IN_PROGRESS",
    "retrying": "RETRY",
    "completed": "OK",
    "failed": "FAILED",
}
PASSING: Final = {401, 408, 429}
JSON: Final = {"Content-Type": "application/json"}


class TroubleError(Exception):
    """Try again later."""


class RefusalError(Exception):
    """Trying again is of no use."""


def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Post something and give the answer."""
    try:
        with urlopen(Request(url, body, headers), timeout=3) as answer:  # noqa: S310 - as told
            return bytes(answer.read())
    except HTTPError as error:
        error.close()
        if 400 <= error.code < 500 and error.code not in PASSING:
            raise RefusalError(error.code) from None
        raise TroubleError(error.code) from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise TroubleError(str(error)) from None


def until_done(work: Callable[[], Any]) -> Any:
    """Try again a second later, for as long as it takes."""
    while True:
        try:
            return work()
        except TroubleError:
            time.sleep(1)


def ask(method: str, i_account: int) -> Any:
    """Call PortaBilling with credentials."""
    who = {"login": os.environ["LOGIN"], "password": os.environ["PASSWORD"]}
    body = json.dumps({"auth_info": who, "params": {"i_account": i_account}}).encode()
    url = f"{os.environ['PORTABILLING_URL']}/rest/{method}"
    try:
        return json.loads(post(url, body, JSON))
    except ValueError as error:
        raise TroubleError(str(error)) from None


class Account(threading.Thread):
    """Does all that concerns one account, one thing after the other."""

    def __init__(self, i_account: int) -> None:
        super().__init__(daemon=True)
        self.i_account = i_account
        self.work: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.newest: dict[str, tuple[str, str]] = {}
        self.id = ""
        self.start()

    def run(self) -> None:
        """Work for ever."""
        while True:
            waiting = [self.work.get()]
            while not self.work.empty():
                waiting.append(self.work.get())
            events = [content for kind, content in waiting if kind == "event"]
            if events:
                self.provision(max(events, key=lambda event: event["i_event"]))
            for notice in (content for kind, content in waiting if kind == "notice"):
                self.take(notice)

    def provision(self, event: dict[str, Any]) -> None:
        """Query and order."""
        found = until_done(lambda: ask("Account/get_account_info", self.i_account)).get("account_info")
        if not found or (found.get("bill_status") == "C") != (event["action"] == "deactivate"):
            return
        card = until_done(lambda: ask("SIMCard/get_sim_card_info", self.i_account)).get("sim_card_info", {})
        self.id = found["id"]
        about = {"i_account": self.i_account, "id": self.id}
        about |= {name: card[name] for name in ("msisdn", "imsi", "iccid") if name in card}
        reference = f"{self.i_account}-{event['i_event']}"
        order = {"reference": reference, "action": event["action"], "account": about}
        order |= {"services": list(SERVICES), "notify_url": os.environ["NOTIFY_URL"]}
        self.newest = dict.fromkeys(SERVICES, (reference, ""))
        headers = JSON | {"Authorization": f"Bearer {os.environ['OMS_TOKEN']}"}
        url, body = f"{os.environ['OMS_URL']}/orders", json.dumps(order).encode()
        try:
            until_done(lambda: post(url, body, headers))
            status = "IN_PROGRESS"
        except RefusalError:
            status = "FAILED"
        for service in SERVICES:
            self.report(service, status)

    def take(self, notice: dict[str, Any]) -> None:
        """Report what is news."""
        reference, newest = self.newest.get(notice["service"], ("", ""))
        if notice["reference"] == reference and notice["occurred_at"] >= newest:
            self.newest[notice["service"]] = (reference, notice["occurred_at"])
            self.report(notice["service"], STATUSES[notice["state"]])

    def report(self, group: str, status: str) -> None:
        """Tell ESPF until it listens."""
        pair = f"{os.environ['LOGIN']}:{os.environ['PASSWORD']}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        name = quote(self.id, safe="@") if self.id.strip(".") else self.id.replace(".", "%2E")
        url = f"{os.environ['PORTABILLING_URL']}/espf/v1/account/{name}/status"
        body = urlencode({"status": status, "group": group}).encode()
        try:
            until_done(lambda: post(url, body, headers))
        except RefusalError:
            return


class Accounts:
    """All accounts that were heard of, and the events that were taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: set[int] = set()
        self._accounts: dict[int, Account] = {}

    def take_event(self, event: Any) -> None:
        """Hand an event to its account, once."""
        action = ACTIONS.get(event["event_type"])
        variables = event["variables"]
        i_event, i_account = _number(variables["i_event"]), _number(variables["i_account"])
        with self._lock:
            if action and i_event not in self._events:
                self._events.add(i_event)
                if i_account not in self._accounts:
                    self._accounts[i_account] = Account(i_account)
                self._accounts[i_account].work.put(("event", {"i_event": i_event, "action": action}))

    def take_notice(self, notice: Any) -> None:
        """Hand a notification to its account."""
        i_account, _, _ = notice["reference"].partition("-")
        if not (notice["state"] in STATUSES and notice["service"] in SERVICES and notice["occurred_at"]):
            raise ValueError
        self._accounts[int(i_account)].work.put(("notice", notice))


def _number(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]+", str(value)):
        raise ValueError(value)
    return int(value)


ACCOUNTS: Final = Accounts()


class Handler(BaseHTTPRequestHandler):
    """Answers at once."""

    def do_GET(self) -> None:
        """Say that it is ready."""
        self._answer(200)

    def do_POST(self) -> None:
        """Take an event or a notification."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pair = f"{os.environ['EVENT_USER']}:{os.environ['EVENT_PASSWORD']}".encode()
        expected = f"Basic {base64.b64encode(pair).decode()}"
        if self.path == "/events" and self.headers.get("Authorization") != expected:
            return self._answer(403)
        try:
            take = ACCOUNTS.take_event if self.path == "/events" else ACCOUNTS.take_notice
            take(json.loads(body))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return self._answer(422)
        return self._answer(200 if self.path == "/events" else 204)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(ThreadingHTTPServer):
    """Holds as many connections as come."""

    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
