"""The API session with PortaBilling, as its client: one for all workers and for both of its APIs."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import SecretStr

from reference_provisioner.back_off import BackOff
from reference_provisioner.errors import NeighbourError
from reference_provisioner.neighbour import HttpClient, json_object

log = logging.getLogger(__name__)

# A tenth of the lifetime, so that a short-lived token is not renewed before every call; a minute at most.
MARGIN: Final = 0.1
LONGEST_MARGIN: Final = 60.0


class ApiSession:
    """Hands out the access token, and renews it before it expires or once it was refused.

    One failed login makes all workers pause: PortaBilling locks out who tries a wrong password again and
    again (`cannot_login_brute_force_activity`, S18).
    """

    def __init__(
        self,
        http: HttpClient,
        *,
        portabilling_url: str,
        login: str,
        password: SecretStr,
        back_off: BackOff,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._url = f"{portabilling_url}/rest/Session/login"
        self._login = login
        self._password = password
        self._back_off = back_off
        self._now = now
        self._lock = threading.Lock()
        self._token: str | None = None
        self._renew_at: float | None = None
        self._failures = 0
        self._pause_until = 0.0

    def token(self, *, refused: str | None = None) -> str:
        """Return a token other than the one just refused; raises NeighbourError when none can be had."""
        with self._lock:
            # Another worker may have renewed it meanwhile: then its token serves, without another login.
            if self._token is None or self._token == refused or self._is_old():
                self._token = None
                self._token = self._renewed()
            return self._token

    def _is_old(self) -> bool:
        return self._renew_at is not None and self._now() >= self._renew_at

    def _renewed(self) -> str:
        if self._now() < self._pause_until:
            raise NeighbourError("logins to PortaBilling pause after a failed one")
        try:
            token = self._log_in()
        except NeighbourError:
            self._pause_until = self._now() + self._back_off.seconds(self._failures)
            self._failures += 1
            raise
        self._failures = 0
        log.info("logged in to PortaBilling", extra={"login": self._login})
        return token

    def _log_in(self) -> str:
        params = {"login": self._login, "password": self._password.get_secret_value()}
        answer = self._http.post(self._url, json={"params": params})
        reply = json_object(answer)
        if answer.code != 200:  # noqa: PLR2004 - PortaBilling's only success
            raise NeighbourError(f"login failed: {answer.code} {reply.get('faultcode', '')}")
        token = reply.get("access_token")
        if not isinstance(token, str) or not token:
            raise NeighbourError("login answered without an access token")
        self._renew_at = self._renewal(reply)
        return token

    def _renewal(self, reply: dict[str, Any]) -> float | None:
        lifetime = self._lifetime(reply)
        # Without a believable lifetime (or with a clock ahead of theirs) it serves until it is refused.
        if lifetime is None or lifetime <= 0:
            return None
        return self._now() + lifetime - min(lifetime * MARGIN, LONGEST_MARGIN)

    def _lifetime(self, reply: dict[str, Any]) -> float | None:
        # `expires_in` needs no agreement of clocks, but older releases do not send it (S18).
        seconds = reply.get("expires_in")
        if isinstance(seconds, int | float):
            return float(seconds)
        try:
            expires = datetime.strptime(reply["expires_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except (KeyError, TypeError, ValueError):
            return None
        return expires.timestamp() - self._now()
