"""The faults of the JSON API: one test for each row of the public table (2.6), over the wire."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from werkzeug.test import Client

from simulators.bundled import find
from simulators.portabilling.settings import PortaBillingSettings
from simulators.stack import Stack

INFO: Final = "Account/get_account_info"
ACCOUNT: Final = {"i_account": 189}
RIGHT: Final = {"login": "provisioner", "password": "offline-only"}
WRONG: Final = {**RIGHT, "password": "Offline-Only"}
EXPIRED: Final = {"login": "late", "password": "x"}
USER: Final = {"auth_info": RIGHT}
# Rows whose reasons lie outside of what is imitated: a world file's method shows them.
PATTERNS: Final = {
    "Server.Account.unified_messaging_disabled": "Account/get_um_settings",
    "Server.AccessControl.empty_rec_and_bcc": "AccessControl/update_recipients",
    "Server.CDR.xdr_not_found": "CDR/get_xdr",
    "Server.CDR.invalid_call_recording_id": "CDR/get_call_recording",
    "Server.CDR.forbidden_account_access": "CDR/get_account_xdrs",
    "Server.CDR.transcription_not_found": "CDR/get_transcription",
}
TOKEN: Final = {"params": {"access_token": "x"}}
REFRESH: Final = {"params": {"refresh_token": "x"}}
TAKEN: Final = {"account_info": {"id": "12065550189@msisdn", "i_customer": 1}}
# Each row: the faultcode, the call that has it, and how often the call is made before.
ROWS: Final[tuple[tuple[str, str, dict[str, Any], int], ...]] = (
    ("Server.Session.auth_failed", "Session/login", {"params": WRONG}, 0),
    ("Server.Session.cannot_login_brute_force_activity", "Session/login", {"params": WRONG}, 10),
    ("Server.Session.alert_You_must_change_password", "Session/login", {"params": EXPIRED}, 0),
    ("Server.Session.check_auth.auth_failed", INFO, {"auth_info": {"session_id": "x"}}, 0),
    ("Client.Session.check_auth.failed_to_process_access_token", INFO, {"bearer": "ended"}, 0),
    ("Client.Session.check_auth.failed_to_process_jwt", INFO, {"bearer": "x"}, 0),
    ("Client.check_auth.envelope_missed", INFO, {"params": ACCOUNT}, 0),
    ("Client.Session.ping.failed_to_process_access_token", "Session/ping", TOKEN, 0),
    ("Client.Session.logout.failed_to_process_access_token", "Session/logout", TOKEN, 0),
    (
        "Server.Session.refresh_access_token.refresh_failed",
        "Session/refresh_access_token",
        REFRESH,
        0,
    ),
    ("Server.Account.duplicate_id", "Account/add_account", {**USER, "params": TAKEN}, 0),
    *((code, operation, USER, 0) for code, operation in PATTERNS.items()),
)
LATE: Final = '[[users]]\nlogin = "late"\npassword = "x"\napi_token = "y"\npassword_expired = true\n'


@pytest.fixture
def web(make_web: Callable[..., tuple[Stack, Client]], tmp_path: Path) -> tuple[Stack, Client]:
    """A web host with a user whose password expired, and with methods that always fail."""
    methods = "".join(
        f'[[methods]]\nname = "{name}"\nfault = {{ faultcode = "{code}", faultstring = "why" }}\n'
        for code, name in PATTERNS.items()
    )
    world = tmp_path / "world.toml"
    demo = find("worlds", "demo").read_text(encoding="utf-8")
    world.write_text(f"{demo}\n{LATE}{methods}", encoding="utf-8")
    return make_web(world=str(world))


def post(client: Client, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Call a method; gives the status and the decoded answer."""
    headers = {"Authorization": f"Bearer {body['bearer']}"} if "bearer" in body else {}
    sent = {name: body[name] for name in ("auth_info", "params") if name in body}
    answer = client.post(f"/rest/{operation}", json=sent, headers=headers)
    return answer.status_code, json.loads(answer.data)


@pytest.mark.parametrize(("faultcode", "operation", "body", "before"), ROWS, ids=[row[0] for row in ROWS])
def test_row_of_the_table(
    web: tuple[Stack, Client], faultcode: str, operation: str, body: dict[str, Any], before: int
) -> None:
    """Section 2.6: each failure is HTTP 500 with the code of its row and a text, and nothing else."""
    stack, client = web
    if body.get("bearer") == "ended":
        session = stack.sessions.open(stack.world.users["provisioner"])
        stack.sessions.end(session)
        body = {**body, "bearer": session.access_token}
    for _ in range(before):
        assert post(client, operation, body)[0] == 500

    status, fault = post(client, operation, body)

    assert (status, fault["faultcode"]) == (500, faultcode)
    assert set(fault) == {"faultcode", "faultstring"}
    assert fault["faultstring"]


def test_expired_password_is_refused_by_both_apis_and_a_token_by_none(web: tuple[Stack, Client]) -> None:
    """It is the web password that expires (S18); assumed of the API token: it does not."""
    _, client = web
    groups = "/espf/v1/groups"

    token = post(client, "Generic/get_version", {"auth_info": {"login": "late", "token": "y"}})

    assert token[0] == 200
    assert client.get(groups, auth=("late", "x")).status_code == 401
    assert client.get(groups, auth=("late", "y")).status_code == 200


@pytest.mark.parametrize("row", ["Server.Session.auth_failed", "Server.Session.check_auth.auth_failed"])
def test_wrong_password_says_that_case_matters(web: tuple[Stack, Client], row: str) -> None:
    """Section 2.6: the text says what is incorrect, and that passwords are case-sensitive."""
    if row == "Server.Session.auth_failed":
        _, fault = post(web[1], "Session/login", {"params": WRONG})
    else:
        _, fault = post(web[1], INFO, {"auth_info": WRONG, "params": ACCOUNT})

    assert fault["faultcode"] == row
    assert "login or the password is incorrect" in fault["faultstring"]
    assert "case-sensitive" in fault["faultstring"]


def test_standalone_site_takes_no_changes(make_web: Callable[..., tuple[Stack, Client]]) -> None:
    """Section 2.6, row `standalone_mode`: each method that writes has it, and a look-up still answers."""
    stack, client = make_web(portabilling=PortaBillingSettings(standalone=True))
    writing = {name for name, method in stack.portabilling.methods.items() if method.is_write}
    assert {name.partition("/")[2].partition("_")[0] for name in writing} == {
        "add", "update", "terminate", "assign",
    }  # fmt: skip

    for name in writing:
        status, fault = post(client, name, {**USER, "params": {}})
        assert (status, fault["faultcode"]) == (500, "standalone_mode")
    assert post(client, INFO, {**USER, "params": ACCOUNT})[0] == 200
    assert post(client, "Session/login", {"params": RIGHT})[0] == 200
