"""The public PHP receivers of events (S20, S22): what each demands of the emitter, else it refuses or drops.

Read in `portabilling/psr14-event` (S20: Event.php, Auth/*.php, used with MR100, 2023) and in
`pavlyuts/portabilling` (S22: BillingEvent.php and BillingEventDispatcher.php, with the events of MR80).
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

import pytest

from simulators.emitter.settings import EmitterSettings
from simulators.release import Release
from simulators.settings import StackSettings
from simulators.stack import Stack

# Both are given what the emitter shows of the demo world: Basic, these two.
USER: Final = "espf"
PASSWORD: Final = "offline-events"
BASIC: Final = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
# The events of an account in the list of S22; it answers 404 to every other type, which is thereby lost.
KNOWN_TO_S22: Final = frozenset(
    {
        "Account/New", "Account/Blocked", "Account/Unblocked", "Account/Id/Changed", "Account/BalanceChanged",
        "Account/Status/Suspend", "Account/Status/Unsuspend", "Account/Status/Closed",
        "Account/Product/Changed", "Account/SIMCardAssignment",
    }
)  # fmt: skip
# Changes that a provisioner must be told of, each with the name that S22 knows it by.
CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Account/Blocked": {"blocked": "Y"},
    "Account/Id/Changed": {"id": "12065550199@msisdn"},
    "Account/Status/Suspend": {"bill_status": "S"},
    "Account/Product/Changed": {"i_product": 2},
    "Account/BalanceChanged": {"balance": 5.5},
}

Judge = Callable[[Message, bytes], int]


def psr14_event(headers: Message, body: bytes, *, header: str = "Authorization", value: str = BASIC) -> int:
    """Answer as S20 does: exactly one `Date`, credentials of exactly two words, both keys in the body."""
    try:
        event = json.loads(body)
    except ValueError:
        return 400
    if not {"event_type", "variables"} <= event.keys():
        return 400
    credentials, dates = headers.get_all(header, []), headers.get_all("Date", [])
    are_whole = len(credentials) == len(dates) == 1 and len(credentials[0].split(" ")) == 2
    return 200 if are_whole and credentials[0] == value else 401


def billing_event(headers: Message, body: bytes) -> int:
    """Answer as S22 does: 403 without its Basic credentials, 404 for whatever else it does not know."""
    if headers.get("Authorization") != BASIC:
        return 403
    event = json.loads(body)
    return 200 if event["event_type"] in KNOWN_TO_S22 and isinstance(event["variables"], dict) else 404


class Receiver:
    """A receiver on an address of its own, which sees the header lines as they came."""

    def __init__(self, judge: Judge) -> None:
        self.requests: list[tuple[str, Message, bytes]] = []
        received = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.requestline, self.headers, body))
                self.send_response(judge(self.headers, body))
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Nothing is to be printed."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/events.php"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def deliver(
    judge: Judge, event_type: str, *, settings: Mapping[str, Any] | None = None, **variables: Any
) -> tuple[Receiver, str]:
    """Let a stack send one event to a receiver; gives the receiver and the event's fate."""
    receiver = Receiver(judge)
    options = {"events_url": receiver.url, **(settings or {})}
    with receiver.serving(), Stack(StackSettings(**options)) as stack:
        with stack.guard:
            i_event = stack.emitter.occurred(event_type, **variables).i_event
        assert stack.in_flight.wait_quiet(0, timeout=10)
        with stack.guard:
            event = stack.emitter.event(i_event)
    assert event is not None
    return receiver, event.fate


@pytest.mark.parametrize("vocabulary", ["legacy", "webhooks"])
def test_s20_accepts_what_the_emitter_sends(vocabulary: Any) -> None:
    """One Date, two words of credentials, POST, and both keys: in either vocabulary the event is taken."""
    settings = {"events": EmitterSettings(vocabulary=vocabulary)}

    receiver, fate = deliver(psr14_event, "Account/New", settings=settings, i_account=189)

    (request_line, headers, body) = receiver.requests[0]
    assert (fate, request_line) == ("finished", "POST /events.php HTTP/1.1")
    assert headers.get_all("Content-Type") == ["application/json"]
    assert headers.get_all("Content-Length") == [str(len(body))]
    assert json.loads(body)["variables"] == {"i_account": 189, "i_event": 1}


def test_s20_finds_its_credentials_under_a_header_of_its_own(world_with: Callable[..., str]) -> None:
    """A custom header carries the operator's two words, and `Authorization` then stays away."""
    world = world_with(events='type = "Token"\nvalue = "planted"\nheader = "Verify"')

    receiver, fate = deliver(
        lambda headers, body: psr14_event(headers, body, header="Verify", value="Token planted"),
        "Account/New",
        settings={"world": world},
        i_account=189,
    )

    assert (fate, receiver.requests[0][1].get_all("Authorization")) == ("finished", None)


def test_s20_reads_a_balance_change_without_an_account() -> None:
    """Its example handler reads the entity and both balances; an `i_account` is not among them."""
    receiver, fate = deliver(
        psr14_event, "Account/BalanceChanged", billing_entity_id=189, prev_balance=1.5, curr_balance=0
    )

    variables = json.loads(receiver.requests[0][2])["variables"]
    assert fate == "finished"
    assert variables == {"billing_entity_id": 189, "prev_balance": 1.5, "curr_balance": 0, "i_event": 1}


def test_s20_refuses_a_planted_second_date() -> None:
    """Played rightly, it answers 401 to two dates, to none, and to credentials of one word."""
    body = b'{"event_type": "Account/New", "variables": {}}'
    headers = Message()
    headers["Authorization"] = BASIC
    assert psr14_event(headers, body) == 401
    headers["Date"] = "Mon, 23 Nov 2026 00:00:00 GMT"
    assert psr14_event(headers, body) == 200
    headers["Date"] = "Mon, 23 Nov 2026 00:00:01 GMT"
    assert psr14_event(headers, body) == 401
    assert psr14_event(headers, b'{"event_type": "Account/New"}') == 400


@pytest.mark.parametrize("name", CHANGES)
def test_s22_knows_the_names_of_its_release(
    ask: Callable[..., Any], raised: list[tuple[str, dict[str, Any]]], name: str
) -> None:
    """The emitter of MR80 names each change as the receiver of MR80 lists it, so that none is lost."""
    ask("Account/update_account", account_info={"i_account": 189, **CHANGES[name]})
    ((event_type, variables),) = raised

    receiver, fate = deliver(billing_event, event_type, settings={"release": Release(80)}, **variables)

    assert (json.loads(receiver.requests[0][2])["event_type"], fate) == (name, "finished")


def test_s22_loses_events_that_a_later_release_renamed() -> None:
    """It answers 404 to a name that it does not know, and what is refused with 4xx is never sent again."""
    receiver, fate = deliver(billing_event, "Account/Status/Suspended", i_account=189)

    assert (len(receiver.requests), fate) == (1, "dropped")
