"""Stands at an address whose application a reset replaces: no answer of a replaced one leaves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Response

from simulators.wire.server import Refusal, RefusalAnswer, Refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WAS_RESET: Final = "The simulators were reset while they served this request; it changed nothing."


@dataclass(frozen=True, kw_only=True)
class Host:
    """What answers at an address: an application, and how the server in front of it refuses."""

    app: "WSGIApplication"
    refuse: Refuse


class _ReplacedError(Exception):
    """The host that was asked is no longer there."""


class Replaceable:
    """WSGI application that asks the host of now; `current` may wait until a replacement is over."""

    def __init__(self, current: Callable[[], Host]) -> None:
        self._current = current

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request; it is answered 503 when its host was replaced meanwhile."""
        host = self._current()

        def start(*answer: Any) -> Any:
            if self._current() is not host:
                raise _ReplacedError
            return start_response(*answer)

        try:
            return host.app(environ, start)
        except _ReplacedError:
            return Response(WAS_RESET, 503)(environ, start_response)

    def refuse(self, refusal: Refusal) -> RefusalAnswer:
        """Refuse what never reaches an application, as the host of now does."""
        return self._current().refuse(refusal)
