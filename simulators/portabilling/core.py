"""The rules of PortaBilling's JSON API, without any web: credentials, methods, answers and faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from simulators.portabilling.account_methods import AccountMethods
from simulators.portabilling.customer_methods import CustomerMethods
from simulators.portabilling.faults import (
    AUTH_MISSING,
    BAD_PARAMS,
    SESSION_DEAD,
    STANDALONE,
    TOKEN_DEAD,
    TOKEN_UNDECODABLE,
    UNKNOWN_METHOD,
    Fault,
)
from simulators.portabilling.installation import own_methods, renamed
from simulators.portabilling.inventory_methods import InventoryMethods
from simulators.portabilling.methods import Answer, File, Method, Occurred
from simulators.portabilling.parameters import AuthInfo, Parameters
from simulators.portabilling.session_methods import SessionMethods
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.settings import PortaBillingSettings
from simulators.portabilling.tokens import TokenError
from simulators.portabilling.users import Users
from simulators.records import User
from simulators.validation import mistakes
from simulators.world import World, read_number

Params = Mapping[str, Any]
Model = TypeVar("Model", bound=Parameters)
DEFAULTS: Final = PortaBillingSettings()
# By which parameters users of a realm name another record than their own.
_OWN_KEYS: Final = {
    ("accounts", "Account"): ("i_account", "id", "login", "account_info"),
    ("customers", "Customer"): ("i_customer", "customer_info"),
}


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
    """Answers calls over the data of a world; `occurred` is told of every change (1.7).

    Raises:
        WorldError: a method that the world defines cannot be used.
    """

    def __init__(
        self,
        *,
        world: World,
        sessions: Sessions,
        occurred: Occurred,
        settings: PortaBillingSettings = DEFAULTS,
    ) -> None:
        self._world = world
        self._sessions = sessions
        self._settings = settings
        self._session_methods = SessionMethods(
            sessions=sessions, users=Users(world), occurred=occurred, release=settings.release
        )
        inventory = InventoryMethods(world=world, occurred=occurred)
        accounts = AccountMethods(world=world, occurred=occurred, release_numbers=inventory.release_numbers)
        customers = CustomerMethods(world=world, occurred=occurred)
        sources = (self._session_methods, accounts, customers, inventory)
        known = {method.name: method for source in sources for method in source.methods()}
        self.methods: Mapping[str, Method] = {
            **known,
            **{method.name: method for method in own_methods(world, known)},
        }

    def handle(self, call: Call) -> Answer:
        """Answer a call.

        Raises:
            Fault: the credentials, the method or the parameters are not accepted; nothing was changed.
        """
        method = self.methods.get(call.operation)
        params = call.params
        if method is None or not method.is_open:
            params = _of_oneself(call, self._user_of(call))
        if method is None:
            raise Fault(UNKNOWN_METHOD, f"The method {call.operation} is not known")
        if method.is_write and self._settings.standalone:
            raise Fault(STANDALONE, "The site is in standalone mode: it takes no changes")
        return self._shown(method.answer(_validated(method.parameters, params, refusal=method.refusal)), call)

    def i_account_of(self, params: Params) -> int | None:
        """The number of the account that parameters name, there or in an `account_info`.

        A number counts although no account has it: whoever asks for one that is gone asks about it.
        """
        inner = params.get("account_info")
        key = inner if isinstance(inner, dict) else params
        if "i_account" in key:
            return read_number(key["i_account"])
        account = self._world.account_by_id(key["id"]) if isinstance(key.get("id"), str) else None
        return account.i_account if account else None

    def _shown(self, answer: Answer, call: Call) -> Answer:
        if isinstance(answer, File):
            return answer
        is_look_up = not self.methods[call.operation].is_write
        if not answer and is_look_up and self._settings.not_found == "fault":
            # Assumed, after the pattern of 2.6.
            raise Fault(f"Server.{call.service}.{call.method}.not_found", "There is no such record")
        return renamed(answer, self._world.names)

    def _user_of(self, call: Call) -> User:
        """Accept Bearer, `session_id`, login with password, or login with token (2.2)."""
        auth_info = _validated(AuthInfo, call.auth_info, refusal=BAD_PARAMS, part="auth_info")
        if call.bearer is not None:
            return self._bearer_of(call.bearer)
        if auth_info.session_id is not None:
            session = self._sessions.by_session_id(auth_info.session_id)
            if session is None:
                raise Fault(SESSION_DEAD, "The session is not valid")
            return session.user
        if auth_info.login is not None:
            return self._session_methods.user_of(auth_info, faultcode=SESSION_DEAD)
        raise Fault(AUTH_MISSING, "The request carries no authentication")

    def _bearer_of(self, token: str) -> User:
        try:
            session = self._sessions.by_access_token(token)
        except TokenError as error:
            raise Fault(TOKEN_UNDECODABLE, str(error)) from error
        if session is None:
            raise Fault(TOKEN_DEAD, "The access token is not valid")
        return session.user


def _validated(model: type[Model], given: Params, *, refusal: str, part: str = "params") -> Model:
    try:
        return model.model_validate({**given})
    except ValidationError as error:
        # With the part's name, since a client may have left out the part itself.
        raise Fault(refusal, f"In {part}: {'; '.join(mistakes(error))}") from error


def _of_oneself(call: Call, user: User) -> Params:
    """A user of the accounts' realm that names no account means itself (2.4); so does a customer's (S26)."""
    keys = _OWN_KEYS.get((user.realm, call.service), ())
    if not keys or any(call.params.get(name) is not None for name in keys):
        return call.params
    return {**call.params, user.number_name: user.number}
