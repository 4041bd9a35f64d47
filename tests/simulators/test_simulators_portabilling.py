"""PortaBilling's JSON API: credentials, sessions, look-ups and faults, by the rules and over the wire."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from simulators.portabilling.core import Call, PortaBilling
from simulators.portabilling.faults import (
    AUTH_FAILED,
    AUTH_MISSING,
    BAD_PARAMS,
    PING_FAILED,
    SESSION_DEAD,
    TOKEN_DEAD,
    TOKEN_UNDECODABLE,
    UNKNOWN_METHOD,
    Fault,
)
from simulators.portabilling.sessions import Sessions
from simulators.stack import Stack
from simulators.world import World

PASSWORD = {"login": "provisioner", "password": "offline-only"}
TOKEN = {"login": "provisioner", "token": "offline-token"}
# 2023-11-14 22:13:20 UTC, by the handed-in wall clock.
START = 1_700_000_000.0
LIFETIME = 172_800


@pytest.fixture
def wall() -> list[float]:
    """The wall clock that is handed in: its last entry is the time."""
    return [START]


@pytest.fixture
def sessions(world: World, wall: list[float]) -> Sessions:
    """No session yet."""
    return Sessions(users=world.users, wall=lambda: wall[-1])


@pytest.fixture
def core(world: World, sessions: Sessions) -> PortaBilling:
    """The rules over the demo world."""
    return PortaBilling(world=world, sessions=sessions, occurred=lambda _type, /, **_variables: None)


@pytest.fixture
def web(make_web: Callable[..., tuple[Stack, Client]]) -> Client:
    """PortaBilling's web host."""
    return make_web()[1]


def handle(core: PortaBilling, call: Call) -> dict[str, Any]:
    """Answer a call whose answer is JSON."""
    answer = core.handle(call)
    assert isinstance(answer, dict)
    return answer


def login(core: PortaBilling, params: Mapping[str, Any] = PASSWORD) -> dict[str, Any]:
    """Open a session."""
    return handle(core, Call(service="Session", method="login", params=params))


def ask(core: PortaBilling, **call: Any) -> dict[str, Any]:
    """Look account 189 up."""
    return handle(core, Call(service="Account", method="get_account_info", params={"i_account": 189}, **call))


def ping(core: PortaBilling, access_token: Any) -> dict[str, Any]:
    """Ask whether a session lives."""
    return handle(core, Call(service="Session", method="ping", params={"access_token": access_token}))


def body_of(answer: TestResponse) -> Any:
    """The decoded JSON of an answer."""
    return json.loads(answer.data)


def faultcode(answer: TestResponse) -> str:
    """The code of a fault, which has HTTP status 500 and a sentence."""
    assert answer.status_code == 500
    assert answer.is_json
    assert body_of(answer)["faultstring"]
    return str(body_of(answer)["faultcode"])


@pytest.mark.parametrize("credentials", [PASSWORD, TOKEN])
def test_login_opens_a_session(core: PortaBilling, credentials: dict[str, str]) -> None:
    """A user logs in by password or API token and gets the documented fields (2.3)."""
    session = login(core, credentials)

    assert list(session) == ["session_id", "access_token", "refresh_token", "expires_at", "expires_in"]
    assert re.fullmatch("[0-9a-f]{32}", session["session_id"])
    assert session["expires_at"] == "2023-11-16 22:13:20"
    assert session["expires_in"] == 172_800
    assert session["access_token"] != login(core, credentials)["access_token"]


@pytest.mark.parametrize(
    "credentials",
    [
        {"login": "provisioner", "password": "Offline-only"},
        {"login": "provisioner", "token": "offline-only"},
        {"login": "provisioner", "password": "offline-token"},
        {"login": "somebody", "password": "offline-only"},
        {"login": "provisioner", "password": ""},
        {"login": "provisioner"},
        {"password": "offline-only"},
        {"login": ["provisioner"], "password": {}},
        {},
    ],
)
def test_wrong_credentials_open_no_session(core: PortaBilling, credentials: dict[str, Any]) -> None:
    """A fault names the login's own reason (2.6, `Server.Session.auth_failed`)."""
    with pytest.raises(Fault, match=r"case-sensitive|required|valid string") as refused:
        login(core, credentials)

    assert refused.value.faultcode == AUTH_FAILED


