"""The rules of PortaBilling's JSON API, without any web: services, methods, answers and faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.portabilling.sessions import Session, Sessions
from simulators.world import Account, World, read_i_account

Params = Mapping[str, Any]

AUTH_FAILED: Final = "Server.Session.auth_failed"
SESSION_DEAD: Final = "Server.Session.check_auth.auth_failed"
TOKEN_DEAD: Final = "Client.Session.check_auth.failed_to_process_access_token"  # noqa: S105 - a faultcode
AUTH_MISSING: Final = "Client.check_auth.envelope_missed"
PING_FAILED: Final = "Client.Session.ping.failed_to_process_access_token"
# Not in the public table of faults; made after its pattern `Client.Service.method.reason` (2.6).
UNKNOWN_METHOD: Final = "Client.unknown_method"
BAD_PARAMS: Final = "Client.invalid_parameters"


class Fault(Exception):  # noqa: N818 - the protocol calls it a fault
    """A refusal of the JSON API: HTTP 500 with `faultcode` and `faultstring` (S15, S25)."""

    def __init__(self, faultcode: str, faultstring: str) -> None:
        super().__init__(f"{faultcode}: {faultstring}")
        self.faultcode = faultcode
        self.faultstring = faultstring


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a method: its parameters and the credentials that came with it."""

    service: str
    method: str
    params: Params = field(default_factory=dict)
    auth_info: Params = field(default_factory=dict)
    bearer: str | None = None

    @property
    def operation(self) -> str:
        """The method as the documentation writes it, such as `Account/get_account_info`."""
        return f"{self.service}/{self.method}"


class PortaBilling:
    """Answers calls over the data of a world."""

    def __init__(self, *, world: World, sessions: Sessions) -> None:
        self._world = world
        self._sessions = sessions
        self._open: Mapping[str, Callable[[Params], dict[str, Any]]] = {
            "Session/login": self._login,
            "Session/ping": self._ping,
        }
        self._guarded: Mapping[str, Callable[[Params], dict[str, Any]]] = {
            "Account/get_account_info": self._get_account_info,
            "SIMCard/get_sim_card_info": self._get_sim_card_info,
        }

    def handle(self, call: Call) -> dict[str, Any]:
        """Answer a call.

        Raises:
            Fault: the credentials, the method or the parameters are not accepted.
        """
        if call.operation in self._open:
            return self._open[call.operation](call.params)
        self._check_auth(call)
        if call.operation not in self._guarded:
            raise Fault(UNKNOWN_METHOD, f"The method {call.operation} is not known")
        return self._guarded[call.operation](call.params)

    def find_account(self, params: Params) -> Account | None:
        """The account that the parameters `i_account` or `id` name.

        Raises:
            Fault: neither names an account, or `i_account` is not a number.
        """
        if "i_account" in params:
            return self._world.account(_number(params["i_account"]))
        if isinstance(params.get("id"), str):
            return self._world.account_by_id(params["id"])
        raise Fault(BAD_PARAMS, "Either i_account or id is required")

    def _check_auth(self, call: Call) -> None:
        """Accept Bearer, `session_id`, login with password, or login with token (2.2)."""
        if call.bearer is not None:
            if not self._sessions.by_access_token(call.bearer):
                raise Fault(TOKEN_DEAD, "The access token is not valid")
        elif "session_id" in call.auth_info:
            if not self._sessions.by_session_id(str(call.auth_info["session_id"])):
                raise Fault(SESSION_DEAD, "The session is not valid")
        elif "login" in call.auth_info:
            if not self._sessions.credentials_fit(**_credentials(call.auth_info)):
                raise Fault(SESSION_DEAD, "The login or the password is incorrect")
        else:
            raise Fault(AUTH_MISSING, "The request carries no authentication")

    def _login(self, params: Params) -> dict[str, Any]:
        session: Session | None = self._sessions.login(**_credentials(params))
        if not session:
            raise Fault(AUTH_FAILED, "The login or the password is incorrect; passwords are case-sensitive")
        return session.as_answer()

    def _ping(self, params: Params) -> dict[str, Any]:
        # A dead session is not a fault: 200 with user_id 0 (S25, S18).
        token = params.get("access_token")
        if not isinstance(token, str):
            raise Fault(PING_FAILED, "The access token cannot be read")
        return {"user_id": 1 if self._sessions.by_access_token(token) else 0}

    def _get_account_info(self, params: Params) -> dict[str, Any]:
        account = self.find_account(params)
        # Not found is an empty answer, never a fault (S18, S17, S23).
        return {"account_info": _account_info(account)} if account else {}

    def _get_sim_card_info(self, params: Params) -> dict[str, Any]:
        # Assumed: the real look-up's service and method names are not public.
        account = self.find_account(params)
        return {"sim_card_info": _sim_card_info(account)} if account else {}


def _account_info(account: Account) -> dict[str, Any]:
    """The captured shape in short (S23): `status` is absent while all is well, SIM data are elsewhere."""
    info: dict[str, Any] = {
        "i_account": account.i_account,
        "id": account.id,
        "i_customer": account.i_customer,
        "bill_status": account.bill_status,
        "blocked": "N",
        "billing_model": 1,
        "i_account_role": 8,
        "credit_limit": None,
        "expiration_date": None,
    }
    if account.services is not None:
        info["included_services"] = list(account.services)
    return info


def _sim_card_info(account: Account) -> dict[str, Any]:
    return {
        "i_sim_card": account.i_account,
        "i_account": account.i_account,
        "iccid": account.iccid,
        "imsi": account.imsi,
        "msisdn": account.msisdn,
        "status": "used",
    }


def _number(value: Any) -> int:
    number = read_i_account(value)
    if number is None:
        raise Fault(BAD_PARAMS, f"i_account is not a number: {value!r}")
    return number


def _credentials(fields: Params) -> dict[str, Any]:
    return {name: str(fields.get(name, "")) or None for name in ("password", "token")} | {
        "login": str(fields.get("login", ""))
    }
