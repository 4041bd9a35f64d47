"""The methods `Session/...` of the JSON API: log in, refresh, ping, log out (2.3)."""

from collections.abc import Callable, Mapping
from typing import Any

from simulators.portabilling.faults import (
    AUTH_FAILED,
    LOCKED_OUT,
    LOGOUT_FAILED,
    PASSWORD_EXPIRED,
    PING_FAILED,
    REFRESH_FAILED,
    Fault,
)
from simulators.portabilling.sessions import LockedOutError, Session, Sessions
from simulators.portabilling.tokens import TokenError
from simulators.world import User

Params = Mapping[str, Any]


class SessionMethods:
    """Answers the methods that need no session of their own."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def methods(self) -> Mapping[str, Callable[[Params], dict[str, Any]]]:
        """The methods by their names."""
        return {
            "Session/login": self.login,
            "Session/refresh_access_token": self.refresh_access_token,
            "Session/ping": self.ping,
            "Session/logout": self.logout,
        }

    def user_of(self, fields: Params, *, faultcode: str) -> User:
        """The user whose login and password, or login and API token, these fields are.

        Raises:
            Fault: they are nobody's (with this code), the login is locked, or the password has expired.
        """
        text = {name: str(fields[name]) for name in ("password", "token") if fields.get(name)}
        try:
            user = self._sessions.user(login=str(fields.get("login", "")), **text)
        except LockedOutError as error:
            raise Fault(LOCKED_OUT, str(error)) from error
        if user is None:
            raise Fault(faultcode, "The login or the password is incorrect; passwords are case-sensitive")
        if user.password_expired:
            raise Fault(PASSWORD_EXPIRED, "You must change your password")
        return user

    def login(self, params: Params) -> dict[str, Any]:
        """Open a session."""
        return self._sessions.open(self.user_of(params, faultcode=AUTH_FAILED)).as_answer()

    def refresh_access_token(self, params: Params) -> dict[str, Any]:
        """Answer a new access token for the same session; `session_id` is not repeated (S25)."""
        session = self._sessions.refresh(str(params.get("refresh_token", "")))
        if session is None:
            raise Fault(REFRESH_FAILED, "The refresh token is not valid")
        return session.as_refreshed()

    def ping(self, params: Params) -> dict[str, Any]:
        """Answer the user's number; a dead session is no fault but user 0 (S25, S18)."""
        session = self._by_token(params, faultcode=PING_FAILED)
        return {"user_id": session.user.i_user if session else 0}

    def logout(self, params: Params) -> dict[str, Any]:
        """End a session, named by its access token or, by old clients, its session id (S18, S25)."""
        if "session_id" in params:
            session = self._sessions.by_session_id(str(params["session_id"]))
        else:
            session = self._by_token(params, faultcode=LOGOUT_FAILED)
        if session:
            self._sessions.end(session)
        return {"success": 1 if session else 0}

    def _by_token(self, params: Params, *, faultcode: str) -> Session | None:
        try:
            return self._sessions.by_access_token(str(params.get("access_token", "")))
        except TokenError as error:
            raise Fault(faultcode, str(error)) from error
