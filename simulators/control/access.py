"""Who may use the control API: whoever has its token, or else programs of this machine, never a web page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from simulators.control.reading import refusal
from simulators.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What may be asked without a token, so that a container can be watched; and all that is no control at all,
# the console, whose files hold no data.
HEALTH: Final = "/_sim/health"
CONTROL: Final = "/_sim"


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    return host == "localhost" or (_is_address(host) and ip_address(host.strip("[]")).is_loopback)


def control_token(given: str, *, host: str) -> str:
    """The token that the control API demands: the given one, or a new one where others reach the host.

    Raises:
        SettingsError: it cannot be written in a header.
    """
    if not re.fullmatch(r"[!-~]*", given):
        raise SettingsError("control_token cannot be sent: use visible ASCII characters without blanks.")
    return given or ("" if is_loopback(host) else token_urlsafe(24))


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a request must show: the token, or where none is demanded a Host of one of these `names`.

    A web page of another site can be kept from reading answers by the browser alone, but not from sending
    requests; and one whose name was rebound to 127.0.0.1 could do both. The first shows a foreign Origin,
    the second a Host that is neither an IP address nor known here.
    """

    names: frozenset[str]
    token: str = ""


class Gate:
    """WSGI middleware that refuses who may not use the control API."""

    def __init__(self, app: "WSGIApplication", *, access: Access) -> None:
        self._app = app
        self._access = access

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve a request, or refuse it."""
        app = self._refusal(Request(environ)) or self._app
        return app(environ, start_response)

    def _refusal(self, request: Request) -> Response | None:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return refusal(403, f"The control API takes nothing from web pages of {origin}.")
        if self._access.token:
            is_open = request.path == HEALTH or not request.path.startswith(CONTROL)
            return None if is_open else self._without_token(request)
        # Only a browser can be made to call from afar, and it always names the host.
        name = _name(host)
        if host and not _is_address(name) and name not in self._access.names:
            return refusal(
                403,
                f"The control API is not known as {name!r}: use an IP address, or name it with --advertise.",
            )
        return None

    def _without_token(self, request: Request) -> Response | None:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and compare_digest(shown.encode(), self._access.token.encode()):
            return None
        message = (
            "The control API needs its token, as in Authorization: Bearer <token>; "
            "espf-simulators takes it from --control-token or ESPF_CONTROL_TOKEN."
        )
        return refusal(401, message, WWW_Authenticate="Bearer")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
