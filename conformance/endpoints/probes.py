"""A probe: one request that a provisioner must refuse or pass over, and how it is sent and journalled."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import requests

from simulators.journal import Exchange, Journal

Kind = Literal["malformed", "unauthorized", "unknown-type", "unknown-order"]
Operation = Literal["event", "notification"]
JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
# More of an answer than its status line is of no interest.
STATUS_LINE: Final = 4096


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What is sent to an endpoint: a body with headers or, where no HTTP library sends it, bytes as they are.

    `i_account` is the account that it seems to be about: nothing may happen to it. In `raw`, `{target}`
    and `{host}` stand for the endpoint's own. Without `is_authorized`, no credentials are added.
    """

    kind: Kind
    case: str
    operation: Operation
    i_account: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    raw: bytes = b""
    is_authorized: bool = True

    @property
    def correlation(self) -> Mapping[str, Any]:
        """What the journal says of it."""
        detail = {"probe": self.kind, "case": self.case, "is_http": not self.raw}
        return {"operation": self.operation, "i_account": self.i_account, "detail": detail}


@dataclass(frozen=True, kw_only=True)
class Door:
    """An endpoint of a provisioner: its address, what its sender authenticates with, how long it may take.

    `silence` is in real seconds.
    """

    url: str
    authorization: Mapping[str, str]
    silence: float
    ca_file: str | None

    def knock(self, probe: Probe, journal: Journal) -> None:
        """Send a probe and journal what is answered; status 0 is no answer."""
        headers = {**probe.headers, **(self.authorization if probe.is_authorized else {})}
        exchange = journal.open(
            source="emitter" if probe.operation == "event" else "oms",
            destination="provisioner",
            method="POST",
            target=self.url,
            headers=headers,
            body=probe.raw or probe.body,
            **probe.correlation,
        )
        if probe.raw:
            self._send_raw(probe.raw, exchange)
        else:
            self._send(probe.body, headers, exchange)

    def _send(self, body: bytes, headers: Mapping[str, str], exchange: Exchange) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self.ca_file or True
            try:
                answer = session.post(
                    self.url,
                    data=body,
                    headers={**headers, "Connection": "close"},
                    timeout=self.silence,
                    allow_redirects=False,
                )
            except (requests.RequestException, ValueError) as error:
                exchange.answered(status=0, headers={}, body=f"no answer: {error}")
                return
            exchange.answered(status=answer.status_code, headers=dict(answer.headers), body=answer.text)

    def _send_raw(self, raw: bytes, exchange: Exchange) -> None:
        parts = urlsplit(self.url)
        target, host = parts.path or "/", parts.netloc
        written = raw.replace(b"{target}", target.encode()).replace(b"{host}", host.encode())
        for name, value in self.authorization.items():
            written = written.replace(b"{authorization}", f"{name}: {value}".encode())
        answer = b""
        with suppress(OSError), self._connected() as connection:
            connection.sendall(written)
            # What is cut off ends here; a server that waits for more need not be waited for.
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(STATUS_LINE)
        line = answer.split(b"\r\n", 1)[0].decode("latin-1")
        words = line.split(" ")
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        exchange.answered(status=status, headers={}, body=line or "no answer")

    def _connected(self) -> socket.socket:
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = socket.create_connection((str(parts.hostname), port), timeout=self.silence)
        if parts.scheme != "https":
            return connection
        context = ssl.create_default_context(cafile=self.ca_file)
        return context.wrap_socket(connection, server_hostname=parts.hostname)
