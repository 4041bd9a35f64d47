"""The ESPF API: credentials, stored statuses, and how it refuses, over the web and in the journal."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from simulators.espf.core import MAX_MESSAGE, STATUSES, EspfApi, Refusal
from simulators.espf.settings import EspfSettings
from simulators.portabilling.settings import Reading
from simulators.stack import Stack
from simulators.world import World

STATUS_URL = "/espf/v1/account/i/189/status"
BASIC = {"Authorization": f"Basic {b64encode(b'provisioner:offline-only').decode()}"}
OK = {"status": "OK", "group": "HSS"}


@pytest.fixture
def web(make_web: Callable[..., tuple[Stack, Client]]) -> Client:
    """PortaBilling's web host."""
    return make_web()[1]


def body_of(answer: TestResponse) -> Any:
    """The decoded JSON of an answer."""
    return json.loads(answer.data)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("group", ["VoIP", "HSS", "LawfulInterception"])
def test_each_status_is_stored_for_each_group(
    world: World, make_espf: Callable[..., EspfApi], status: str, group: str
) -> None:
    """A stored status has its account, group, message and virtual time, and touches no other group."""
    core = make_espf()

    report = core.update(world.accounts[0], {"status": status, "group": group, "message": "why"})

    assert (report.i_account, report.group, report.status) == (189, group, status)
    assert (report.message, report.stored_at) == ("why", 5.0)
    assert core.status_of(189, group) == status
    assert core.stored() == core.history(189, group) == (report,)
    assert core.status_of(190, group) is None


def test_last_write_wins_and_the_history_stays(world: World, make_espf: Callable[..., EspfApi]) -> None:
    """No rule forbids a change of status (3.4), and each one is remembered."""
    core = make_espf()
    for status in ("FAILED", "OK", "IN_PROGRESS"):
        core.update(world.accounts[0], {"status": status, "group": "HSS"})

    assert core.status_of(189, "HSS") == "IN_PROGRESS"
    assert [report.status for report in core.history(189, "HSS")] == ["FAILED", "OK", "IN_PROGRESS"]
    assert [report.status for report in core.stored()] == ["IN_PROGRESS"]


@pytest.mark.parametrize("reading", ["strict", "lenient"])
@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"status": "ok"}, 400, "'ok'"),
        ({"status": "DONE"}, 400, "OK, IN_PROGRESS, RETRY, FAILED"),
        ({"status": ""}, 400, "''"),
        ({"status": None}, 400, "missing"),
        ({"status": ["OK"]}, 400, "OK"),
        ({"status": True}, 400, "True"),
        ({"group": "hss"}, 404, "'hss'"),
        ({"group": "HSS "}, 404, "'HSS '"),
        ({"group": "IOT"}, 404, "'IOT'"),
        ({"group": ""}, 400, "''"),
        ({"group": None}, 400, "missing"),
        ({"group": {"name": "HSS"}}, 400, "HSS"),
        ({"group": 2}, 400, "2"),
        ({"message": "x" * (MAX_MESSAGE + 1)}, 400, "4000"),
        ({"message": 5}, 400, "4000"),
        ({"message": ["why"]}, 400, "4000"),
    ],
)
def test_wrong_field_is_refused_and_nothing_is_stored(  # noqa: PLR0917 - passed by name
    world: World,
    make_espf: Callable[..., EspfApi],
    reading: Reading,
    change: dict[str, Any],
    status: int,
    named: str,
) -> None:
    """Status, group and message have their rules (3.1), and a refusal repeats the value."""
    core = make_espf(reading=reading)

    with pytest.raises(Refusal) as refused:
        core.update(world.accounts[0], {**OK, **change})

    assert refused.value.status == status
    assert named in str(refused.value)
    assert core.stored() == ()


