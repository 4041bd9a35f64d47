"""Each way to put a call into a request, over real HTTP; what clients send whole is in their own modules."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from simulators.stack import Stack
from simulators.world import World

LOGIN = {"login": "provisioner", "password": "offline-only"}
ACCOUNT = {"i_account": 189}


@pytest.fixture(name="stack")
def _stack() -> Iterator[Stack]:
    with Stack() as stack:
        yield stack


def _ask(stack: Stack, path: str, *, method: str = "POST", **options: Any) -> requests.Response:
    return requests.request(method, f"{stack.addresses.portabilling}/rest/{path}", timeout=10, **options)


def _token(stack: Stack) -> dict[str, str]:
    session: dict[str, str] = _ask(stack, "Session/login", json={"params": LOGIN}).json()
    return session


def _form(**fields: Any) -> dict[str, str]:
    return {name: json.dumps(value) for name, value in fields.items()}


def _in_path(*parts: Any) -> str:
    return "/".join(quote(json.dumps(part), safe="") for part in parts)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        pytest.param("Session/login", {"json": {"params": LOGIN}}, id="S25 JSON"),
        pytest.param("Session/login", {"data": _form(params=LOGIN)}, id="S9 form with JSON text"),
        pytest.param(
            f"Session/login/{_in_path(LOGIN)}", {"method": "GET"}, id="2.1 GET with JSON in the path"
        ),
    ],
)
def test_each_form_of_a_login_opens_a_session(stack: Stack, path: str, options: dict[str, Any]) -> None:
    """All of them lead to the same five fields, and to cookies (S9)."""
    answer = _ask(stack, path, **options)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert set(answer.json()) == {"session_id", "access_token", "refresh_token", "expires_at", "expires_in"}
    assert set(answer.cookies.keys()) == {"access_token", "session_id"}


@pytest.mark.parametrize("form", ["bearer", "json", "form", "multipart", "path", "cookies"])
def test_each_form_of_a_call_reaches_the_account(stack: Stack, form: str) -> None:
    """Credentials and parameters are found wherever clients put them (2.1, 2.2)."""
    session = _token(stack)
    by_id = {"session_id": session["session_id"]}
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    fields = _form(auth_info=by_id, params=ACCOUNT)
    options: dict[str, dict[str, Any]] = {
        "bearer": {"json": {"params": ACCOUNT}, "headers": bearer},
        "json": {"json": {"auth_info": by_id, "params": ACCOUNT}},
        "form": {"data": fields},
        "multipart": {"files": {name: (None, text) for name, text in fields.items()}},
        "path": {"method": "GET"},
        "cookies": {"json": {"params": ACCOUNT}, "cookies": by_id},
    }
    behind = f"/{_in_path(by_id, ACCOUNT)}" if form == "path" else ""

    answer = _ask(stack, f"Account/get_account_info{behind}", **options[form])

    assert answer.json()["account_info"]["i_account"] == 189, answer.text


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("Session/login", {"data": "{", "headers": {"Content-Type": "application/json"}}),
        ("Session/login", {"json": []}),
        ("Session/login", {"json": {"params": 5}}),
        ("Session/login", {"data": {"params": "{"}}),
        ("Session/ping", {"method": "PUT"}),
        ("Session", {"method": "GET"}),
        ("", {}),
        ("Nonsense/method", {"json": {"auth_info": LOGIN}}),
    ],
)
def test_whatever_is_wrong_is_a_fault(stack: Stack, path: str, options: dict[str, Any]) -> None:
    """Every failure is HTTP 500 with two texts, never a page and never another code (S15, S25)."""
    answer = _ask(stack, path, **options)

    assert answer.status_code == 500
    assert {type(value) for value in answer.json().values()} == {str}
    assert set(answer.json()) == {"faultcode", "faultstring"}


def test_no_form_of_a_call_leaves_a_secret_in_the_journal(stack: Stack) -> None:
    """Passwords, API tokens, sessions and cookies are masked in bodies, headers and request targets."""
    session = _token(stack)
    by_token = {"login": "provisioner", "token": "offline-token"}
    _ask(stack, f"Account/get_account_info/{_in_path(by_token, ACCOUNT)}", method="GET")
    _ask(stack, "Account/get_account_info", files={"auth_info": (None, json.dumps(by_token))})
    _ask(stack, "Account/get_account_info", data=_form(auth_info=LOGIN, params=ACCOUNT))
    _ask(stack, "Account/get_account_info", cookies={"session_id": session["session_id"]})

    kept = "".join(map(str, stack.journal.records()))

    assert "get_account_info" in kept
    secrets = ("offline-only", "offline-token", session["session_id"], session["access_token"])
    assert [secret for secret in secrets if secret in kept] == []


def test_large_form_is_read_like_large_json(stack: Stack) -> None:
    """A form of nearly a MiB, or of thousands of parts, is no reason for an answer of another kind."""
    long, many = {"id": "9" * 800_000}, {f"x{number}": "1" for number in range(2000)}

    for options in (
        {"data": _form(auth_info=LOGIN, params=long)},
        {"files": {name: (None, text) for name, text in _form(auth_info=LOGIN, params=long).items()}},
        {"data": many | _form(auth_info=LOGIN, params={"id": "nobody"})},
        {"files": {name: (None, text) for name, text in (many | _form(auth_info=LOGIN)).items()}},
    ):
        answer = _ask(stack, "Account/get_account_info", **options)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.status_code == 200 or "faultcode" in answer.json()


@pytest.mark.parametrize("broken", [b"\xff", b"\xed\xa0\x80", "{}".encode("utf-16")])
def test_json_is_utf_8(stack: Stack, broken: bytes) -> None:
    """A body of other bytes is refused, and no character is made of them (2.1)."""
    body = b'{"params": {"id": "' + broken + b'"}, "auth_info": {"session_id": "1"}}'

    answer = _ask(stack, "Account/get_account_info", data=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["faultcode"]) == (500, "Client.invalid_parameters")


@pytest.mark.parametrize("form", ["form", "multipart", "path"])
def test_text_is_utf_8_in_every_form(stack: Stack, form: str) -> None:
    """No account gets an ID that nobody sent: bytes that are no UTF-8 are refused in forms and paths too."""
    auth, params = json.dumps(LOGIN), '{"account_info": {"id": "x%sy", "i_customer": 1}}'
    broken = (params % "\x00").encode().replace(b"\x00", b"\xff")
    written = f"{quote(auth, safe='')}/{quote(broken, safe='')}"
    options: dict[str, dict[str, Any]] = {
        "form": {
            "data": f"auth_info={quote(auth)}&params={quote(broken)}",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        },
        "multipart": {"files": {"auth_info": (None, auth), "params": (None, broken)}},
        "path": {},
    }
    path = "Account/add_account" + (f"/{written}" if form == "path" else "")

    answer = _ask(stack, path, **options[form])

    assert (answer.status_code, answer.json()["faultcode"]) == (500, "Client.invalid_parameters")
    assert len(stack.world.accounts) == len(World.load("demo").accounts)


def test_replacement_character_is_a_character(stack: Stack) -> None:
    """A client may send U+FFFD itself."""
    params = {"account_info": {"id": "x\ufffdy", "i_customer": 1}}

    answer = _ask(
        stack,
        "Account/add_account",
        data={"auth_info": json.dumps(LOGIN), "params": json.dumps(params, ensure_ascii=False)},
    )

    assert answer.status_code == 200
    assert stack.world.account_by_id("x\ufffdy")


def test_head_changes_nothing(stack: Stack) -> None:
    """A request whose answer nobody reads is no way to change an account."""
    change = {"account_info": {"i_account": 189, "note": "by head"}}

    answer = _ask(stack, f"Account/update_account/{_in_path(LOGIN, change)}", method="HEAD")

    account = stack.world.account(189)
    assert account
    assert (answer.status_code, account.info.get("note")) == (500, None)