def test_every_documented_way_of_authentication_is_accepted(core: PortaBilling) -> None:
    """Bearer, session_id, and login with password or token on every call (2.2)."""
    session = login(core)

    for call in (
        {"bearer": session["access_token"]},
        {"auth_info": {"session_id": session["session_id"]}},
        {"auth_info": PASSWORD},
        {"auth_info": TOKEN},
    ):
        assert ask(core, **call)["account_info"]["i_account"] == 189


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({}, AUTH_MISSING),
        ({"auth_info": {"password": "offline-only"}}, AUTH_MISSING),
        ({"bearer": "unknown"}, TOKEN_UNDECODABLE),
        ({"bearer": ""}, TOKEN_UNDECODABLE),
        ({"bearer": "unknown", "auth_info": PASSWORD}, TOKEN_UNDECODABLE),
        ({"auth_info": {"session_id": "unknown"}}, SESSION_DEAD),
        ({"auth_info": {"login": "provisioner", "password": "wrong"}}, SESSION_DEAD),
    ],
)
def test_each_failed_authentication_has_its_faultcode(
    core: PortaBilling, call: dict[str, Any], code: str
) -> None:
    """Clients branch on the code: missing, dead token and dead session differ (2.6)."""
    with pytest.raises(Fault) as refused:
        ask(core, **call)

    assert refused.value.faultcode == code


def test_session_expires_by_the_wall_clock(core: PortaBilling, wall: list[float]) -> None:
    """A token lives until the second that `expires_at` tells, and its session id with it."""
    session = login(core)
    wall.append(START + LIFETIME - 1)
    assert ask(core, bearer=session["access_token"])
    assert ping(core, session["access_token"]) == {"user_id": 1}

    wall.append(START + LIFETIME)

    with pytest.raises(Fault, match=TOKEN_DEAD):
        ask(core, bearer=session["access_token"])
    with pytest.raises(Fault, match=SESSION_DEAD):
        ask(core, auth_info={"session_id": session["session_id"]})


def test_revoked_sessions_are_dead_and_a_new_login_lives(core: PortaBilling, sessions: Sessions) -> None:
    """After a restart of the billing server every token is refused, until the next login."""
    old = login(core)

    sessions.revoke_all()

    assert ping(core, old["access_token"]) == {"user_id": 0}
    assert ping(core, login(core)["access_token"]) == {"user_id": 1}


def test_session_id_is_no_access_token(core: PortaBilling) -> None:
    """The two names of a session cannot stand for each other."""
    session = login(core)

    with pytest.raises(Fault, match=PING_FAILED):
        ping(core, session["session_id"])
    with pytest.raises(Fault, match=SESSION_DEAD):
        ask(core, auth_info={"session_id": session["access_token"]})


@pytest.mark.parametrize("token", [None, 5, ["x"]])
def test_ping_of_no_token_is_a_fault(core: PortaBilling, token: Any) -> None:
    """A dead session is an answer, an unreadable token a fault (2.3)."""
    with pytest.raises(Fault, match=PING_FAILED):
        ping(core, token)


@pytest.mark.parametrize(
    "params",
    [{"i_account": 189}, {"i_account": "189"}, {"id": "12065550189@msisdn"}, {"id": "x", "i_account": 189}],
)
def test_account_is_found_by_number_digits_or_id(core: PortaBilling, params: dict[str, Any]) -> None:
    """`i_account` may be quoted as old clients do (2.1), and wins over `id`."""
    call = Call(service="Account", method="get_account_info", params=params, auth_info=TOKEN)

    info = handle(core, call)["account_info"]

    assert (info["i_account"], info["id"], info["bill_status"]) == (189, "12065550189@msisdn", "O")
    assert not {"status", "iccid", "imsi", "msisdn", "included_services"} & set(info)


def test_account_with_services_of_its_own_shows_them(core: PortaBilling) -> None:
    """Account 191 is a data-only SIM, which its included services say."""
    call = Call(service="Account", method="get_account_info", params={"i_account": 191}, auth_info=TOKEN)

    assert handle(core, call)["account_info"]["included_services"] == ["HSS"]


@pytest.mark.parametrize("operation", [("Account", "get_account_info"), ("SIMCard", "get_sim_card_info")])
@pytest.mark.parametrize("params", [{"i_account": 188}, {"i_account": "0"}, {"i_account": -1}, {"id": "189"}])
def test_unknown_account_is_an_empty_answer(
    core: PortaBilling, operation: tuple[str, str], params: dict[str, Any]
) -> None:
    """Not found is no fault, and an ID of digits is never taken for a number (2.4)."""
    service, method = operation

    assert handle(core, Call(service=service, method=method, params=params, auth_info=TOKEN)) == {}


@pytest.mark.parametrize(
    "params",
    [{}, {"id": 189}, {"i_account": "x"}, {"i_account": None}, {"i_account": 1.5}, {"i_account": True}],
)
def test_parameters_that_name_no_account_are_a_fault(core: PortaBilling, params: dict[str, Any]) -> None:
    """A call without a readable number or ID is the caller's mistake."""
    with pytest.raises(Fault) as refused:
        handle(core, Call(service="Account", method="get_account_info", params=params, auth_info=TOKEN))

    assert refused.value.faultcode == BAD_PARAMS


