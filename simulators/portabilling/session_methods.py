"""The methods `Session/...` and `Generic/...` of the JSON API: log in, refresh, ping, log out (2.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import ConfigDict, StringConstraints, TypeAdapter, model_validator

from simulators.portabilling.faults import (
    AUTH_FAILED,
    BAD_PARAMS,
    LOCKED_OUT,
    LOGOUT_FAILED,
    PASSWORD_EXPIRED,
    PING_FAILED,
    REFRESH_FAILED,
    Fault,
)
from simulators.portabilling.methods import Method, Occurred
from simulators.portabilling.parameters import AuthInfo, Option, OptionalText, Parameters, one_of
from simulators.portabilling.sessions import LockedOutError, PasswordExpiredError, Session, Sessions
from simulators.portabilling.tokens import TokenError
from simulators.portabilling.users import Users
from simulators.records import User
from simulators.release import Release


class Login(Parameters):
    """A user's login with the password or with the API token."""

    model_config = ConfigDict(json_schema_extra=one_of("password", "token"))

    login: str
    password: OptionalText = None
    token: OptionalText = None

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if self.password is None and self.token is None:
            raise ValueError("password or token is required; passwords are case-sensitive")
        return self


class ChangePassword(Parameters):
    """A new password for whoever knows the present one, expired or not (S18, S26)."""

    login: str
    password: str
    new_password: Annotated[str, StringConstraints(min_length=1)]
    establish_new_session: Option = False


class Refresh(Parameters):
    """The refresh token of a login's answer."""

    refresh_token: str


class Ping(Parameters):
    """The access token of a login's answer."""

    access_token: str


class Logout(Parameters):
    """The access token or, by old clients, the session id (S18, S25)."""

    model_config = ConfigDict(json_schema_extra=one_of("access_token", "session_id"))

    access_token: str = ""
    session_id: OptionalText = None


@dataclass(frozen=True, kw_only=True)
class SessionMethods:
    """Answers the methods that need no session of their own, and tells the version."""

    sessions: Sessions
    users: Users
    occurred: Occurred
    release: Release

    def methods(self) -> Iterator[Method]:
        """All of them."""
        text: TypeAdapter[Any] = TypeAdapter(str)
        number: TypeAdapter[Any] = TypeAdapter(int)
        tokens = {"access_token": text, "refresh_token": text, "expires_at": text, "expires_in": number}
        session = {"session_id": text, **tokens}
        for name, parameters, answer, answers, refusal in (
            ("login", Login, self._login, session, AUTH_FAILED),
            (
                "change_password",
                ChangePassword,
                self._change_password,
                {"success": number, **session},
                BAD_PARAMS,
            ),
            ("refresh_access_token", Refresh, self._refresh, tokens, REFRESH_FAILED),
            ("ping", Ping, self._ping, {"user_id": number}, PING_FAILED),
            ("logout", Logout, self._logout, {"success": number}, LOGOUT_FAILED),
        ):
            yield Method(
                name=f"Session/{name}",
                parameters=parameters,
                answer=answer,
                answers=answers,
                refusal=refusal,
                is_open=True,
            )
        yield Method(
            name="Generic/get_version",
            parameters=Parameters,
            answer=lambda _params: {"version": str(self.release.number)},
            answers={"version": text},
        )

    def user_of(self, fields: AuthInfo | Login, *, faultcode: str) -> User:
        """The user whose login and password, or login and API token, these are.

        Raises:
            Fault: they are nobody's (with this code), the login is locked, or the password has expired.
        """
        return self._recognised(fields, faultcode=faultcode, even_expired=False)

    def _recognised(self, fields: AuthInfo | Login, *, faultcode: str, even_expired: bool) -> User:
        try:
            user = self.sessions.user(
                login=fields.login or "",
                password=fields.password or None,
                token=fields.token or None,
                even_expired=even_expired,
            )
        except LockedOutError as error:
            raise Fault(LOCKED_OUT, str(error)) from error
        except PasswordExpiredError as error:
            raise Fault(PASSWORD_EXPIRED, str(error)) from error
        if user is None:
            raise Fault(faultcode, "The login or the password is incorrect; passwords are case-sensitive")
        return user

    def _login(self, params: Login) -> dict[str, Any]:
        return self.sessions.open(self.user_of(params, faultcode=AUTH_FAILED)).as_answer()

    def _change_password(self, params: ChangePassword) -> dict[str, Any]:
        """Answer a new session to a client that asks for one (S18); what else is answered is assumed."""
        known = self._recognised(
            Login(login=params.login, password=params.password), faultcode=AUTH_FAILED, even_expired=True
        )
        user = self.users.set_password(known, params.new_password)
        if user.i_account is not None and params.new_password != params.password:
            self.occurred("Account/Password/Changed", i_account=user.i_account)
        return self.sessions.open(user).as_answer() if params.establish_new_session else {"success": 1}

    def _refresh(self, params: Refresh) -> dict[str, Any]:
        """Answer a new access token for the same session; `session_id` is not repeated (S25)."""
        session = self.sessions.refresh(params.refresh_token)
        if session is None:
            raise Fault(REFRESH_FAILED, "The refresh token is not valid")
        return session.as_refreshed()

    def _ping(self, params: Ping) -> dict[str, Any]:
        """Answer the user's number; a dead session is no fault but user 0 (S25, S18)."""
        session = self._by_token(params.access_token, faultcode=PING_FAILED)
        return {"user_id": session.user.number if session else 0}

    def _logout(self, params: Logout) -> dict[str, Any]:
        if params.session_id is not None:
            session = self.sessions.by_session_id(params.session_id)
        else:
            session = self._by_token(params.access_token, faultcode=LOGOUT_FAILED)
        if session:
            self.sessions.end(session)
        return {"success": 1 if session else 0}

    def _by_token(self, token: str, *, faultcode: str) -> Session | None:
        try:
            return self.sessions.by_access_token(token)
        except TokenError as error:
            raise Fault(faultcode, str(error)) from error
