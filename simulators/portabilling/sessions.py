"""Sessions of API users: the JSON API and the ESPF API are parts of one single sign-on (S25)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from simulators.portabilling.settings import PortaBillingSettings
from simulators.portabilling.tokens import TokenSigner
from simulators.records import User

DEFAULTS: Final = PortaBillingSettings()


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a login gives; `expires` is real time, since the provisioner reads its own clock."""

    user: User
    session_id: str
    access_token: str
    refresh_token: str
    expires: float
    lifetime: float

    def as_answer(self) -> dict[str, Any]:
        """The fields of a login's answer (2.3: both expiry fields, since clients rely on either)."""
        return {"session_id": self.session_id, **self.as_refreshed()}

    def as_refreshed(self) -> dict[str, Any]:
        """The fields of a refresh's answer: those of a login but for `session_id` (S25)."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "expires_in": int(self.lifetime),
        }


class Directory(Protocol):
    """Knows the users."""

    def get(self, login: str, /) -> User | None:
        """The user with this login, or None."""


class LockedOutError(Exception):
    """Too many wrong passwords in a row: the login is refused whatever comes with it."""


class PasswordExpiredError(Exception):
    """The right password, which has expired: it must be changed first (S18, S26)."""


class Sessions:
    """The open sessions; `wall` gives real seconds since 1970."""

    def __init__(
        self,
        *,
        users: Directory,
        wall: Callable[[], float],
        settings: PortaBillingSettings = DEFAULTS,
    ) -> None:
        self._users = users
        self._wall = wall
        self._lifetime = settings.token_lifetime
        self._max_failures = settings.max_failures
        self._signer = TokenSigner()
        # Oldest first, since all live equally long.
        self._sessions: dict[str, Session] = {}
        self._session_ids: dict[str, str] = {}
        self._failures: dict[str, int] = {}

    def user(
        self,
        *,
        login: str,
        password: str | None = None,
        token: str | None = None,
        even_expired: bool = False,
    ) -> User | None:
        """The user whose password or API token these are; None when they are nobody's.

        A password can expire; that an API token does not is assumed.

        Raises:
            LockedOutError: the login failed too often before.
            PasswordExpiredError: it is the password, which has expired.
        """
        if self._failures.get(login, 0) >= self._max_failures:
            times = self._max_failures
            raise LockedOutError(f"{login} is locked after {times} failures in a row, until a reset")
        user = self._users.get(login)
        if user is None:
            return None
        if password == user.password or token == user.api_token:
            self._failures.pop(login, None)
            if user.password_expired and token != user.api_token and not even_expired:
                raise PasswordExpiredError(f"The password of {login} has expired: it must be changed")
            return user
        self._failures[login] = self._failures.get(login, 0) + 1
        return None

    def open(self, user: User, *, session_id: str | None = None) -> Session:
        """Open a session for a user, or give one a new access token in the place of its old one."""
        expires = self._wall() + self._lifetime
        key = session_id or secrets.token_hex(16)
        session = Session(
            user=user,
            session_id=key,
            access_token=self._signer.sign(self._claims(user, session_id=key, expires=expires)),
            refresh_token=secrets.token_hex(16),
            expires=expires,
            lifetime=self._lifetime,
        )
        self._drop_expired()
        self._sessions[key] = session
        self._session_ids.update({session.access_token: key, session.refresh_token: key})
        return session

    def refresh(self, refresh_token: str) -> Session | None:
        """Give a living session a new access token; the old one ends."""
        session = self._living(self._session_ids.get(refresh_token))
        if session is None or session.refresh_token != refresh_token:
            return None
        self.end(session)
        return self.open(session.user, session_id=session.session_id)

    def end(self, session: Session) -> None:
        """Log out."""
        self._sessions.pop(session.session_id, None)
        self._session_ids.pop(session.access_token, None)
        self._session_ids.pop(session.refresh_token, None)

    def by_access_token(self, access_token: str) -> Session | None:
        """The living session of an access token; None where it was revoked, replaced or expired.

        Raises:
            TokenError: the text is no access token at all.
        """
        session = self._living(self._session_ids.get(access_token))
        if session is None or session.access_token != access_token:
            self._signer.read(access_token)
            return None
        return session

    def by_session_id(self, session_id: str) -> Session | None:
        """The living session with this id."""
        return self._living(session_id)

    def revoke_all(self) -> None:
        """End every session, as a restart of the billing server would."""
        self._sessions.clear()
        self._session_ids.clear()

    def _claims(self, user: User, *, session_id: str, expires: float) -> dict[str, Any]:
        """The claims of the captures: in its realm, an account takes the user's place (S25, S18)."""
        return {
            "exp": int(expires),
            "iat": int(expires - self._lifetime),
            user.number_name: user.number,
            "i_env": user.i_env,
            "login": user.login,
            "scopes": user.scopes,
            "jti": session_id,
            "realm": user.realm,
            "aud": list(user.audience),
            "is_super_user": int(user.is_super_user),
        }

    def _living(self, session_id: str | None) -> Session | None:
        session = self._sessions.get(session_id or "")
        return session if session and session.expires > self._wall() else None

    def _drop_expired(self) -> None:
        now = self._wall()
        while self._sessions and (oldest := next(iter(self._sessions.values()))).expires <= now:
            self.end(oldest)
