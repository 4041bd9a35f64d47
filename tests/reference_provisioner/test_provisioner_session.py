"""The provisioner's API session and its JSON API client: when they log in again, and when they do not."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from reference_provisioner.back_off import BackOff
from reference_provisioner.errors import NeighbourError
from reference_provisioner.neighbour import Answer, HttpClient
from reference_provisioner.query_subscriber import PortaBilling, SimCardInfo, services_needed
from reference_provisioner.session import ApiSession

ACCOUNT = {"account_info": {"i_account": 189, "id": "a@msisdn", "bill_status": "O"}}


def answer(code: int, content: Any) -> Answer:
    """Return an answer of PortaBilling."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(code=code, url="http://pb", body=body)


class StubHttp(HttpClient):
    """Answers logins with token-1, token-2, ... and every other call with what is next in `replies`."""

    def __init__(self, *replies: Answer, refusals: int = 0, **login: Any) -> None:
        super().__init__(timeout=1.0)
        self.replies = list(replies)
        self.refusals = refusals
        self.login = login
        self.logins = 0
        self.tokens: list[str | None] = []

    def post(
        self,
        url: str,
        *,
        token: str | None = None,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer without a network."""
        assert json is not None
        assert form is None
        if url.endswith("/rest/Session/login"):
            self.logins += 1
            if self.logins <= self.refusals:
                return fault("Server.Session.auth_failed")
            return answer(200, {"access_token": f"token-{self.logins}"} | self.login)
        self.tokens.append(token)
        return self.replies.pop(0)


def session(http: HttpClient, now: Callable[[], float] = lambda: 0.0) -> ApiSession:
    """Return a session over that client."""
    return ApiSession(
        http,
        portabilling_url="http://pb",
        login="l",
        password=SecretStr("p"),
        back_off=BackOff(base=10, cap=60),
        now=now,
    )


def portabilling(http: HttpClient) -> PortaBilling:
    """Return a JSON API client over that client."""
    return PortaBilling(http=http, session=session(http), portabilling_url="http://pb")


def fault(code: str) -> Answer:
    """Return a fault as PortaBilling answers it."""
    return answer(500, {"faultcode": code, "faultstring": "..."})


@pytest.mark.parametrize(
    "code",
    ["Server.Session.check_auth.auth_failed", "Client.Session.check_auth.failed_to_process_access_token"],
)
def test_a_dead_session_is_renewed_and_the_call_repeated(code: str) -> None:
    """A check_auth fault leads to one login and one repetition with the new token."""
    http = StubHttp(fault(code), answer(200, ACCOUNT))
    account = portabilling(http).account(189)
    assert account is not None
    assert account.id == "a@msisdn"
    assert http.tokens == ["token-1", "token-2"]


def test_the_call_is_repeated_only_once() -> None:
    """A second check_auth fault is trouble, not a reason for a third login."""
    code = "Server.Session.check_auth.auth_failed"
    http = StubHttp(fault(code), fault(code))
    with pytest.raises(NeighbourError):
        portabilling(http).account(189)
    assert http.logins == 2


TROUBLE = [
    fault("Server.Account.database_error"),
    fault("standalone_mode"),
    answer(500, b"<html>"),
    answer(502, {"faultcode": "Server.Session.check_auth.auth_failed"}),
    answer(200, b"[]"),
    answer(200, {"account_info": {"i_account": "?"}}),
]


@pytest.mark.parametrize("reply", TROUBLE)
def test_nothing_else_renews_the_session(reply: Answer) -> None:
    """A business fault, a proxy's answer and nonsense are trouble that leaves the session alone."""
    http = StubHttp(reply)
    with pytest.raises(NeighbourError):
        portabilling(http).account(189)
    assert (http.logins, len(http.tokens)) == (1, 1)


def test_what_is_not_there_is_no_trouble() -> None:
    """An empty reply means no such account, or no SIM card."""
    client = portabilling(StubHttp(answer(200, {}), answer(200, {})))
    assert client.account(189) is None
    assert client.sim_card(189) == SimCardInfo()


LIFETIMES: list[tuple[dict[str, Any], float]] = [
    ({"expires_in": 900}, 840.0),
    ({"expires_in": 2}, 1.8),
    ({"expires_at": "1970-01-01 00:10:00"}, 540.0),
    ({"expires_in": 900, "expires_at": "1970-01-01 00:00:01"}, 840.0),
]


@pytest.mark.parametrize(("login", "renew_at"), LIFETIMES)
def test_a_session_is_renewed_shortly_before_it_expires(login: dict[str, Any], renew_at: float) -> None:
    """The token serves for most of its life, and is renewed before its end."""
    clock = [0.0]
    http = StubHttp(**login)
    shared = session(http, now=lambda: clock[0])
    for now, token in [(0.0, "token-1"), (renew_at - 0.1, "token-1"), (renew_at, "token-2")]:
        clock[0] = now
        assert shared.token() == token


@pytest.mark.parametrize("login", [{}, {"expires_at": "soon"}, {"expires_at": "1969-12-31 23:00:00"}])
def test_an_unbelievable_expiry_does_not_cause_a_login_per_call(login: dict[str, Any]) -> None:
    """Without an expiry in the future the token serves until it is refused."""
    http = StubHttp(**login)
    shared = session(http)
    assert [shared.token(), shared.token()] == ["token-1", "token-1"]
    assert shared.token(refused="token-1") == "token-2"
    # A worker that was refused at the same time gets the token that the first one fetched.
    assert shared.token(refused="token-1") == "token-2"


def test_only_included_services_are_ordered() -> None:
    """An account that lists its services gets those, be it none; one without a list gets all."""
    groups = ("HSS", "PCRF")
    assert services_needed(groups, included=["IPTV", "HSS"]) == ("HSS",)
    assert services_needed(groups, included=["IPTV"]) == ()
    assert services_needed(groups, included=[]) == ()
    assert services_needed(groups, included=None) == groups


def test_one_failed_login_makes_everybody_pause() -> None:
    """Whoever needs a token during the pause is told to come again, without another login."""
    clock = [0.0]
    http = StubHttp(refusals=2)
    shared = session(http, now=lambda: clock[0])
    for now, logins in [(0.0, 1), (0.0, 1), (4.9, 1), (10.0, 2), (14.9, 2)]:
        clock[0] = now
        with pytest.raises(NeighbourError):
            shared.token()
        assert http.logins == logins
    clock[0] = 30.0
    assert shared.token() == "token-3"


def test_a_failed_login_is_forgotten_once_one_succeeded() -> None:
    """After a success, the next renewal is tried at once."""
    clock = [0.0]
    http = StubHttp(refusals=1)
    shared = session(http, now=lambda: clock[0])
    with pytest.raises(NeighbourError):
        shared.token()
    clock[0] = 10.0
    assert shared.token() == "token-2"
    assert shared.token(refused="token-2") == "token-3"