def test_code_of_an_unregistered_group_is_a_setting(world: World, make_espf: Callable[..., EspfApi]) -> None:
    """The table of 40x is not public (3.4): 404 by default, 400 for whoever reads it as a wrong value."""
    with pytest.raises(Refusal, match="'IOT' is not registered") as refused:
        make_espf(unregistered_group=400).update(world.accounts[0], {"status": "OK", "group": "IOT"})

    assert refused.value.status == 400


@pytest.mark.parametrize("message", [None, "", "\u2603" * MAX_MESSAGE])
def test_message_of_up_to_4000_characters_is_stored(
    world: World, make_espf: Callable[..., EspfApi], message: str | None
) -> None:
    """The documented limit counts characters (3.1), and no message is none."""
    assert make_espf().update(world.accounts[0], {**OK, "message": message}).message == message


@pytest.mark.parametrize("credentials", ["provisioner:offline-only", "provisioner:offline-token"])
@pytest.mark.parametrize("scheme", ["Basic", "basic"])
def test_basic_credentials_of_an_api_user_are_accepted(web: Client, scheme: str, credentials: str) -> None:
    """Login and password, or login and API token (3.4)."""
    header = {"Authorization": f"{scheme} {b64encode(credentials.encode()).decode()}"}

    assert web.post(STATUS_URL, headers=header, json=OK).status_code == 200


def test_bearer_token_of_a_login_is_accepted_until_it_is_revoked(
    make_web: Callable[..., tuple[Stack, Client]],
) -> None:
    """Both APIs are one single sign-on (2.3), so a dead session is dead here too."""
    stack, web = make_web()
    login = {"params": {"login": "provisioner", "password": "offline-only"}}
    token = body_of(web.post("/rest/Session/login", json=login))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert web.post(STATUS_URL, headers=headers, json=OK).status_code == 200

    stack.sessions.revoke_all()

    assert web.post(STATUS_URL, headers=headers, json=OK).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer x",
        "Basic",
        "Basic !",
        "Basic /w==",
        f"Basic {b64encode(b'provisioner:wrong').decode()}",
        f"Basic {b64encode(b'provisioner').decode()}",
        pytest.param(f"Basic {b64encode(b'user p@ssw0rd').decode()}", id="section 5, row 11"),
        "Digest provisioner:offline-only",
    ],
)
@pytest.mark.parametrize("path", [STATUS_URL, "/espf/v1/account/nobody/status"])
def test_failed_authentication_is_a_real_401(
    make_web: Callable[..., tuple[Stack, Client]], header: str | None, path: str
) -> None:
    """Whether the account exists or not; the documented example has no colon (section 5, row 11)."""
    stack, web = make_web()
    headers = {} if header is None else {"Authorization": header}

    answers = [web.post(path, headers=headers, json=OK), web.get("/espf/v1/groups", headers=headers)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert stack.espf.stored() == ()


def test_failed_authentication_differs_between_the_apis(web: Client) -> None:
    """Section 5, row 20: a status code of its own here, and the 500 of every fault on the JSON API."""
    headers = {"Authorization": "Bearer x"}

    espf = web.post(STATUS_URL, headers=headers, json=OK)
    rest = web.post("/rest/Account/get_account_info", headers=headers, json={"params": {"i_account": 189}})

    assert (espf.status_code, list(body_of(espf))) == (401, ["error"])
    assert (rest.status_code, sorted(body_of(rest))) == (500, ["faultcode", "faultstring"])


@pytest.mark.parametrize("lacking", [{"scopes": "espf.handlers:write"}, {"audience": ("portabilling-api",)}])
@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_user_without_audience_or_scope_is_a_real_403(
    make_web: Callable[..., tuple[Stack, Client]], lacking: dict[str, Any], scheme: str
) -> None:
    """Credentials that are good for the JSON API alone are told so, and nothing is stored (2.3)."""
    stack, web = make_web()
    user = stack.world.users["provisioner"].model_copy(update=lacking)
    # The world's own mapping is what the single sign-on knows.
    stack.world.users |= {user.login: user}
    token = stack.sessions.open(user).access_token
    headers = BASIC if scheme == "Basic" else {"Authorization": f"Bearer {token}"}

    answers = [web.post(STATUS_URL, headers=headers, json=OK), web.get("/espf/v1/groups", headers=headers)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert stack.espf.stored() == ()


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", STATUS_URL, 405, "POST"),
        ("HEAD", STATUS_URL, 405, "POST"),
        ("PUT", STATUS_URL, 405, "POST"),
        ("DELETE", "/espf/v1/account/x/status", 405, "POST"),
        ("OPTIONS", STATUS_URL, 405, "POST"),
        ("POST", "/espf/v1/groups", 405, "GET, HEAD"),
        ("DELETE", "/espf/v1/group/create", 405, "POST"),
        ("GET", "/espf/v1/group/1001", 405, "DELETE"),
        ("HEAD", "/espf/v1/groups", 200, None),
        ("GET", "/espf/v2/groups", 404, None),
        ("GET", "/espf/v1/groups/", 404, None),
        ("POST", "/espf/v1//group/create", 404, None),
        ("POST", "/espf/v1//account/i/189/status", 404, None),
        ("POST", "/espf/v1/account/i/189", 404, None),
        ("POST", "/espf/v1/account", 404, None),
        ("DELETE", "/espf/v1/group/x", 404, None),
        ("DELETE", "/espf/v1/group/\u0661\u0660\u0660\u0661", 404, None),
    ],
)
def test_what_is_not_served_is_4xx(
    web: Client, method: str, path: str, status: int, allow: str | None
) -> None:
    """No status can be read here (3.4); a 405 says what is served, and the answer is JSON like any other."""
    answer = web.open(path, method=method, headers=BASIC, json=OK)

    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    if method != "HEAD":
        assert list(body_of(answer)) == ["error"]