@pytest.mark.parametrize(
    "operation", [("Account", "get_acount_info"), ("account", "get_account_info"), ("X", "y")]
)
def test_unknown_method_is_a_fault_after_authentication(
    core: PortaBilling, operation: tuple[str, str]
) -> None:
    """Names are exact, and a stranger does not learn which ones exist."""
    service, method = operation

    with pytest.raises(Fault, match=UNKNOWN_METHOD):
        handle(core, Call(service=service, method=method, auth_info=TOKEN))
    with pytest.raises(Fault, match=AUTH_MISSING):
        handle(core, Call(service=service, method=method))


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("form", [True, False])
def test_form_and_json_bodies_are_one_api(web: Client, slash: str, *, form: bool) -> None:
    """A form has JSON text in `auth_info` and `params`, and the path may end with a slash (2.1)."""
    body = {"auth_info": TOKEN, "params": {"i_account": 189}}
    sent: dict[str, Any] = {"data": {name: json.dumps(part) for name, part in body.items()}}

    answer = web.post(f"/rest/Account/get_account_info{slash}", **(sent if form else {"json": body}))

    assert answer.status_code == 200
    assert body_of(answer)["account_info"]["id"] == "12065550189@msisdn"


def test_multipart_form_is_read_too(web: Client) -> None:
    """Old releases take multipart bodies as well (2.1)."""
    answer = web.post(
        "/rest/Session/login", data={"params": json.dumps(PASSWORD)}, content_type="multipart/form-data"
    )

    assert body_of(answer)["expires_in"] == 172_800


def test_bearer_token_of_a_login_opens_the_api(web: Client) -> None:
    """A client logs in once, looks up with the token, and pings it."""
    token = body_of(web.post("/rest/Session/login", json={"params": PASSWORD}))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    found = web.post("/rest/Account/get_account_info", json={"params": {"i_account": 189}}, headers=headers)
    missing = web.post("/rest/Account/get_account_info", json={"params": {"i_account": 188}}, headers=headers)
    alive = web.post("/rest/Session/ping", json={"params": {"access_token": token}})
    web.post("/rest/Session/logout", json={"params": {"access_token": token}})
    dead = web.post("/rest/Session/ping", json={"params": {"access_token": token}})

    assert body_of(found)["account_info"]["i_account"] == 189
    assert (missing.status_code, body_of(missing)) == (200, {})
    assert (body_of(alive), dead.status_code, body_of(dead)) == ({"user_id": 1}, 200, {"user_id": 0})


def test_every_refused_authentication_is_500_never_401(web: Client) -> None:
    """The trap of 2.6: on `/rest` an authentication failure looks like any other fault."""
    url = "/rest/Account/get_account_info"
    params = {"i_account": 189}

    answers = [
        (web.post("/rest/Session/login", json={"params": {"login": "x"}}), AUTH_FAILED),
        (web.post(url, json={"params": params}), AUTH_MISSING),
        (web.post(url, json={"params": params}, auth=("provisioner", "offline-only")), AUTH_MISSING),
        (web.post(url, json={"params": params}, headers={"Authorization": "Bearer x"}), TOKEN_UNDECODABLE),
        (web.post(url, json={"params": params, "auth_info": {"session_id": "x"}}), SESSION_DEAD),
        (web.post("/rest/Session/ping", json={"params": {}}), PING_FAILED),
    ]

    for answer, code in answers:
        assert faultcode(answer) == code


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"params": []}', "application/json"),
        (b'{"params": {}, "auth_info": "x"}', "application/json"),
        (b'{"params": {"i_account": "x"}, "auth_info": {"login": "provisioner", "token": "offline-token"}}',
         "application/json"),
        (b"[" * 5000, "application/json"),
        (b"\xff", "application/json"),
        (b"params=%7B", "application/x-www-form-urlencoded"),
        (b"params=5", "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_unreadable_call_is_a_fault(web: Client, data: bytes, content_type: str) -> None:
    """No body makes the simulator fail: each is answered with a fault and a reason."""
    answer = web.post("/rest/Account/get_account_info", data=data, content_type=content_type)

    assert faultcode(answer) == BAD_PARAMS


def test_journal_says_what_was_asked_about_whom(make_web: Callable[..., tuple[Stack, Client]]) -> None:
    """A record names the operation and the account, found by ID too, and hides the credentials."""
    stack, web = make_web()

    web.post(
        "/rest/Account/get_account_info", json={"auth_info": TOKEN, "params": {"id": "12065550189@msisdn"}}
    )

    (record,) = stack.journal.records()
    assert (record.operation, record.i_account, record.status) == ("Account/get_account_info", 189, 200)
    assert (record.source, record.destination) == ("provisioner", "portabilling")
    assert "offline-token" not in repr(record)


def test_journal_names_an_account_that_does_not_exist(
    make_web: Callable[..., tuple[Stack, Client]],
) -> None:
    """Whoever asks for an account that is not there asks about its number all the same."""
    stack, web = make_web()

    web.post("/rest/Account/get_account_info", json={"auth_info": TOKEN, "params": {"i_account": "4711"}})

    (record,) = stack.journal.records()
    assert (record.i_account, record.status) == (4711, 200)
