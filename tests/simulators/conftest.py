"""What these tests share: clocks, stacks, a wire without sockets, and a provisioner that takes all."""

import json
import re
import socket
import threading
import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from types import UnionType
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from simulators.__main__ import main
from simulators.bundled import find
from simulators.clock import Clock, InFlight, parse_mode
from simulators.emitter.core import Emitter, EmitterSettings, Event, Handler
from simulators.emitter.vocabulary import Vocabulary
from simulators.espf.core import EspfApi
from simulators.espf.settings import EspfSettings
from simulators.journal import Journal
from simulators.portabilling.core import Call, PortaBilling
from simulators.portabilling.faults import Fault
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.settings import PortaBillingSettings
from simulators.records import WorldFile
from simulators.settings import StackSettings
from simulators.stack import Stack
from simulators.wire.recorder import WebServer
from simulators.wire.transport import Answer, Outbound, Send
from simulators.world import World

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def guard() -> threading.Condition:
    """The condition that all parts of one world share."""
    return threading.Condition(threading.RLock())


@pytest.fixture
def in_flight(guard: threading.Condition) -> InFlight:
    """What is under way: nothing yet."""
    return InFlight(guard)


@pytest.fixture
def make_clock(guard: threading.Condition, in_flight: InFlight) -> Iterator[Callable[..., Clock]]:
    """Make clocks of any mode; they are stopped after the test."""
    with ExitStack() as resources:

        def make(mode: str = "manual", *, settle: float = 0.0) -> Clock:
            clock = Clock(mode=parse_mode(mode), guard=guard, in_flight=in_flight, settle=settle)
            resources.callback(clock.stop)
            return clock

        yield make


@pytest.fixture
def clock(make_clock: Callable[..., Clock]) -> Clock:
    """A clock that stands still until it is advanced."""
    return make_clock()


@pytest.fixture
def make_journal(guard: threading.Condition) -> Callable[..., Journal]:
    """Make journals of any capacity, all of whose records stand at virtual time 5."""

    def make(capacity: int = 100) -> Journal:
        return Journal(guard=guard, now=lambda: 5.0, capacity=capacity)

    return make


@pytest.fixture
def journal(make_journal: Callable[..., Journal]) -> Journal:
    """A journal that is large enough."""
    return make_journal()


@pytest.fixture
def world() -> World:
    """The demo world, for this test alone."""
    return World.load("demo")


@pytest.fixture(scope="session")
def make_world() -> Callable[..., World]:
    """Make worlds like the demo, with these tables in the place of its own."""
    demo = tomllib.loads(find("worlds", "demo").read_text(encoding="utf-8"))
    return lambda **tables: World(WorldFile.model_validate({**demo, **tables}))


@pytest.fixture(scope="session")
def asking() -> Callable[..., Ask]:
    """Open the JSON API over a world; events go into `raised`, options are its settings.

    Gives what calls a method by its name, as the user of the demo world.
    """

    def over(world: World, raised: list[Any] | None = None, **options: Any) -> Ask:
        def occurred(event_type: str, /, **variables: Any) -> None:
            if raised is not None:
                raised.append((event_type, variables))

        settings = PortaBillingSettings(**options)
        sessions = Sessions(users=world.users, wall=lambda: 0.0, settings=settings)
        core = PortaBilling(world=world, sessions=sessions, occurred=occurred, settings=settings)

        def call(operation: str, /, **params: Any) -> dict[str, Any]:
            service, _, method = operation.partition("/")
            auth_info = {"login": "provisioner", "token": "offline-token"}
            answer = core.handle(Call(service=service, method=method, params=params, auth_info=auth_info))
            assert isinstance(answer, dict)
            return answer

        return call

    return over


@pytest.fixture
def ask(asking: Callable[..., Ask], world: World, raised: list[tuple[str, dict[str, Any]]]) -> Ask:
    """Call a method of the JSON API over the demo world."""
    return asking(world, raised)


@pytest.fixture(scope="session")
def fault_of() -> Callable[..., str]:
    """Call a method that is refused; gives the faultcode."""

    def call(ask: Ask, operation: str, /, **params: Any) -> str:
        with pytest.raises(Fault) as refused:
            ask(operation, **params)
        return refused.value.faultcode

    return call


@pytest.fixture
def raised() -> list[tuple[str, dict[str, Any]]]:
    """The internal events that the JSON API raised, oldest first."""
    return []


@pytest.fixture
def sent() -> list[Outbound]:
    """What was handed to `send`, oldest first."""
    return []


@pytest.fixture
def waiting() -> deque[Callable[[Answer], None]]:
    """Whoever waits for the answer to something sent, oldest first."""
    return deque()


@pytest.fixture
def send(sent: list[Outbound], waiting: deque[Callable[[Answer], None]]) -> Send:
    """Stand for the transport: keep what is sent until the test answers it."""

    def keep(outbound: Outbound, on_answer: Callable[[Answer], None]) -> None:
        sent.append(outbound)
        waiting.append(on_answer)

    return keep


@pytest.fixture
def answer(waiting: deque[Callable[[Answer], None]]) -> Callable[[int], None]:
    """Answer the oldest unanswered request with a status; 0 is silence."""

    def reply(status: int) -> None:
        waiting.popleft()(Answer(status=status))

    return reply


@pytest.fixture
def make_emitter(clock: Clock, send: Send, world: World) -> Callable[..., Emitter]:
    """Make emitters on a manual clock; the other options are those of `EmitterSettings`."""

    def make(*, first_i_event: int = 1, handlers: tuple[Handler, ...] = (), **options: Any) -> Emitter:
        return Emitter(
            clock=clock,
            send=send,
            url="http://127.0.0.1:8080/events",
            credentials=world.events,
            settings=EmitterSettings(**options),
            vocabulary=Vocabulary.load(),
            handlers=handlers,
            first_i_event=first_i_event,
        )

    return make


