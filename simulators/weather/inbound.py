"""Weather on the way in: what strikes the requests of a provisioner, and the answers to them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from simulators.journal import Party
from simulators.weather.core import Weather
from simulators.weather.faults import (
    Answer,
    ContentType,
    Delay,
    Fault,
    Hang,
    Malformed,
    Reset,
    Slow,
    Truncate,
)
from simulators.weather.holds import Holds
from simulators.wire.recorder import BODY, Asked
from simulators.wire.sockets import BrokenOffError, ResetError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True, kw_only=True)
class Front:
    """What weather must know of a simulator: its name in the journal, what a request is about, its refusals.

    `about` gives the journal's fields, and `unavailable` an answer of any status in the simulator's own way.
    """

    party: Party
    about: Callable[[Request], Mapping[str, Any]]
    unavailable: Callable[[int], Response]


class InboundWeather:
    """A recorder's passage: lets a request through to its simulator, or strikes it as planned.

    `hang` is how many real seconds a hang lasts that says nothing else.
    """

    def __init__(self, *, weather: Weather, holds: Holds, front: Front, hang: float) -> None:
        self._weather = weather
        self._holds = holds
        self._front = front
        self._hang = hang

    def __call__(self, asked: Asked, answer: Callable[[], Response]) -> Response:
        """Answer a request, or raise BrokenOffError where none is to come."""
        # What is asked is read twice only where it may matter.
        if not self._weather.threatens(self._front.party):
            return answer()
        about = self._about(asked)
        operation = about.get("operation", "")
        point = f"{self._front.party}/{operation}" if operation else self._front.party
        strike = self._weather.strike(point, about)
        if strike is None:
            return answer()
        asked.exchange.note(**about, fault=str(strike))
        return self._struck(strike.fault, asked, answer)

    def _about(self, asked: Asked) -> Mapping[str, Any]:
        environ = {**asked.environ, "wsgi.input": BytesIO(asked.environ[BODY])}
        try:
            return self._front.about(Request(environ))
        except Exception:  # noqa: BLE001 - a dialect is a user's code, and its surprises are told where it serves
            return {}

    def _struck(self, fault: Fault, asked: Asked, answer: Callable[[], Response]) -> Response:
        done = answer() if getattr(fault, "after", False) else None
        match fault:
            case Answer():
                return self._instead(fault)
            case Delay():
                self._holds.until_due(asked, fault.seconds)
            case Hang():
                self._holds.for_real(asked, fault.seconds or self._hang)
                raise ResetError("a hang ends with a reset")
            case Reset():
                raise ResetError("reset as planned")
        return self._spoilt(fault, asked, answer() if done is None else done)

    def _instead(self, fault: Answer) -> Response:
        if fault.body is None:
            return self._front.unavailable(fault.status)
        return Response(fault.body, fault.status, content_type=fault.content_type)

    def _spoilt(self, fault: Fault, asked: Asked, response: Response) -> Response:
        match fault:
            case Malformed():
                response.set_data(fault.body)
            case ContentType():
                response.content_type = fault.content_type
            case Truncate():
                whole = response.get_data()
                part = whole[: len(whole) // 2]
                return _Sent(response, part, _then_broken_off(part), length=max(1, len(whole)))
            case Slow():
                body = response.get_data()
                sending = self._holds.trickle(asked, body, fault.seconds)
                return _Sent(response, body, sending, length=len(body))
        return response


class _Sent(Response):
    """An answer whose body is sent in a way of its own; `length` is what it announces."""

    def __init__(self, response: Response, body: bytes, sending: Iterable[bytes], *, length: int) -> None:
        super().__init__(body, response.status, response.headers)
        self.content_length = length
        self._sending = sending

    def get_app_iter(self, environ: "WSGIEnvironment") -> Iterable[bytes]:
        """The body as it is sent; an answer to HEAD has none."""
        return () if environ["REQUEST_METHOD"] == "HEAD" else self._sending


def _then_broken_off(part: bytes) -> Iterator[bytes]:
    yield part
    raise BrokenOffError("truncated as planned")
