"""All simulators together on one clock, one journal and free ports: what a test or a shell starts."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self

from werkzeug.exceptions import NotFound

from simulators.clock import Clock, InFlight, parse_mode
from simulators.control.access import Access, Gate, control_token
from simulators.control.app import Controls
from simulators.control.app import create_app as create_control_app
from simulators.control.reading import refusal
from simulators.documents.app import create_app as create_documents_app
from simulators.emitter.core import Emitter
from simulators.emitter.vocabulary import Vocabulary
from simulators.errors import StackError
from simulators.espf.app import create_app as create_espf_app
from simulators.espf.core import EspfApi
from simulators.espf.openapi import document as espf_document
from simulators.journal import Journal, Party
from simulators.masking import Masker
from simulators.oms.app import create_app as create_oms_app
from simulators.oms.core import Oms
from simulators.oms.dialect import load_dialect
from simulators.portabilling.app import create_app as create_portabilling_app
from simulators.portabilling.core import PortaBilling
from simulators.portabilling.openapi import document as rest_document
from simulators.portabilling.sessions import Sessions
from simulators.records import Account
from simulators.settings import StackSettings
from simulators.wire.recorder import Recorder, WebServer, mount
from simulators.wire.refusals import recorded, recorded_on_web_host
from simulators.wire.server import Limits, in_plain_text
from simulators.wire.tls import check_ca_file, throw_away_authority
from simulators.wire.transport import Transport
from simulators.world import World

# Assumed after a known one, that of the customers' realm, CustomerInterface.json (S21).
REST_DOCUMENT: Final = "AdminInterface.json"


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The base URLs under which a running stack is reached."""

    control: str
    portabilling: str
    oms: str


class Stack:
    """The four counterparts of a provisioner; use it with `with`.

    Raises:
        CertificateError: `target_ca_file` cannot be used, or no certificate can be made for a name.
        ClockError: the clock's mode is not known.
        EventError: a handler of events is not possible.
        SettingsError: the control API's token cannot be sent, or the journal would keep nothing.
        WorldError: the world cannot be used.
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = (settings or StackSettings()).of_one_installation()
        if self.settings.target_ca_file:
            check_ca_file(self.settings.target_ca_file)
        self.world = World.load(self.settings.world)
        self.guard = threading.Condition(threading.RLock())
        self.in_flight = InFlight(self.guard)
        mode = parse_mode(self.settings.clock)
        self.clock = Clock(mode=mode, guard=self.guard, in_flight=self.in_flight, settle=self.settings.settle)
        self.journal = Journal(
            guard=self.guard,
            now=self.clock.now,
            capacity=self.settings.journal_capacity,
            masker=self._masker(),
        )
        self.surprises: list[str] = []
        # What clients of the control API must show; empty where it demands nothing.
        self.control_token = control_token(self.settings.control_token, host=self.settings.host)
        # The PEM file by which clients verify a stack that speaks TLS, while it runs; empty without.
        self.ca_file = ""
        self._resources = ExitStack()
        self._transport = Transport(
            journal=self.journal,
            in_flight=self.in_flight,
            guard=self.guard,
            surprises=self.surprises,
            silence=self.settings.silence,
            ca_file=self.settings.target_ca_file,
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
            first_i_event=self.settings.first_i_event,
        )
        self.portabilling = PortaBilling(
            world=self.world, sessions=self.sessions, occurred=self.emitter.occurred, settings=settings
        )

    def __enter__(self) -> Self:
        for account in self.world.accounts:
            self._note_account(account)
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
        # Whoever waits or follows would keep the server from stopping.
        self.journal.close()
        self._resources.close()
        self._transport.close()

    def add_account(self, account: Account) -> None:
        """Add an account to the world, and its data to the journal as a fact."""
        with self.guard:
            self.world.add_account(account)
            self._note_account(account)

    def _note_account(self, account: Account) -> None:
        self.journal.fact("account", data=account.model_dump(mode="json"), i_account=account.i_account)

    def _listen(self) -> None:
        host, base = self.settings.host, self.settings.port_base
        ports = [base + offset if base else 0 for offset in range(3)]
        apps = (self._control_app(), self._web_host_app(), self._oms_app())
        refusals = (
            in_plain_text,
            recorded_on_web_host(self.journal),
            recorded(self.journal, destination="oms"),
        )
        serve = partial(
            WebServer, host=host, limits=self._limits(), tls=self._tls(), surprises=self.surprises
        )
        servers = [
            self._resources.enter_context(serve(app, port=port, refuse=refuse))
            for app, port, refuse in zip(apps, ports, refusals, strict=True)
        ]
        base_url = f"{'https' if self.settings.tls else 'http'}://{in_url(self.settings.advertise or host)}"
        urls = [f"{base_url}:{server.port}" for server in servers]
        self.addresses = Addresses(control=urls[0], portabilling=urls[1], oms=urls[2])

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

    def _controls(self) -> Controls:
        return Controls(
            guard=self.guard,
            clock=self.clock,
            world=self.world,
            journal=self.journal,
            espf=self.espf,
            oms=self.oms,
            emitter=self.emitter,
            add_account=self.add_account,
            surprises=self.surprises,
        )

    def _control_app(self) -> Any:
        app = create_control_app(self._controls())
        elsewhere = refusal(404, "The control API is below /_sim; /_sim/openapi.json describes it.")
        host, advertise = self.settings.host.lower(), self.settings.advertise.lower()
        access = Access(names=frozenset({"localhost", host, advertise}), token=self.control_token)
        return Gate(mount({"/_sim": app}, elsewhere=elsewhere), access=access)

    def _web_host_app(self) -> Any:
        """The JSON API, the ESPF API and their documents live on one web host (S31, 2.1, S33)."""
        rest = create_portabilling_app(
            self.portabilling,
            guard=self.guard,
            settings=self.settings.portabilling,
            because=self.emitter.because,
        )
        espf_api = create_espf_app(self.espf, guard=self.guard, settings=self.settings.espf)
        doc_api = create_documents_app(self._documents())
        return mount(
            {
                "/rest": self._recorded(rest, destination="portabilling"),
                "/espf": self._recorded(espf_api, destination="espf"),
                "/doc/api": self._recorded(doc_api, destination="portabilling"),
            },
            elsewhere=self._recorded(NotFound(), destination="portabilling"),
        )

    def _documents(self) -> dict[str, Callable[[], dict[str, Any]]]:
        """The OpenAPI documents: the JSON API's, and from MR101 on the ESPF API's (S33)."""
        release, espf = self.settings.release, self.settings.espf
        methods = self.portabilling.methods
        documents = {REST_DOCUMENT: lambda: rest_document(methods.values(), release=release)}
        if release.documents_espf:
            documents[espf.document] = lambda: espf_document(espf)
        return documents

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


def in_url(host: str) -> str:
    """A name or address as it stands in a URL: an IPv6 address has brackets (RFC 3986)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
