"""All simulators together on one clock, one journal and free ports: what a test or a shell starts."""

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from simulators.clock import Clock, InFlight, parse_mode
from simulators.control.app import Controls
from simulators.control.app import create_app as create_control_app
from simulators.emitter.app import create_app as create_emitter_app
from simulators.emitter.core import Emitter, EmitterSettings, Handler
from simulators.emitter.vocabulary import Vocabulary
from simulators.errors import StackError
from simulators.espf.app import create_app as create_espf_app
from simulators.espf.core import EspfApi, Reading
from simulators.journal import Journal, Party
from simulators.masking import Masker
from simulators.oms.app import create_app as create_oms_app
from simulators.oms.core import Oms
from simulators.oms.dialect import load_dialect
from simulators.oms.settings import OmsSettings
from simulators.portabilling.app import create_app as create_portabilling_app
from simulators.portabilling.core import PortaBilling
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.settings import PortaBillingSettings
from simulators.records import Account
from simulators.transport import SILENCE, Transport
from simulators.web import Recorder, WebServer, mount
from simulators.world import World

# Where a provisioner that runs beside `espf-simulators up` is expected to take events.
DEFAULT_EVENTS_URL: Final = "http://127.0.0.1:8080/events"
SETTLE: Final = 0.3
DEFAULT_EMITTER: Final = EmitterSettings()
DEFAULT_OMS: Final = OmsSettings()
DEFAULT_PORTABILLING: Final = PortaBillingSettings()


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """How a stack is set up; `silence` and `settle` are real seconds.

    `port_base` is the control port; PortaBilling's web host and the OMS take the next two. 0 takes free ones.
    `services` are those that the OMS knows beside the ones named like groups. `handlers` get events beside
    the one at `events_url`.
    """

    world: str = "demo"
    clock: str = "manual"
    host: str = "127.0.0.1"
    advertise: str = ""
    port_base: int = 0
    events_url: str = DEFAULT_EVENTS_URL
    reading: Reading = "lenient"
    portabilling: PortaBillingSettings = DEFAULT_PORTABILLING
    events: EmitterSettings = DEFAULT_EMITTER
    handlers: tuple[Handler, ...] = ()
    silence: float = SILENCE
    settle: float = SETTLE
    first_i_event: int = 1
    services: tuple[str, ...] = ()
    oms: OmsSettings = DEFAULT_OMS


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The base URLs under which a running stack is reached."""

    control: str
    portabilling: str
    oms: str


class Stack:
    """The four counterparts of a provisioner; use it with `with`.

    Raises:
        ClockError: the clock's mode is not known.
        EventError: a handler of events is not possible.
        WorldError: the world cannot be used.
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = settings or StackSettings()
        self.world = World.load(self.settings.world)
        self.guard = threading.Condition(threading.RLock())
        self.in_flight = InFlight(self.guard)
        mode = parse_mode(self.settings.clock)
        self.clock = Clock(mode=mode, guard=self.guard, in_flight=self.in_flight, settle=self.settings.settle)
        self.journal = Journal(guard=self.guard, now=self.clock.now, masker=self._masker())
        self.surprises: list[str] = []
        self._resources = ExitStack()
        self._transport = Transport(
            journal=self.journal,
            in_flight=self.in_flight,
            guard=self.guard,
            surprises=self.surprises,
            silence=self.settings.silence,
        )
        self._make_parts()

    def _masker(self) -> Masker:
        handlers = (handler.credentials.header for handler in self.settings.handlers)
        return Masker(credential_headers=(self.world.events.header, *handlers))

    def _make_parts(self) -> None:
        send = self._transport.send
        settings = self.settings.portabilling
        self.sessions = Sessions(users=self.world.users, wall=time.time, settings=settings)
        self.espf = EspfApi(
            world=self.world, sessions=self.sessions, now=self.clock.now, reading=self.settings.reading
        )
        self.oms = Oms(
            world=self.world,
            clock=self.clock,
            send=send,
            dialect=load_dialect(self.settings.oms.dialect),
            services=self.settings.services,
            settings=self.settings.oms,
        )
        self.emitter = Emitter(
            clock=self.clock,
            send=send,
            url=self.settings.events_url,
            credentials=self.world.events,
            settings=self.settings.events,
            vocabulary=Vocabulary.load(),
            handlers=self.settings.handlers,
            first_i_event=self.settings.first_i_event,
        )
        self.portabilling = PortaBilling(
            world=self.world, sessions=self.sessions, occurred=self.emitter.occurred, settings=settings
        )

    def __enter__(self) -> Self:
        try:
            self._listen()
        except BaseException:
            self.close()
            raise
        self.clock.start()
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
        self.clock.stop()
        self._resources.close()
        self._transport.close()

    def add_account(self, account: Account) -> None:
        """Add an account to the world, and its data to the journal as a fact."""
        with self.guard:
            self.world.add_account(account)
            self.journal.fact("account", data=account.model_dump(mode="json"), i_account=account.i_account)

    def _listen(self) -> None:
        host, base = self.settings.host, self.settings.port_base
        ports = [base + offset if base else 0 for offset in range(3)]
        apps = (self._control_app(), self._web_host_app(), self._oms_app())
        servers = [
            self._resources.enter_context(WebServer(app, host=host, port=port))
            for app, port in zip(apps, ports, strict=True)
        ]
        name = self.settings.advertise or host
        urls = [f"http://{name}:{server.port}" for server in servers]
        self.addresses = Addresses(control=urls[0], portabilling=urls[1], oms=urls[2])

    def _control_app(self) -> Any:
        controls = Controls(
            guard=self.guard,
            clock=self.clock,
            world=self.world,
            journal=self.journal,
            espf=self.espf,
            oms=self.oms,
            add_account=self.add_account,
        )
        events = create_emitter_app(self.emitter, guard=self.guard)
        return mount({"/_sim/events": events, "/_sim": create_control_app(controls)})

    def _web_host_app(self) -> Any:
        """The JSON API and the ESPF API live on one PortaBilling web host (S31, 2.1)."""
        rest = create_portabilling_app(
            self.portabilling, guard=self.guard, settings=self.settings.portabilling
        )
        espf_api = create_espf_app(self.espf, guard=self.guard, reading=self.settings.reading)
        return mount(
            {
                "/rest": self._recorded(rest, destination="portabilling"),
                "/espf": self._recorded(espf_api, destination="espf"),
            }
        )

    def _oms_app(self) -> Any:
        return self._recorded(create_oms_app(self.oms, guard=self.guard), destination="oms")

    def _recorded(self, app: Any, *, destination: Party) -> Any:
        return Recorder(
            app,
            destination=destination,
            journal=self.journal,
            in_flight=self.in_flight,
            surprises=self.surprises,
        )
