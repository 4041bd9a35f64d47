"""Sends what the simulators have to say to a provisioner, from threads, and journals each exchange."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import requests

from simulators.clock import InFlight
from simulators.journal import Exchange, Journal, Party
from simulators.wire.sockets import CuttableAdapter, Manner, OddBody, OpenSockets

THREADS: Final = 32
# The documented time after which an unanswered delivery counts as failed (S20).
SILENCE: Final = 300.0


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """A request to a provisioner, what it is about by the journal's fields, and how it is sent if oddly."""

    source: Party
    url: str
    headers: Mapping[str, str]
    body: bytes
    correlation: Mapping[str, Any] = field(default_factory=dict)
    manner: Manner | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; status 0 stands for silence, a refused or a broken connection."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


class Send(Protocol):
    """Hands a request over to be sent, without waiting; `on_answer` runs later with the guard held."""

    def __call__(self, outbound: Outbound, on_answer: Callable[[Answer], None]) -> None:
        """Send it."""


def recorded(outbound: Outbound, journal: Journal) -> Exchange:
    """Write a request down before it is sent."""
    return journal.open(
        source=outbound.source,
        destination="provisioner",
        method="POST",
        target=outbound.url,
        headers=outbound.headers,
        body=outbound.body,
        **outbound.correlation,
    )


class Transport:
    """Posts requests; `silence` is how many real seconds an answer may take, from the first byte to the last.

    `ca_file` holds the authorities that a provisioner's certificate must come from; without one, the usual.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        in_flight: InFlight,
        guard: threading.Condition,
        surprises: list[str],
        silence: float,
        ca_file: str = "",
    ) -> None:
        self._journal = journal
        self._in_flight = in_flight
        self._guard = guard
        self._surprises = surprises
        self._silence = silence
        self._ca_file = ca_file
        # One for each destination, so that none that is silent keeps another waiting.
        self._pools: dict[tuple[str, str], ThreadPoolExecutor] = {}
        self._local = threading.local()
        self._open_sockets = OpenSockets()
        self._is_closed = False

    def send(self, outbound: Outbound, on_answer: Callable[[Answer], None]) -> None:
        """Journal and count the request at once, post it from a thread; once closed, send nothing."""
        if self._is_closed:
            return
        exchange = recorded(outbound, self._journal)
        number = self._in_flight.enter(f"POST {outbound.url} from {outbound.source}")
        self._pool(outbound).submit(self._deliver, outbound, exchange, number, on_answer)

    def close(self) -> None:
        """Cut what is still unanswered and end the threads."""
        # What is cut may lead to the next request, sent with the guard held.
        with self._guard:
            self._is_closed = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._open_sockets.cut()
        for pool in self._pools.values():
            pool.shutdown()

    def _pool(self, outbound: Outbound) -> ThreadPoolExecutor:
        destination = (outbound.source, _destination(outbound))
        with self._guard:
            if destination not in self._pools:
                self._pools[destination] = ThreadPoolExecutor(THREADS, thread_name_prefix="transport")
            return self._pools[destination]

    def _deliver(
        self, outbound: Outbound, exchange: Exchange, number: int, on_answer: Callable[[Answer], None]
    ) -> None:
        # Waiting for a free thread is the harness's own delay, not the target's.
        exchange.note(real_time=time.time())
        try:
            answer = self._answer(outbound)
            exchange.answered(status=answer.status, headers=answer.headers, body=answer.body)
            with self._guard:
                on_answer(answer)
        except Exception as error:  # noqa: BLE001 - any surprise must reach the one who runs the harness
            self._surprises.append(f"delivery to {outbound.url}: {error!r}")
        finally:
            self._in_flight.leave(number)

    def _answer(self, outbound: Outbound) -> Answer:
        try:
            return self._post(outbound)
        except Exception as error:  # noqa: BLE001 - a surprise, which must not leave the delivery without an end
            self._surprises.append(f"delivery to {outbound.url}: {error!r}")
            return Answer(status=0, body=f"no answer: {error!r}")

    def _post(self, outbound: Outbound) -> Answer:
        try:
            # ESPF does not follow redirects: any status but 200 and 4xx means to send again (S20).
            response = self._session().post(
                outbound.url,
                data=self._data(outbound),
                # A kept connection would lock a receiver that serves one connection at a time.
                headers={**outbound.headers, "Connection": "close"},
                timeout=self._silence,
                allow_redirects=False,
            )
        # A label that no name can have, as in http://a..b, leaves requests as a ValueError.
        except (requests.RequestException, ValueError) as error:
            return Answer(status=0, body=f"no answer: {error}")
        # Whatever charset a target names, its answer counts (1.8).
        body = response.content.decode("utf-8", errors="backslashreplace")
        return Answer(status=response.status_code, headers=dict(response.headers), body=body)

    def _data(self, outbound: Outbound) -> Any:
        if outbound.manner is None:
            return outbound.body
        return OddBody(outbound.body, outbound.manner, pause=self._open_sockets.pause)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            # A proxy of the environment must not stand between the harness and a provisioner on loopback.
            self._local.session.trust_env = False
            self._local.session.verify = self._ca_file or True
            for scheme in ("http://", "https://"):
                adapter = CuttableAdapter(self._open_sockets, patience=self._silence)
                self._local.session.mount(scheme, adapter)
        session: requests.Session = self._local.session
        return session


def _destination(outbound: Outbound) -> str:
    # Handlers of events are few and independent, on one host too (S10).
    if outbound.source == "emitter":
        return outbound.url
    # Whereas each order may name an address of its own for its notifications.
    return "/".join(outbound.url.partition("?")[0].split("/", 3)[:3])
