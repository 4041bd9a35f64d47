"""Stands at an address whose application a reset replaces: no answer of a replaced one leaves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Response

from simulators.wire.server import Refusal, RefusalAnswer, Refuse, in_plain_text
from simulators.wire.threads import BEGAN_UNDER

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
        self.current = current

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request; it is answered 503 when its host was replaced since it began to arrive."""
        host = self.current()
        if environ.get(BEGAN_UNDER, host) is not host:
            return Response(WAS_RESET, 503)(environ, start_response)

        def start(*answer: Any) -> Any:
            if self.current() is not host:
                raise _ReplacedError
            return start_response(*answer)

        try:
            answer: Iterable[bytes] = host.app(environ, start)
        except _ReplacedError:
            return Response(WAS_RESET, 503)(environ, start_response)
        return answer

    def refuse(self, refusal: Refusal) -> RefusalAnswer:
        """Refuse what never reaches an application, as the host of now does if it was meant for that."""
        host = self.current()
        if refusal.began_under is not host:
            return in_plain_text(replace(refusal, status=503, message=WAS_RESET))
        return host.refuse(refusal)
