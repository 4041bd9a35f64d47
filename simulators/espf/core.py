"""The rules of the ESPF API, without any web: status updates by both URL forms, groups, credentials."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import unquote

from simulators.portabilling.sessions import Sessions
from simulators.world import PREDEFINED_GROUPS, Account, World, read_i_account

Reading = Literal["lenient", "strict"]

STATUSES: Final = ("OK", "IN_PROGRESS", "RETRY", "FAILED")
MAX_MESSAGE: Final = 4000
# The two URL forms, as segments behind /espf/v1: account/i/<i_account>/status and account/<id>/status.
_I_ACCOUNT_FORM: Final = 4
_ID_FORM: Final = 3


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
        self, *, world: World, sessions: Sessions, now: Callable[[], float], reading: Reading = "lenient"
    ) -> None:
        self._world = world
        self._sessions = sessions
        self._now = now
        self._reading: Reading = reading
        self._history: dict[tuple[int, str], list[StatusReport]] = {}

    def check_auth(self, scheme: str, credentials: str) -> None:
        """Accept Bearer tokens and Basic credentials of API users (S31, S32).

        Raises:
            Refusal: 401; authentication fails with a real status code here, not with 500 (S25).
        """
        # The scheme is case-insensitive (RFC 9110).
        if scheme.lower() == "bearer" and self._sessions.by_access_token(credentials):
            return
        login, colon, password = credentials.partition(":")
        if (
            scheme.lower() == "basic"
            and colon
            and self._sessions.credentials_fit(login=login, password=password, token=password)
        ):
            return
        raise Refusal(401, "The credentials of a PortaBilling API user are required.")

    def account_of(self, raw_path: str) -> Account:
        """The account that a status URL names; `raw_path` is still percent-encoded.

        Segments are split before they are decoded, so that `%2F` is a part of an ID, and an
        all-digit ID is never taken for an i_account (3.2).

        Raises:
            Refusal: 404, the path is of neither form or names no account.
        """
        segments = [unquote(segment) for segment in raw_path.split("/") if segment]
        account = None
        if len(segments) == _I_ACCOUNT_FORM and segments[1] == "i":
            account = self._world.account(read_i_account(segments[2]))
        elif len(segments) == _ID_FORM:
            account = self._world.account_by_id(segments[1])
        if account is None or segments[-1] != "status":
            raise Refusal(404, f"No account has the status URL {raw_path!r}.")
        return account

    def update(self, account: Account, fields: Mapping[str, Any]) -> StatusReport:
        """Store a status.

        Raises:
            Refusal: 400 or 404 with the offending value; nothing is stored.
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
        return tuple(history[-1] for history in self._history.values())

    def group_list(self) -> list[dict[str, Any]]:
        """The registered groups, with the types of the documented example: `i_group` quoted (S32)."""
        return [
            {"i_group": str(number), "name": name, "is_custom": name not in PREDEFINED_GROUPS}
            for name, number in self._world.groups.items()
        ]

    def _status(self, value: Any) -> str:
        # The documented example sends "OK " with a trailing blank (P; section 5, row 1).
        text = value.strip() if self._reading == "lenient" and isinstance(value, str) else value
        if text not in STATUSES:
            raise Refusal(400, f"status is {value!r}: it must be one of {', '.join(STATUSES)}.")
        return str(text)

    def _group(self, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise Refusal(400, f"group is {value!r}: the name of a registered group is required.")
        if value not in self._world.groups:
            raise Refusal(404, f"group {value!r} is not registered.")
        return value

    def _message(self, value: Any) -> str | None:
        if value is not None and (not isinstance(value, str) or len(value) > MAX_MESSAGE):
            raise Refusal(400, f"message must be a text of at most {MAX_MESSAGE} characters (S31).")
        return value
