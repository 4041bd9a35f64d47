"""A client of the control API: what the shell commands, and any other process, drive a running stack with."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import requests

from simulators.errors import ControlError, EvictedError
from simulators.wire.tls import check_ca_file

DEFAULT_CONTROL: Final = "http://127.0.0.1:17000"
# Real seconds; above the clock's own deadline, so that its reason arrives.
TIMEOUT: Final = 90.0
GONE: Final = 410
# Characters of an answer that is not of the control API.
SHOWN: Final = 200
Question = Mapping[str, Any]


class ControlClient:
    """Talks to the control address of a running stack; `ca_file` verifies one that speaks TLS.

    `token` is what a stack demands that listens to other machines.

    Raises:
        ControlError: from each method, when the stack is not there or refuses.
    """

    def __init__(self, url: str = DEFAULT_CONTROL, *, ca_file: str | None = None, token: str = "") -> None:
        self._url = url.rstrip("/")
        if ca_file:
            check_ca_file(ca_file)
        self._ca_file = ca_file
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def emit(self, event_type: str, /, **variables: Any) -> Any:
        """Emit an event of any type with these variables; gives the event."""
        body = {"event_type": event_type, "variables": variables}
        return self._call("POST", "events", json=body)

    def event(self, i_event: int) -> Any:
        """An event with what became of it."""
        return self._call("GET", f"events/{i_event}")

    def events(self) -> Iterator[Any]:
        """All events, each with what became of it."""
        return self._pages("events", {}, number="i_event")

    def accounts(self) -> Any:
        """The accounts."""
        return self._call("GET", "accounts")["accounts"]

    def add_account(self, fields: Mapping[str, Any]) -> Any:
        """Add an account; gives it with all its fields."""
        return self._call("POST", "accounts", json=fields)

    def clock(self) -> Any:
        """The clock's state."""
        return self._call("GET", "clock")

    def advance(self, *, seconds: float) -> Any:
        """Move virtual time on; gives the clock's state."""
        return self._call("POST", "clock/advance", json={"seconds": seconds})

    def statuses(self) -> Any:
        """The stored statuses."""
        return self._call("GET", "statuses")["statuses"]

    def orders(self) -> Any:
        """The accepted orders, each with how far its services are."""
        return self._call("GET", "orders")["orders"]

    def notify(self, order_id: str, service: str, *, state: str, message: str = "") -> Any:
        """Say what becomes of a service of an order; gives the notification."""
        body = {"service": service, "state": state, "message": message}
        return self._call("POST", f"orders/{quote(order_id, safe='')}/notify", json=body)

    def journal(self, *, since: int = 0, where: Question | None = None) -> Iterator[Any]:
        """The records above `since` that have all these values.

        Raises:
            EvictedError: the journal has dropped records that may have had them.
        """
        return self._pages("journal", {**(where or {}), "since": since}, number="seq", listed="records")

    def wait(self, *, seconds: float, since: int = 0, where: Question | None = None) -> Any:
        """The records that fit, as soon as one does; none after so many real seconds.

        Raises:
            EvictedError: none fits, but the journal has dropped records that may have.
        """
        asked = {**(where or {}), "since": since, "wait": seconds}
        return self._call("GET", "journal", params=asked)["records"]

    def follow(self, *, since: int = 0, where: Question | None = None) -> Iterator[tuple[str, Any]]:
        """Each event of the journal's stream by its name, until the stack stops.

        They are `message` with a record, begun or answered, and `dropped` with how much was missed.
        """
        asked = {**(where or {}), "since": since}
        with self._answer("GET", "journal/stream", params=asked, stream=True) as answer:
            name = "message"
            for line in answer.iter_lines(chunk_size=None):
                field, _, text = line.decode().partition(": ")
                if field == "data":
                    yield name, json.loads(text)
                name = text if field == "event" else "message"

    def _pages(self, path: str, asked: Question, *, number: str, listed: str = "") -> Iterator[Any]:
        since = asked.get("since", 0)
        while True:
            page = self._call("GET", path, params={**asked, "since": since})
            found = page[listed or path]
            yield from found
            if not page["more"]:
                return
            since = found[-1][number]

    def reset(self) -> Any:
        """Begin anew with the world as it was loaded; gives the last number of the former journal."""
        return self._call("POST", "reset")["since"]

    def faults(self) -> Any:
        """The armed fault plans under `faults`, and all points under `points`."""
        return self._call("GET", "faults")

    def arm(self, plan: Any) -> Any:
        """Arm a fault plan, an object as JSON has it; gives the plan with its number."""
        return self._call("POST", "faults", json=plan)

    def disarm(self, number: int | None = None) -> Any:
        """Take a fault plan out of force, or all; gives those that are left."""
        return self._call("DELETE", "faults" if number is None else f"faults/{number}")["faults"]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            json.dumps(options.get("json"), allow_nan=False)
        except ValueError as error:
            raise ControlError("Only finite numbers can be sent: nan and inf are none.") from error
        with self._answer(method, path, **options) as answer:
            return answer.json()

    @contextmanager
    def _answer(self, method: str, path: str, **options: Any) -> Iterator[requests.Response]:
        url = f"{self._url}/_sim/{path}"
        try:
            with requests.Session() as session:
                # A proxy of the environment has no business between a user and their own machine.
                session.trust_env = False
                session.verify = self._ca_file or True
                with session.request(
                    method, url, headers=self._headers, timeout=TIMEOUT, **options
                ) as answer:
                    self._check(answer)
                    yield answer
        # A CA file that is not there leaves requests as a plain OSError.
        except OSError as error:
            raise ControlError(
                f"Nothing answers as a stack at {self._url}: start one with `espf-simulators up`, "
                f"or name its address with --control, and the CA file of one that speaks TLS with "
                f"--ca-file ({error})."
            ) from error

    def _check(self, answer: requests.Response) -> None:
        if answer.ok:
            return
        told = _told(answer)
        if answer.status_code == GONE:
            raise EvictedError(told)
        raise ControlError(f"The stack at {self._url} refused: {told}")


def _told(answer: requests.Response) -> str:
    """Why something was refused; what stands between may say so in other words."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:SHOWN].strip()
    return str(body.get("error", body) if isinstance(body, dict) else body)