def test_former_id_of_a_closed_account_is_taken_by_the_stack(
    make_web: Callable[..., tuple[Stack, Client]],
) -> None:
    """A stack's `espf` settings reach the API: by default the ID of before the closing, and else 404."""
    for former_ids, status in ((True, 200), (False, 404)):
        stack, web = make_web(espf=EspfSettings(former_ids=former_ids))
        stack.world.close_account(189)

        answer = web.post("/espf/v1/account/12065550189@msisdn/status", headers=BASIC, json=OK)

        assert (answer.status_code, stack.espf.status_of(189, "HSS")) == (
            status,
            "OK" if former_ids else None,
        )


def test_journal_says_what_was_reported_about_whom(make_web: Callable[..., tuple[Stack, Client]]) -> None:
    """Account and group stand on the record, and a refused update shows what was tried."""
    stack, web = make_web()

    web.post(STATUS_URL, headers=BASIC, json=OK)
    web.post(STATUS_URL, json={**OK, "status": "NO"})

    stored, refused = stack.journal.records()
    assert (stored.operation, stored.i_account, stored.group, stored.status) == ("status", 189, "HSS", 200)
    assert stored.detail == {**OK, "body_fits_type": True, "stored": "OK"}
    assert "stored" not in refused.detail
    assert (refused.i_account, refused.status, refused.detail["status"]) == (189, 401, "NO")


@pytest.mark.parametrize("value", ["[" * 700 + "]" * 700, "1e999", '{"\\ud800": "\\udfff"}', "1" * 4000])
def test_odd_body_leaves_the_journal_readable(
    make_web: Callable[..., tuple[Stack, Client]], tmp_path: Any, value: str
) -> None:
    """What a parser just takes must not break whoever copies or saves the record."""
    stack, web = make_web()
    body = f'{{"status": "OK", "group": "HSS", "x": {value}}}'

    answer = web.post(STATUS_URL, headers=BASIC, data=body, content_type="application/json")

    assert answer.status_code == 200
    stack.journal.save(tmp_path / "journal.jsonl")
    (record,) = stack.journal.records()
    assert isinstance(record.detail["x"], str)
