"""The single sign-on of the JSON API and the ESPF API: tokens, their claims, refresh, logout, lockout."""

import base64
import json

import pytest

from simulators.espf.core import EspfApi, Refusal
from simulators.portabilling.core import Call, PortaBilling
from simulators.portabilling.faults import Fault
from simulators.portabilling.sessions import Sessions
from simulators.portabilling.settings import PortaBillingSettings
from simulators.records import User
from simulators.world import World

USER = {"login": "provisioner", "password": "offline-only"}


class Office:
    """The parts of a web host that share sessions, with a wall clock that a test sets."""

    def __init__(self, **changes: object) -> None:
        world = World.load("demo")
        user = world.users["provisioner"].model_copy(update=changes)
        self.wall = 1_000_000.0
        users: dict[str, User] = {user.login: user}
        settings = PortaBillingSettings(token_lifetime=900, max_failures=3)
        self.sessions = Sessions(users=users, wall=lambda: self.wall, settings=settings)
        self.billing = PortaBilling(
            world=world, sessions=self.sessions, occurred=lambda _type, /, **_variables: None
        )
        self.espf = EspfApi(world=world, sessions=self.sessions, now=lambda: 0.0)

    def call(self, operation: str, bearer: str | None = None, **params: object) -> dict[str, object]:
        """Call a method of the JSON API."""
        service, _, method = operation.partition("/")
        answer = self.billing.handle(Call(service=service, method=method, params=params, bearer=bearer))
        assert isinstance(answer, dict)
        return answer

    def login(self) -> dict[str, str]:
        """Log in."""
        return {name: str(value) for name, value in self.call("Session/login", **USER).items()}


def _decoded(part: str) -> dict[str, object]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_access_token_has_the_captured_header_and_claims() -> None:
    """RS256 with `alg` alone in the header, and the claims of the capture; `jti` is the session id (S25)."""
    session = Office().login()
    header, claims, _signature = session["access_token"].split(".")

    assert _decoded(header) == {"alg": "RS256"}
    assert _decoded(claims) == {
        "exp": 1_000_900,
        "iat": 1_000_000,
        "i_user": 1,
        "i_env": 1,
        "login": "provisioner",
        "scopes": "espf.api:write espf.handlers:write",
        "jti": session["session_id"],
        "realm": "admin",
        "aud": ["portabilling-api", "portasip-api", "espf-api"],
        "is_super_user": 0,
    }
    assert (session["expires_at"], session["expires_in"]) == ("1970-01-12 14:01:40", "900")


def test_refresh_replaces_the_access_token() -> None:
    """A refresh answers all but `session_id`, and the token lives as long again (S25, S18)."""
    office = Office()
    session = office.login()
    office.wall += 600

    refreshed = office.call("Session/refresh_access_token", refresh_token=session["refresh_token"])
    office.wall += 600

    assert set(refreshed) == {"access_token", "refresh_token", "expires_at", "expires_in"}
    assert office.call("Session/ping", access_token=refreshed["access_token"]) == {"user_id": 1}
    assert office.call("Session/ping", access_token=session["access_token"]) == {"user_id": 0}


@pytest.mark.parametrize("named_by", ["access_token", "session_id"])
def test_logout_ends_the_session(named_by: str) -> None:
    """By its token or, for old clients, by its id; a second time there is nothing to end (S18, S25)."""
    office = Office()
    session = office.login()

    assert office.call("Session/logout", **{named_by: session[named_by]}) == {"success": 1}
    assert office.call("Session/logout", **{named_by: session[named_by]}) == {"success": 0}
    assert office.call("Session/ping", access_token=session["access_token"]) == {"user_id": 0}


@pytest.mark.parametrize(
    ("lifeless", "faultcode"),
    [
        ("expired", "Client.Session.check_auth.failed_to_process_access_token"),
        ("revoked", "Client.Session.check_auth.failed_to_process_access_token"),
        ("undecodable", "Client.Session.check_auth.failed_to_process_jwt"),
    ],
)
def test_dead_tokens_are_faults_of_check_auth(lifeless: str, faultcode: str) -> None:
    """Section 2.6: an expired or revoked token, and one that is no token at all."""
    office = Office()
    token = office.login()["access_token"]
    if lifeless == "expired":
        office.wall += 901
    elif lifeless == "revoked":
        office.sessions.revoke_all()

    with pytest.raises(Fault) as refused:
        office.call("Account/get_account_info", "x" if lifeless == "undecodable" else token, i_account=189)

    assert refused.value.faultcode == faultcode


def test_repeated_failures_lock_the_login_even_for_the_right_password() -> None:
    """Section 2.6: brute-force activity; before that, a success starts the count anew (S18)."""
    office = Office()
    wrong = {**USER, "password": "x"}
    for attempt in (wrong, wrong, USER, wrong, wrong, wrong):
        if attempt is USER:
            office.call("Session/login", **attempt)
        else:
            with pytest.raises(Fault, match="auth_failed"):
                office.call("Session/login", **attempt)

    with pytest.raises(Fault, match="cannot_login_brute_force_activity"):
        office.call("Session/login", **USER)


@pytest.mark.parametrize("lacking", [{"scopes": ""}, {"audience": ("portabilling-api",)}])
def test_espf_wants_its_audience_and_scope(lacking: dict[str, object]) -> None:
    """A token without them is good for the JSON API alone: 403, and 401 for no token at all (S25)."""
    office = Office(**lacking)
    token = office.login()["access_token"]

    assert "account_info" in office.call("Account/get_account_info", token, i_account=189)
    with pytest.raises(Refusal) as refused:
        office.espf.check_auth("Bearer", token)
    assert refused.value.status == 403
    with pytest.raises(Refusal) as unknown:
        office.espf.check_auth("Bearer", "x")
    assert unknown.value.status == 401
