"""Sessions of API users: the JSON API and the ESPF API are parts of one single sign-on (S25)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from simulators.world import User

# Two captures show 48 hours (S25); a setting, since other installations answer 900 seconds (S18).
LIFETIME: Final = 172_800.0


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a login gives; `expires` is real time, since the provisioner reads its own clock."""

    login: str
    session_id: str
    access_token: str
    refresh_token: str
    expires: float
    lifetime: float

    def as_answer(self) -> dict[str, Any]:
        """The fields of a login's answer (2.3: both expiry fields, since clients rely on either)."""
        return {
            "session_id": self.session_id,
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "expires_in": int(self.lifetime),
        }


class Sessions:
    """The open sessions; `wall` gives real seconds since 1970."""

    def __init__(
        self, *, users: Mapping[str, User], wall: Callable[[], float], lifetime: float = LIFETIME
    ) -> None:
        self._users = users
        self._wall = wall
        self._lifetime = lifetime
        self._sessions: list[Session] = []

    def login(self, *, login: str, password: str | None = None, token: str | None = None) -> Session | None:
        """Open a session by password or API token; None when they are not the user's."""
        if not self.credentials_fit(login=login, password=password, token=token):
            return None
        session = Session(
            login=login,
            session_id=secrets.token_hex(16),
            access_token=secrets.token_urlsafe(48),
            refresh_token=secrets.token_hex(16),
            expires=self._wall() + self._lifetime,
            lifetime=self._lifetime,
        )
        self._sessions.append(session)
        return session

    def credentials_fit(self, *, login: str, password: str | None = None, token: str | None = None) -> bool:
        """Tell whether these are a user's password or API token."""
        user = self._users.get(login)
        return user is not None and (password == user.password or token == user.api_token)

    def by_access_token(self, access_token: str) -> Session | None:
        """The living session of an access token."""
        return self._living(lambda session: session.access_token == access_token)

    def by_session_id(self, session_id: str) -> Session | None:
        """The living session with this id."""
        return self._living(lambda session: session.session_id == session_id)

    def revoke_all(self) -> None:
        """End every session, as a restart of the billing server would."""
        self._sessions.clear()

    def _living(self, fits: Callable[[Session], bool]) -> Session | None:
        self._sessions = [session for session in self._sessions if session.expires > self._wall()]
        return next((session for session in self._sessions if fits(session)), None)