@pytest.fixture
def emitter(make_emitter: Callable[..., Emitter]) -> Emitter:
    """An emitter with the documented settings."""
    return make_emitter()


@pytest.fixture
def known(emitter: Emitter) -> Callable[..., Event]:
    """What an emitter knows of an event that it has; the first one's first event if none is named."""

    def look(i_event: int = 1, *, of: Emitter = emitter) -> Event:
        event = of.event(i_event)
        assert event is not None
        return event

    return look


@pytest.fixture
def received() -> list[tuple[Mapping[str, str], Any]]:
    """Headers and JSON body of each request that reached the provisioner."""
    return []


@pytest.fixture
def answers() -> deque[int]:
    """The statuses with which the provisioner answers next; 200 when none is left."""
    return deque()


@pytest.fixture
def provisioner_url(received: list[tuple[Mapping[str, str], Any]], answers: deque[int]) -> Iterator[str]:
    """Where a provisioner listens that only takes things."""

    @Request.application
    def take(request: Request) -> Response:
        received.append((dict(request.headers), json.loads(request.data)))
        return Response(status=answers.popleft() if answers else 200, headers={"Location": "/elsewhere"})

    with WebServer(take, host="127.0.0.1", port=0) as server:
        yield f"http://127.0.0.1:{server.port}/taken"


@pytest.fixture
def make_stack(provisioner_url: str) -> Callable[..., Stack]:
    """Make stacks that send events to the provisioner; options are those of `StackSettings`."""

    def make(**options: Any) -> Stack:
        return Stack(StackSettings(**{"events_url": provisioner_url, **options}))

    return make


@pytest.fixture
def stack(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A running stack of the demo world with a manual clock."""
    with make_stack() as running:
        yield running


@pytest.fixture
def make_web() -> Iterator[Callable[..., tuple[Stack, Client]]]:
    """Make PortaBilling's web host without a socket; options are those of `StackSettings`."""
    with ExitStack() as resources:

        def make(**options: Any) -> tuple[Stack, Client]:
            stack = Stack(StackSettings(**options))
            resources.callback(stack.close)
            return stack, Client(stack.simulation.web_host_app(), Response)

        yield make


@pytest.fixture(scope="session")
def send_bytes() -> Callable[..., tuple[Response, ...]]:
    """Send bytes to an address and nothing more; give all the answers until the server hangs up."""

    def send(url: str, sent: bytes) -> tuple[Response, ...]:
        address = urlsplit(url)
        with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as client:
            with suppress(ConnectionError):
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as stream:
                return tuple(iter(lambda: _answer(stream), None))

    return send


def _answer(stream: BinaryIO) -> Response | None:
    """Read one answer, whose head must be valid and whose body must be whole."""
    line = stream.readline().decode()
    if not line:
        return None
    assert re.fullmatch(r"HTTP/1\.1 [1-5]\d\d [A-Za-z ]+\r\n", line)
    headers = dict(header.split(": ", 1) for header in iter(lambda: stream.readline().decode().strip(), ""))
    length = int(headers.get("Content-Length", "0"))
    body = stream.read(length)
    assert len(body) == length
    return Response(body, int(line.split()[1]), headers)


@pytest.fixture(scope="session")
def say() -> Callable[..., Response]:
    """Say one request as a client writes it: its header lines in this order, doubled ones too."""

    def request(url: str, *headers: tuple[str, str], body: str = "", method: str = "POST") -> Response:
        address = urlsplit(url)
        content = body.encode()
        with closing(HTTPConnection(str(address.hostname), address.port, timeout=10)) as connection:
            connection.putrequest(method, url.split(address.netloc, 1)[1])
            for name, value in (*headers, ("Content-Length", str(len(content)))):
                connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            return Response(answer.read(), answer.status, answer.getheaders())

    return request


@pytest.fixture(scope="session")
def lacking() -> Callable[[Mapping[str, Any], Mapping[str, type | UnionType]], list[str]]:
    """Name the fields that a client reads and a record lacks, or has of another type."""

    def names(record: Mapping[str, Any], needed: Mapping[str, type | UnionType]) -> list[str]:
        return [name for name, kind in needed.items() if not isinstance(record.get(name, ...), kind)]

    return names


@pytest.fixture
def world_with(tmp_path: Path) -> Callable[..., str]:
    """Write the demo world with further tables, and perhaps other credentials of events; gives its path."""

    def write(tables: str = "", *, events: str = "") -> str:
        demo = find("worlds", "demo").read_text(encoding="utf-8")
        if events:
            demo = re.sub(r"(?<=\[events\]).*?(?=\n\[)", f"\n{events}\n", demo, count=1, flags=re.DOTALL)
        path = tmp_path / "world.toml"
        path.write_text(f"{demo}\n{tables}", encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def make_espf(world: World) -> Callable[..., EspfApi]:
    """Make the rules of the ESPF API over the demo world; options are those of `EspfSettings`."""
    sessions = Sessions(users=world.users, wall=lambda: 0.0)

    def make(**options: Any) -> EspfApi:
        return EspfApi(world=world, sessions=sessions, now=lambda: 5.0, settings=EspfSettings(**options))

    return make


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """A client that takes no notice of the environment's proxies."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command that only talks to a running stack, in this process."""

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        return int(str(ended.value.code)), captured.out, captured.err

    return command
