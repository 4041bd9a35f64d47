"""All simulators over one world, one clock and one journal, without addresses: what a reset makes anew."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound

from simulators.aged import AgedClock
from simulators.clock import Clock, InFlight, parse_mode
from simulators.console.app import create_app as create_console_app
from simulators.control.app import Controls
from simulators.control.app import create_app as create_control_app
from simulators.documents.app import OPERATION as DOCUMENTS
from simulators.documents.app import create_app as create_documents_app
from simulators.emitter.core import Emitter
from simulators.emitter.vocabulary import Vocabulary
from simulators.espf import app as espf_app
from simulators.espf.core import EspfApi
from simulators.espf.openapi import document as espf_document
from simulators.journal import Journal
from simulators.masking import Masker
from simulators.oms import app as oms_app
from simulators.oms.core import Oms
from simulators.oms.dialect import load_dialect
from simulators.portabilling import app as portabilling_app
from simulators.portabilling.core import PortaBilling
from simulators.portabilling.openapi import document as rest_document
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.settings import REST_DOCUMENT
from simulators.portabilling.users import Users
from simulators.records import Account
from simulators.settings import StackSettings
from simulators.weather.core import Weather
from simulators.weather.holds import Holds
from simulators.weather.inbound import Front, InboundWeather
from simulators.weather.outbound import OutboundWeather
from simulators.weather.plans import OUTBOUND
from simulators.wire.recorder import Recorder, mount
from simulators.wire.refusals import recorded, recorded_on_web_host
from simulators.wire.replaceable import Host
from simulators.wire.server import in_plain_text
from simulators.wire.transport import Transport
from simulators.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """What a simulation answers with at each of its three addresses."""

    control: Host
    portabilling: Host
    oms: Host


class Simulation:
    """The four counterparts of a provisioner, over a world of their own.

    `first_seq` and `first_i_event` number its records and events: a provisioner that outlives a reset
    would take an event with a number that it knows for one sent again. `surprises` takes the
    simulators' own defects; `aged` is the clock of a provisioner that ages with this one.
    """

    def __init__(
        self,
        settings: StackSettings,
        *,
        world: World,
        surprises: list[str],
        first_seq: int = 1,
        first_i_event: int,
        aged: AgedClock | None = None,
    ) -> None:
        self.settings = settings
        self.world = world
        self.surprises = surprises
        self.guard = threading.Condition(threading.RLock())
        self.in_flight = InFlight(self.guard)
        self.clock = Clock(
            mode=parse_mode(settings.clock),
            guard=self.guard,
            in_flight=self.in_flight,
            settle=settings.settle,
            surprises=surprises,
            aged=aged,
        )
        self.journal = Journal(
            guard=self.guard,
            now=self.clock.now,
            capacity=settings.journal_capacity,
            masker=self._masker(),
            first_seq=first_seq,
        )
        self._transport = Transport(
            journal=self.journal,
            in_flight=self.in_flight,
            guard=self.guard,
            surprises=surprises,
            silence=settings.silence,
            ca_file=settings.target_ca_file,
        )
        self._make_weather()
        self._make_parts(first_i_event)
        for plan in settings.faults:
            self.weather.add(plan)

    def _masker(self) -> Masker:
        handlers = (handler.credentials.header for handler in self.settings.handlers)
        return Masker(credential_headers=(self.world.events.header, *handlers))

    def _make_weather(self) -> None:
        self.weather = Weather(
            points=self._points,
            now=self.clock.now,
            guard=self.guard,
            seed=self.settings.weather_seed,
        )
        self._holds = Holds(clock=self.clock, guard=self.guard)
        self._send = OutboundWeather(
            send=self._transport.send, weather=self.weather, clock=self.clock, journal=self.journal
        )

    def _points(self) -> Iterator[str]:
        """Every point at which weather may strike: what each simulator is asked, and what it sends."""
        asked = {
            "portabilling": (*sorted(self.portabilling.methods), DOCUMENTS),
            "espf": espf_app.OPERATIONS,
            "oms": (oms_app.ORDER,),
        }
        yield from (f"{party}/{operation}" for party, operations in asked.items() for operation in operations)
        yield from OUTBOUND

    def _make_parts(self, first_i_event: int) -> None:
        send = self._send
        settings = self.settings.portabilling
        self.sessions = Sessions(users=Users(self.world), wall=self.clock.wall, settings=settings)
        self.espf = EspfApi(
            world=self.world, sessions=self.sessions, now=self.clock.now, settings=self.settings.espf
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
            first_i_event=first_i_event,
        )
        self.portabilling = PortaBilling(
            world=self.world, sessions=self.sessions, occurred=self.emitter.occurred, settings=settings
        )

    def start(self) -> None:
        """Open its hosts, write the world's accounts down, and let time begin."""
        self.hosts = self._make_hosts()
        for account in self.world.accounts:
            self._note_account(account)
        self.clock.start()

    def close(self) -> None:
        """Cancel all timers, cut what is unanswered, and end all threads; nothing is sent from here on."""
        self.clock.stop()
        # Whoever waits or follows would keep the server from stopping.
        self.journal.close()
        self._holds.close()
        self._transport.close()

    def add_account(self, account: Account) -> None:
        """Add an account to the world, and its data to the journal as a fact."""
        with self.guard:
            self.world.add_account(account)
            self._note_account(account)

    def change_account(self, account: Account) -> None:
        """Put an account in the place of the one with its number, and its data into the journal as a fact."""
        with self.guard:
            self.world.replace_account(account)
            self._note_account(account)

    def close_account(self, i_account: int) -> Account:
        """Close an account as its termination does, without an event, and note it as a fact."""
        with self.guard:
            closed = self.world.close_account(i_account)
            self._note_account(closed)
            return closed

    def web_host_app(self) -> "WSGIApplication":
        """The JSON API, the ESPF API and their documents live on one web host (S31, 2.1, S33)."""
        rest_settings, espf_settings = self.settings.portabilling, self.settings.espf
        rest = portabilling_app.create_app(
            self.portabilling, guard=self.guard, settings=rest_settings, because=self.emitter.because
        )
        espf_api = espf_app.create_app(self.espf, guard=self.guard, settings=espf_settings)
        rest_front = Front(
            party="portabilling",
            about=portabilling_app.create_about(self.portabilling, guard=self.guard, settings=rest_settings),
            unavailable=portabilling_app.unavailable,
        )
        espf_front = Front(
            party="espf",
            about=espf_app.create_about(self.espf, guard=self.guard, settings=espf_settings),
            unavailable=espf_app.unavailable,
        )
        doc_front = replace(rest_front, about=lambda _: {"operation": DOCUMENTS})
        return mount(
            {
                "/rest": self._recorded(rest, front=rest_front),
                "/espf": self._recorded(espf_api, front=espf_front),
                "/doc/api": self._recorded(create_documents_app(self._documents()), front=doc_front),
            },
            elsewhere=self._recorded(NotFound(), front=replace(rest_front, about=lambda _: {})),
        )

    def _make_hosts(self) -> Hosts:
        on_web_host, on_oms = recorded_on_web_host(self.journal), recorded(self.journal, destination="oms")
        return Hosts(
            control=Host(app=self._control_app(), refuse=in_plain_text),
            portabilling=Host(app=self.web_host_app(), refuse=on_web_host),
            oms=Host(app=self._oms_app(), refuse=on_oms),
        )

    def _control_app(self) -> "WSGIApplication":
        """The control API, below `/_sim`, and the console that uses it."""
        return mount({"/_sim": create_control_app(self.controls())}, elsewhere=create_console_app())

    def controls(self) -> Controls:
        """The parts that the control API reaches."""
        return Controls(
            guard=self.guard,
            clock=self.clock,
            world=self.world,
            journal=self.journal,
            espf=self.espf,
            oms=self.oms,
            emitter=self.emitter,
            weather=self.weather,
            add_account=self.add_account,
            change_account=self.change_account,
            surprises=self.surprises,
        )

    def _oms_app(self) -> "WSGIApplication":
        """The order API of the dialect."""
        front = Front(
            party="oms",
            about=oms_app.create_about(self.oms),
            unavailable=oms_app.create_unavailable(self.oms),
        )
        return self._recorded(oms_app.create_app(self.oms, guard=self.guard), front=front)

    def _documents(self) -> dict[str, Callable[[], dict[str, Any]]]:
        """The OpenAPI documents: the JSON API's, and from MR101 on the ESPF API's (S33)."""
        release, espf = self.settings.release, self.settings.espf
        methods = self.portabilling.methods
        takes_json = self.settings.portabilling.takes_json
        documents = {
            REST_DOCUMENT: lambda: rest_document(methods.values(), release=release, takes_json=takes_json)
        }
        if release.documents_espf:
            documents[espf.document] = lambda: espf_document(espf)
        return documents

    def _note_account(self, account: Account) -> None:
        self.journal.fact("account", data=account.model_dump(mode="json"), i_account=account.i_account)

    def _recorded(self, app: Any, *, front: Front) -> "WSGIApplication":
        passage = InboundWeather(
            weather=self.weather, holds=self._holds, front=front, hang=self.settings.hang
        )
        return Recorder(
            app,
            destination=front.party,
            journal=self.journal,
            in_flight=self.in_flight,
            surprises=self.surprises,
            passage=passage,
        )
