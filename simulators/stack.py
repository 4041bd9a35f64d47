"""All simulators together at addresses of their own: what a test or a shell starts, and can reset."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import Any, Literal, Self

from simulators.aged import AgedClock
from simulators.clock import parse_mode
from simulators.control.access import Access, Gate, control_token
from simulators.control.reset import create_app as create_reset_app
from simulators.errors import StackError
from simulators.records import Account
from simulators.settings import StackSettings
from simulators.simulation import Simulation
from simulators.wire.limits import Limits
from simulators.wire.recorder import Watched, WebServer, mount
from simulators.wire.replaceable import Host, Replaceable
from simulators.wire.tls import check_ca_file, throw_away_authority
from simulators.world import World

Place = Literal["control", "portabilling", "oms"]


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The base URLs under which a running stack is reached."""

    control: str
    portabilling: str
    oms: str


class Stack:
    """The four counterparts of a provisioner; use it with `with`.

    Its parts (`world`, `clock`, `journal`, `sessions`, `espf`, `oms`, `emitter`, `portabilling`, `weather`)
    are those of the simulation of now: after a reset they are others, so ask the stack for them each time.

    Raises:
        CertificateError: `target_ca_file` cannot be used, or no certificate can be made for a name.
        ClockError: the clock's mode is not known.
        EventError: a handler of events is not possible.
        SettingsError: the control API's token cannot be sent, or the journal would keep nothing.
        WeatherError: a planned fault names no existing point.
        WorldError: the world cannot be used.
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = (settings or StackSettings()).of_one_installation()
        if self.settings.target_ca_file:
            check_ca_file(self.settings.target_ca_file)
        self.surprises: list[str] = []
        # What clients of the control API must show; empty where it demands nothing.
        self.control_token = control_token(self.settings.control_token, host=self.settings.host)
        # The PEM file by which clients verify a stack that speaks TLS, while it runs; empty without.
        self.ca_file = ""
        self._resources = ExitStack()
        self._servers: list[WebServer] = []
        aged_clock, mode = self.settings.aged_clock, parse_mode(self.settings.clock)
        self._aged = AgedClock(Path(aged_clock), start=mode.start) if aged_clock else None
        # Whoever asks for the simulation of now waits while it is being replaced.
        self._replacing = threading.RLock()
        world = World.load(self.settings.world)
        self._adopt(
            Simulation(
                self.settings,
                world=world,
                surprises=self.surprises,
                first_i_event=self.settings.first_i_event,
                aged=self._aged,
            )
        )

    def _adopt(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.world, self.guard, self.in_flight = simulation.world, simulation.guard, simulation.in_flight
        self.clock, self.journal, self.sessions = simulation.clock, simulation.journal, simulation.sessions
        self.espf, self.oms, self.emitter = simulation.espf, simulation.oms, simulation.emitter
        self.portabilling, self.weather = simulation.portabilling, simulation.weather

    def __enter__(self) -> Self:
        self.simulation.start()
        try:
            self._listen()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.surprises and kind is None:
            raise StackError(
                "The simulators themselves went wrong; please report it: " + "; ".join(self.surprises)
            )

    def close(self) -> None:
        """Cancel all timers, stop listening and end all threads."""
        self.simulation.close()
        self._resources.close()

    def reset(self) -> int:
        """Begin anew with the world as it was loaded, an empty journal and no timer.

        Whatever is under way is cut or answered 503, and no trace of the former world is seen from
        here on: tokens are dead, orders and events are gone. The numbers of records and events go
        on, since a provisioner may remember them. Gives the last number of the former journal.
        """
        with self._replacing:
            former = self.simulation
            former.close()
            since = former.journal.last_seq
            self._adopt(
                Simulation(
                    self.settings,
                    world=former.world.anew(),
                    surprises=self.surprises,
                    first_seq=since + 1,
                    first_i_event=former.emitter.next_i_event,
                    aged=self._aged,
                )
            )
            self.simulation.start()
        for server in self._servers:
            server.drop_arriving()
        return since

    def add_account(self, account: Account) -> None:
        """Add an account to the world, and its data to the journal as a fact."""
        self.simulation.add_account(account)

    def change_account(self, account: Account) -> None:
        """Change an account of the world without an event, and tell the journal of its data as a fact."""
        self.simulation.change_account(account)

    def close_account(self, i_account: int) -> Account:
        """Close an account of the world without an event; gives it as it is then."""
        return self.simulation.close_account(i_account)

    def _current(self, place: Place) -> Host:
        with self._replacing:
            host: Host = getattr(self.simulation.hosts, place)
            return host

    def _listen(self) -> None:
        host, base = self.settings.host, self.settings.port_base
        ports = [base + offset if base else 0 for offset in range(3)]
        places: tuple[Place, ...] = ("control", "portabilling", "oms")
        fronts = [Replaceable(partial(self._current, place)) for place in places]
        apps: list[Any] = [self._control_app(fronts[0]), *fronts[1:]]
        serve = partial(
            WebServer, host=host, limits=self._limits(), tls=self._tls(), surprises=self.surprises
        )
        self._servers = [
            self._resources.enter_context(serve(app, port=port, refuse=front.refuse, reign=front.current))
            for app, port, front in zip(apps, ports, fronts, strict=True)
        ]
        base_url = f"{'https' if self.settings.tls else 'http'}://{in_url(self.settings.advertise or host)}"
        urls = [f"{base_url}:{server.port}" for server in self._servers]
        self.addresses = Addresses(control=urls[0], portabilling=urls[1], oms=urls[2])

    def _control_app(self, front: Any) -> Gate:
        """What may be used by who has access: the reset, which outlives simulations, and all else of one."""
        reset = Watched(create_reset_app(self.reset), surprises=self.surprises)
        names = {"localhost", self.settings.host.lower(), self.settings.advertise.lower()}
        access = Access(names=frozenset(names), token=self.control_token)
        return Gate(mount({"/_sim/reset": reset}, elsewhere=front), access=access)

    def _limits(self) -> Limits:
        return Limits(
            body=self.settings.max_body,
            arrival=self.settings.arrival,
            lenient=self.settings.reading == "lenient",
        )

    def _tls(self) -> SSLContext | None:
        if not self.settings.tls:
            return None
        names = (self.settings.host, self.settings.advertise.strip("[]"))
        authority = self._resources.enter_context(throw_away_authority(*names))
        self.ca_file = str(authority.ca_file)
        return authority.context


def in_url(host: str) -> str:
    """A name or address as it stands in a URL: an IPv6 address has brackets (RFC 3986)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
