"""The rules of PortaBilling's JSON API, without any web: services, methods, answers and faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.portabilling.faults import (
    AUTH_MISSING,
    BAD_PARAMS,
    SESSION_DEAD,
    TOKEN_DEAD,
    TOKEN_UNDECODABLE,
    UNKNOWN_METHOD,
    Fault,
)
from simulators.portabilling.session_methods import Params, SessionMethods
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.tokens import TokenError
from simulators.world import Account, World, read_number


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
        self._session_methods = SessionMethods(sessions)
        self._open = self._session_methods.methods()
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
            self._check_bearer(call.bearer)
        elif "session_id" in call.auth_info:
            if not self._sessions.by_session_id(str(call.auth_info["session_id"])):
                raise Fault(SESSION_DEAD, "The session is not valid")
        elif "login" in call.auth_info:
            self._session_methods.user_of(call.auth_info, faultcode=SESSION_DEAD)
        else:
            raise Fault(AUTH_MISSING, "The request carries no authentication")

    def _check_bearer(self, token: str) -> None:
        try:
            session = self._sessions.by_access_token(token)
        except TokenError as error:
            raise Fault(TOKEN_UNDECODABLE, str(error)) from error
        if session is None:
            raise Fault(TOKEN_DEAD, "The access token is not valid")

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
    number = read_number(value)
    if number is None:
        raise Fault(BAD_PARAMS, f"i_account is not a number: {value!r}")
    return number
