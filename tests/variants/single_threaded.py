"""A legal variant of quite another make: one thread and the standard library alone, 500 in any trouble.

It does the whole work of an event before it answers, so that ESPF sends again what failed. It sends
`auth_info` with each call, reports by the account's ID, in JSON, and outcomes; it keeps nothing.
"""

import base64
import hmac
import json
import os
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

ACTIONS: Final = {
    "Account/New": "activate",
    "Subscriber/Created": "activate",
    "Account/Product/Changed": "modify",
    "Subscriber/Updated": "modify",
    "Account/Status/Closed": "deactivate",
    "Subscriber/Deleted": "deactivate",
}
GROUPS: Final = ("HSS", "PCRF")
STATUSES: Final = {"completed": "OK", "failed": "FAILED", "retrying": "RETRY"}
# What a neighbour says of the moment, not of what was asked.
PASSING: Final = {401, 408, 429}


class TroubleError(Exception):
    """A neighbour is of no use at the moment."""


class RefusalError(Exception):
    """A neighbour will never take this."""


@dataclass
class Memory:
    """All that is known: events by number, orders by reference, the newest report of each group."""

    done: set[int] = field(default_factory=set)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    # By account and group: the reference of the newest order, and when its newest report occurred.
    newest: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)


MEMORY: Final = Memory()


def post(url: str, body: Any, authorization: str = "") -> Any:
    """Post JSON and read JSON."""
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": authorization} if authorization else {}
    )
    try:
        with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=3) as answer:  # noqa: S310 - as told
            return json.loads(answer.read() or b"{}")
    except HTTPError as error:
        error.close()
        if 400 <= error.code < 500 and error.code not in PASSING:
            raise RefusalError(error.code) from None
        raise TroubleError(error.code) from None
    except (URLError, OSError, ValueError) as error:
        raise TroubleError(str(error)) from None


def ask(method: str, i_account: int) -> Any:
    """Call PortaBilling; it tells every failure as 500."""
    who = {"login": os.environ["LOGIN"], "password": os.environ["PASSWORD"]}
    url = f"{os.environ['PORTABILLING_URL']}/rest/{method}"
    return post(url, {"auth_info": who, "params": {"i_account": i_account}})


def report(order: dict[str, Any], group: str, status: str) -> None:
    """Post a status; one that ESPF refuses for good is given up."""
    credentials = f"{os.environ['LOGIN']}:{os.environ['PASSWORD']}".encode()
    url = f"{os.environ['PORTABILLING_URL']}/espf/v1/account/{quote(order['account']['id'], safe='')}/status"
    try:
        post(url, {"status": status, "group": group}, f"Basic {base64.b64encode(credentials).decode()}")
    except RefusalError:
        return


def take_event(event: Any) -> None:
    """Query, order, and remember the event when all that is done."""
    action, variables = ACTIONS.get(event["event_type"]), event["variables"]
    if action is None:
        return
    i_event, i_account = int(variables["i_event"]), int(variables["i_account"])
    if i_event in MEMORY.done:
        return
    found = ask("Account/get_account_info", i_account).get("account_info")
    closed = found and found.get("bill_status") == "C"
    services = [name for name in GROUPS if found and name in found.get("included_services", GROUPS)]
    if services and closed == (action == "deactivate"):
        card = ask("SIMCard/get_sim_card_info", i_account).get("sim_card_info", {})
        card = {name: card[name] for name in ("msisdn", "imsi", "iccid") if name in card}
        place({
            "reference": f"order-{i_event}",
            "action": action,
            "account": {"i_account": i_account, "id": found["id"], **card},
            "services": services,
            "notify_url": os.environ["NOTIFY_URL"],
        })  # fmt: skip
    MEMORY.done.add(i_event)


def place(order: dict[str, Any]) -> None:
    """Send an order; from here on its reports count. One that is refused for good has failed."""
    MEMORY.orders[order["reference"]] = order
    for service in order["services"]:
        MEMORY.newest.setdefault((order["account"]["i_account"], service), ("", ""))
        if MEMORY.newest[order["account"]["i_account"], service][0] != order["reference"]:
            MEMORY.newest[order["account"]["i_account"], service] = (order["reference"], "")
    try:
        post(f"{os.environ['OMS_URL']}/orders", order, f"Bearer {os.environ['OMS_TOKEN']}")
    except RefusalError:
        for service in order["services"]:
            report(order, service, "FAILED")


def take_notification(notice: Any) -> None:
    """Report the outcome of a known order's service, unless something newer is known."""
    order = MEMORY.orders[notice["reference"]]
    key = (order["account"]["i_account"], notice["service"])
    reference, newest = MEMORY.newest[key]
    status = STATUSES.get(notice["state"])
    if reference != notice["reference"] or notice["occurred_at"] < newest:
        return
    if status:
        report(order, notice["service"], status)
    MEMORY.newest[key] = (reference, notice["occurred_at"])


class Handler(BaseHTTPRequestHandler):
    """Answers 200 when all is done, 4xx to what cannot be read, 500 in trouble."""

    def do_GET(self) -> None:
        """Say that it is ready."""
        self._answer(200)

    def do_POST(self) -> None:
        """Take an event or a notification."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path == "/notifications":
                take_notification(json.loads(body))
            elif not self._is_espf():
                return self._answer(401)
            else:
                take_event(json.loads(body))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return self._answer(400)
        except (TroubleError, RefusalError):
            return self._answer(500)
        return self._answer(200)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _is_espf(self) -> bool:
        pair = f"{os.environ['EVENT_USER']}:{os.environ['EVENT_PASSWORD']}".encode()
        expected = f"Basic {base64.b64encode(pair).decode()}"
        return hmac.compare_digest(self.headers.get("Authorization", ""), expected)

    def _answer(self, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
