"""The rules of the ESPF API, without any web: status updates by both URL forms, groups, credentials."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from simulators.errors import WorldError
from simulators.espf.settings import EspfSettings
from simulators.espf.urls import Named, read_number, read_status_url
from simulators.portabilling.sessions import LockedOutError, PasswordExpiredError, Sessions
from simulators.portabilling.tokens import TokenError
from simulators.records import Account, User
from simulators.world import PREDEFINED_GROUPS, World

DEFAULTS: Final = EspfSettings()
STATUSES: Final = ("OK", "IN_PROGRESS", "RETRY", "FAILED")
MAX_MESSAGE: Final = 4000
# What a token's claims must hold (S25: the admin realm's tokens do, those of accounts do not).
AUDIENCE: Final = "espf-api"
SCOPE: Final = "espf.api:write"
API_USER: Final = "The users of PortaBilling's API stand in the world file."


class Refusal(Exception):  # noqa: N818 - the API refuses; nothing went wrong in the simulator
    """A 40x answer (S25: the ESPF API refuses by status code, unlike the JSON API); nothing was stored."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class StatusReport:
    """A stored status of one account and group; `stored_at` is virtual time."""

    i_account: int
    group: str
    status: str
    message: str | None
    stored_at: float


class EspfApi:
    """Keeps the history of statuses per account and group."""

    def __init__(
        self,
        *,
        world: World,
        sessions: Sessions,
        now: Callable[[], float],
        settings: EspfSettings = DEFAULTS,
    ) -> None:
        self._world = world
        self._sessions = sessions
        self._now = now
        self._settings = settings
        self._history: dict[tuple[int, str], list[StatusReport]] = {}

    def check_auth(self, scheme: str, credentials: str) -> None:
        """Accept Bearer tokens and Basic credentials of API users who may write statuses (S31, S32, S25).

        Raises:
            Refusal: 401 where the credentials are nobody's, 403 where they lack the ESPF's audience or
                scope; real status codes here, not the 500 of the JSON API (S25).
        """
        user = self._user(scheme, credentials)
        if AUDIENCE not in user.audience or SCOPE not in user.scopes.split():
            raise Refusal(403, f"{user.login} may not use the ESPF API: it needs {AUDIENCE} and {SCOPE}.")

    def _user(self, scheme: str, credentials: str) -> User:
        # The scheme is case-insensitive (RFC 9110).
        if scheme.lower() == "bearer":
            return self._bearer(credentials)
        login, colon, password = credentials.partition(":")
        if scheme.lower() != "basic" or not colon:
            raise Refusal(401, f"Credentials are required: Basic of login:password, or Bearer. {API_USER}")
        try:
            user = self._sessions.user(login=login, password=password, token=password)
        except (LockedOutError, PasswordExpiredError) as error:
            raise Refusal(401, f"{error}.") from error
        if user is None:
            raise Refusal(401, f"The login or the password is wrong. {API_USER}")
        return user

    def _bearer(self, access_token: str) -> User:
        try:
            session = self._sessions.by_access_token(access_token)
        except TokenError as error:
            raise Refusal(401, f"The Bearer is no access token: {error}.") from error
        if session is None:
            raise Refusal(401, "The access token has ended: log in again with Session/login.")
        return session.user

    def account_of(self, raw_path: str) -> Account:
        """The account that a status URL names; `raw_path` is what stands behind `/espf/v1/`, undecoded.

        An all-digit ID is an ID, never an i_account, unless a setting says so (3.2).

        Raises:
            Refusal: 404, the path is of neither form or names no account.
        """
        named = read_status_url(raw_path, lenient=self._settings.lenient) or Named()
        owners = (self._account_by_id(account_id) for account_id in named.ids)
        account = self._world.account(named.i_account) or next(filter(None, owners), None)
        if account is None:
            raise Refusal(
                404,
                f"No account has the status URL {raw_path!r}: it is account/i/<i_account>/status or "
                "account/<id>/status, where an ID's /, #, ? and blank are written %2F, %23, %3F and %20.",
            )
        return account

    def _account_by_id(self, account_id: str) -> Account | None:
        account = self._world.account_by_id(account_id)
        if account is None and self._settings.former_ids:
            account = self._world.account_by_former_id(account_id)
        if account is None and self._settings.digits_fall_back:
            account = self._world.account(read_number(account_id))
        return account

    def registered(self, group: Any) -> str | None:
        """The name of a group, if one of this name is registered."""
        return group if isinstance(group, str) and group in self._world.groups else None

    def update(self, account: Account, fields: Mapping[str, Any]) -> StatusReport:
        """Store a status.

        Raises:
            Refusal: 400 with the offending value, 404 (a setting) where the group is not registered;
                nothing is stored.
        """
        report = StatusReport(
            i_account=account.i_account,
            group=self._group(fields.get("group")),
            status=self._status(fields.get("status")),
            message=self._message(fields.get("message")),
            stored_at=self._now(),
        )
        self._history.setdefault((report.i_account, report.group), []).append(report)
        return report

    def status_of(self, i_account: int, group: str) -> str | None:
        """The stored status of an account and group; the last write wins (3.4)."""
        history = self.history(i_account, group)
        return history[-1].status if history else None

    def history(self, i_account: int, group: str) -> tuple[StatusReport, ...]:
        """All stored statuses of an account and group, oldest first."""
        return tuple(self._history.get((i_account, group), ()))

    def stored(self) -> tuple[StatusReport, ...]:
        """The stored status of every account and group that has one."""
        return tuple(history[-1] for history in tuple(self._history.values()))

    def group_list(self) -> list[dict[str, Any]]:
        """The registered groups: `i_group` quoted and `is_custom` bare, unless a setting says so (S32)."""
        listed = (
            (number, name, name not in PREDEFINED_GROUPS) for name, number in self._world.groups.items()
        )
        if self._settings.group_types == "table":
            return [
                {"i_group": number, "name": name, "is_custom": str(is_custom).lower()}
                for number, name, is_custom in listed
            ]
        return [
            {"i_group": str(number), "name": name, "is_custom": is_custom}
            for number, name, is_custom in listed
        ]

    def create_group(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Register a custom group; answers its name and number (S32).

        Raises:
            Refusal: 400, the name is missing or too long; 409 (a setting), it is taken.
        """
        name = fields.get("name")
        if not isinstance(name, str):
            raise Refusal(400, f"name is {_given(name)}: the name of the new group is required.")
        is_taken = name in self._world.groups
        try:
            return {"name": name, "i_group": self._world.add_group(name)}
        except WorldError as error:
            raise Refusal(self._settings.conflict if is_taken else 400, str(error)) from error

    def delete_group(self, i_group: Any) -> None:
        """Delete a custom group that no account has a status in.

        Raises:
            Refusal: 400, this is no number; 404, no group has it; 409 (a setting), the group is
                predefined or used.
        """
        # To JSON, 1001.0 is an integer too.
        written = str(int(i_group) if isinstance(i_group, float) and i_group.is_integer() else i_group)
        if isinstance(i_group, bool) or not (written.isascii() and written.isdecimal()):
            raise Refusal(400, f"i_group is {_given(i_group)}: the number of a group is required.")
        number = read_number(written)
        name = next((name for name, known in self._world.groups.items() if known == number), None)
        if name is None:
            raise Refusal(404, f"No group has the i_group {i_group!r}.")
        if any(group == name for _, group in self._history):
            raise Refusal(self._settings.conflict, f"Group {name!r} is used: accounts have a status in it.")
        try:
            self._world.delete_group(name)
        except WorldError as error:
            raise Refusal(self._settings.conflict, str(error)) from error

    def _status(self, value: Any) -> str:
        # The documented example sends "OK " with a trailing blank (P; section 5, row 1).
        text = value.strip() if self._settings.lenient and isinstance(value, str) else value
        if text not in STATUSES:
            raise Refusal(400, f"status is {_given(value)}: it must be one of {', '.join(STATUSES)}.")
        return str(text)

    def _group(self, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise Refusal(400, f"group is {_given(value)}: the name of a registered group is required.")
        if value not in self._world.groups:
            known = ", ".join(get_close_matches(value, self._world.groups, cutoff=0.0))
            raise Refusal(
                self._settings.unregistered_group,
                f"group {value!r} is not registered: the nearest known are {known}. Names are "
                "case-sensitive; POST /espf/v1/group/create registers a custom one.",
            )
        return value

    def _message(self, value: Any) -> str | None:
        if value is not None and (not isinstance(value, str) or len(value) > MAX_MESSAGE):
            raise Refusal(400, f"message must be a text of at most {MAX_MESSAGE} characters (S31).")
        return value


def _given(value: Any) -> str:
    return "missing" if value is None else repr(value)
