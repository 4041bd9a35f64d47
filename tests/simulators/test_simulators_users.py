"""Who may log in to PortaBilling, in which realm, and how a password is changed (2.3)."""

from collections.abc import Callable
from typing import Any, Final

import jwt
import pytest

from simulators.errors import WorldError
from simulators.portabilling.core import Call, PortaBilling
from simulators.portabilling.faults import AUTH_FAILED, BAD_PARAMS, LOCKED_OUT, Fault
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.settings import PortaBillingSettings
from simulators.portabilling.users import Users
from simulators.world import World

MakeWorld = Callable[..., World]
ANNA: Final = {"login": "anna", "password": "first"}
ACCOUNT: Final[dict[str, Any]] = {"i_account": 300, "id": "a", "info": {**ANNA, "api_token": "token"}}
OFFICE: Final = {"login": "office", "password": "first", "api_token": "token", "i_customer": 1}


class Office:
    """The JSON API over a world, with whatever events it raised."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.raised: list[tuple[str, dict[str, Any]]] = []
        self.sessions = Sessions(
            users=Users(world), wall=lambda: 0.0, settings=PortaBillingSettings(max_failures=3)
        )
        self._core = PortaBilling(
            world=world,
            sessions=self.sessions,
            occurred=lambda event_type, /, **variables: self.raised.append((event_type, variables)),
        )

    def ask(self, operation: str, /, bearer: str | None = None, **params: Any) -> Any:
        """Call a method."""
        service, _, method = operation.partition("/")
        return self._core.handle(Call(service=service, method=method, params=params, bearer=bearer))

    def refusal(self, operation: str, /, **params: Any) -> str:
        """Call a method that is refused; gives the faultcode."""
        with pytest.raises(Fault) as refused:
            self.ask(operation, **params)
        return refused.value.faultcode


@pytest.fixture
def office(make_world: MakeWorld) -> Office:
    """A world with an account that has a login of its own."""
    return Office(make_world(accounts=[ACCOUNT, {"i_account": 301, "id": "b", "info": {"login": "bare"}}]))


@pytest.mark.parametrize("secret", [{"password": "first"}, {"token": "token"}])
def test_account_logs_in_to_its_own_realm(office: Office, secret: dict[str, str]) -> None:
    """What its `account_info` shows is what it logs in with, and its token is an account's (S18)."""
    token = office.ask("Session/login", login="anna", **secret)["access_token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["realm"], claims["i_account"], claims["scopes"]) == ("accounts", 300, "")
    assert office.ask("Account/get_account_info", token)["account_info"]["id"] == "a"


@pytest.mark.parametrize(
    "login",
    [
        {"login": "anna", "password": "wrong"},
        {"login": "bare", "password": ""},
        {"login": "bare", "token": ""},
        {"login": "", "password": ""},
        {"login": "nobody", "password": "first"},
    ],
)
def test_nobody_logs_in_without_a_secret(office: Office, login: dict[str, str]) -> None:
    """An account without a password has none that could be right, the empty one neither."""
    assert office.refusal("Session/login", **login) == AUTH_FAILED


def test_closed_account_cannot_log_in(office: Office) -> None:
    """A terminated account is nobody's login any more."""
    office.ask("Account/terminate_account", office.ask("Session/login", **ANNA)["access_token"])

    assert office.refusal("Session/login", **ANNA) == AUTH_FAILED


def test_user_of_a_world_file_goes_before_an_account(make_world: MakeWorld) -> None:
    """A login that both have is the user's."""
    user = {"login": "anna", "password": "user's", "api_token": "user's"}
    office = Office(make_world(users=[user], accounts=[ACCOUNT]))

    assert office.refusal("Session/login", **ANNA) == AUTH_FAILED
    token = office.ask("Session/login", login="anna", password="user's")["access_token"]
    assert office.ask("Session/ping", access_token=token) == {"user_id": 1}


def test_customer_asks_for_itself(make_world: MakeWorld) -> None:
    """In the customers' realm a look-up without a number is of the session's own customer (S26)."""
    customers = [{"i_customer": 1, "name": "first"}, {"i_customer": 2, "name": "second"}]
    office = Office(make_world(users=[OFFICE], customers=customers))

    token = office.ask("Session/login", login="office", password="first")["access_token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["realm"], claims["i_customer"], "espf-api" in claims["aud"]) == ("customers", 1, False)
    assert office.ask("Session/ping", access_token=token) == {"user_id": 1}
    for params, name in (({}, "first"), ({"i_customer": None}, "first"), ({"i_customer": 2}, "second")):
        assert office.ask("Customer/get_customer_info", token, **params)["customer_info"]["name"] == name


@pytest.mark.parametrize(
    ("user", "what"), [({**OFFICE, "i_account": 189}, "one realm"), ({**OFFICE, "i_customer": 9}, "users.0")]
)
def test_user_is_of_one_realm_and_of_a_record(make_world: MakeWorld, user: dict[str, Any], what: str) -> None:
    """A user cannot be an account and a customer, nor one that is not there."""
    with pytest.raises((WorldError, ValueError), match=what):
        make_world(users=[user])


def test_account_changes_its_password(office: Office) -> None:
    """The new one is shown and logs in, the old one does neither, and the change is told once (1.5)."""
    changed = office.ask("Session/change_password", **ANNA, new_password="second")
    again = office.ask("Session/change_password", login="anna", password="second", new_password="second")

    assert changed == again == {"success": 1}
    assert office.refusal("Session/login", **ANNA) == AUTH_FAILED
    session = office.ask("Session/login", login="anna", password="second")
    info = office.ask("Account/get_account_info", session["access_token"], detailed_info=1)["account_info"]
    assert info["password"] == "second"
    assert office.raised == [("Account/Password/Changed", {"i_account": 300})]


def test_change_of_a_password_can_open_a_session(office: Office) -> None:
    """With `establish_new_session` it answers what a login does (S18)."""
    session = office.ask("Session/change_password", **ANNA, new_password="second", establish_new_session=1)

    assert set(session) == {"session_id", "access_token", "refresh_token", "expires_at", "expires_in"}
    assert office.ask("Session/ping", access_token=session["access_token"]) == {"user_id": 300}


@pytest.mark.parametrize(
    ("params", "faultcode"),
    [
        ({**ANNA, "password": "wrong", "new_password": "x"}, AUTH_FAILED),
        ({"login": "anna", "token": "token", "new_password": "x"}, BAD_PARAMS),
        ({**ANNA, "new_password": ""}, BAD_PARAMS),
        ({**ANNA}, BAD_PARAMS),
    ],
)
def test_refused_change_of_a_password_changes_nothing(
    office: Office, params: dict[str, Any], faultcode: str
) -> None:
    """It takes the present password and a new one, and a refusal leaves the present one good."""
    assert office.refusal("Session/change_password", **params) == faultcode

    assert office.ask("Session/login", **ANNA)["session_id"]
    assert office.raised == []


def test_guesses_at_a_change_of_a_password_lock_the_login(office: Office) -> None:
    """Wrong passwords count wherever they come."""
    guess = {"login": "anna", "password": "wrong", "new_password": "x"}
    for _ in range(3):
        office.refusal("Session/change_password", **guess)

    assert office.refusal("Session/login", **ANNA) == LOCKED_OUT
