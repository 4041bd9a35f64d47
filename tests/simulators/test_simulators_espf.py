"""The ESPF API: account URLs, credentials, statuses and groups, by the rules and over the wire."""

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, get_args
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from simulators.espf.core import MAX_MESSAGE, STATUSES, EspfApi, Reading, Refusal
from simulators.portabilling.sessions import Sessions
from simulators.records import Account, derived_account
from simulators.stack import Stack
from simulators.world import World

STATUS_URL = "/espf/v1/account/i/189/status"
BASIC = {"Authorization": f"Basic {b64encode(b'provisioner:offline-only').decode()}"}
OK = {"status": "OK", "group": "HSS"}
FORM = "application/x-www-form-urlencoded"

account_ids = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=64)


@pytest.fixture
def web(make_web: Callable[..., tuple[Stack, Client]]) -> Client:
    """PortaBilling's web host."""
    return make_web()[1]


def body_of(answer: TestResponse) -> Any:
    """The decoded JSON of an answer."""
    return json.loads(answer.data)


def make_core(*, reading: Reading = "lenient") -> tuple[World, EspfApi]:
    """The rules over a demo world of its own; it is 5 seconds after the beginning of time."""
    world = World.load("demo")
    sessions = Sessions(users=world.users, wall=lambda: 0.0)
    return world, EspfApi(world=world, sessions=sessions, now=lambda: 5.0, reading=reading)


def account_named(account_id: str) -> Account:
    """An account with this ID."""
    return derived_account(7).model_copy(update={"id": account_id})


@pytest.mark.parametrize(
    ("path", "i_account"),
    [
        ("account/i/189/status", 189),
        ("account/i/0189/status", 189),
        ("account/12065550189@msisdn/status", 189),
        ("account/12065550189%40msisdn/status", 189),
        ("account/12065550189%40msisdn/status/", 189),
        ("account/190/status", 7),
    ],
)
def test_both_url_forms_name_an_account(path: str, i_account: int) -> None:
    """The number stands behind `i`, and an all-digit ID is an ID, never a number (3.2)."""
    world, core = make_core()
    world.add_account(account_named("190"))

    assert core.account_of(path).i_account == i_account


@pytest.mark.parametrize(
    "path",
    [
        "account/189/status",
        "account/i/188/status",
        "account/i/x/status",
        "account/i/12065550189%40msisdn/status",
        "account/j/189/status",
        "account/i%2F189/status",
        "account/i/189/statuses",
        "account/i/189",
        "account/%2012065550189@msisdn/status",
        "account/status",
        "account/i/i/189/status",
        "",
    ],
)
def test_url_of_no_account_is_404(path: str) -> None:
    """Whatever is of neither form, or names nobody, is told with the path as it came."""
    with pytest.raises(Refusal) as refused:
        make_core()[1].account_of(path)

    assert refused.value.status == 404
    assert repr(path) in str(refused.value)


@given(account_id=account_ids)
@example(account_id="i")
@example(account_id="i/189")
@example(account_id="..")
@example(account_id="a%2Fb")
@example(account_id=" //+?#;")
def test_any_account_id_is_reached_percent_encoded(account_id: str) -> None:
    """Every ID of up to 64 printable characters has a status URL of its own (3.2)."""
    world, core = make_core()
    account = account_named(account_id)
    world.add_account(account)

    assert core.account_of(f"account/{quote(account_id, safe='')}/status") is account


def test_any_account_id_is_reached_over_http(stack: Stack) -> None:
    """The same holds through server and routing, where a decoded path would lose it."""
    address = urlsplit(stack.addresses.portabilling)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    numbers = iter(range(1000, 2000))

    # Every example is an account more, so that no ID may be taken for another one's.
    @settings(max_examples=25)
    @given(account_id=account_ids)
    @example(account_id="i/189")
    @example(account_id="//..%2F")
    @example(account_id="..")
    @example(account_id="189")
    def check(account_id: str) -> None:
        account = stack.world.account_by_id(account_id)
        if account is None:
            account = derived_account(next(numbers)).model_copy(update={"id": account_id})
            stack.add_account(account)
        target = f"/espf/v1/account/{quote(account_id, safe='')}/status"
        connection.request("POST", target, "status=OK&group=HSS", {**BASIC, "Content-Type": FORM})
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["i_account"]) == (200, account.i_account)
        assert stack.journal.records()[-1].target == target

    check()
    connection.close()


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("group", ["VoIP", "HSS", "LawfulInterception"])
def test_each_status_is_stored_for_each_group(status: str, group: str) -> None:
    """A stored status has its account, group, message and virtual time, and touches no other group."""
    world, core = make_core()

    report = core.update(world.accounts[0], {"status": status, "group": group, "message": "why"})

    assert (report.i_account, report.group, report.status) == (189, group, status)
    assert (report.message, report.stored_at) == ("why", 5.0)
    assert core.status_of(189, group) == status
    assert core.stored() == core.history(189, group) == (report,)
    assert core.status_of(190, group) is None


def test_last_write_wins_and_the_history_stays() -> None:
    """No rule forbids a change of status (3.4), and each one is remembered."""
    world, core = make_core()
    for status in ("FAILED", "OK", "IN_PROGRESS"):
        core.update(world.accounts[0], {"status": status, "group": "HSS"})

    assert core.status_of(189, "HSS") == "IN_PROGRESS"
    assert [report.status for report in core.history(189, "HSS")] == ["FAILED", "OK", "IN_PROGRESS"]
    assert [report.status for report in core.stored()] == ["IN_PROGRESS"]


@pytest.mark.parametrize("reading", get_args(Reading))
@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"status": "ok"}, 400, "'ok'"),
        ({"status": "DONE"}, 400, "OK, IN_PROGRESS, RETRY, FAILED"),
        ({"status": ""}, 400, "''"),
        ({"status": None}, 400, "None"),
        ({"status": ["OK"]}, 400, "OK"),
        ({"group": "hss"}, 404, "'hss'"),
        ({"group": "HSS "}, 404, "'HSS '"),
        ({"group": "IOT"}, 404, "'IOT'"),
        ({"group": ""}, 400, "''"),
        ({"group": None}, 400, "None"),
        ({"group": {"name": "HSS"}}, 400, "HSS"),
        ({"message": "x" * (MAX_MESSAGE + 1)}, 400, "4000"),
        ({"message": 5}, 400, "4000"),
    ],
)
def test_wrong_field_is_refused_and_nothing_is_stored(
    reading: Reading, change: dict[str, Any], status: int, named: str
) -> None:
    """Status, group and message have their rules (3.1), and a refusal repeats the value."""
    world, core = make_core(reading=reading)

    with pytest.raises(Refusal) as refused:
        core.update(world.accounts[0], {**OK, **change})

    assert refused.value.status == status
    assert named in str(refused.value)
    assert core.stored() == ()


def test_longest_message_is_stored() -> None:
    """A message of 4,000 characters is within the documented limit (3.1)."""
    world, core = make_core()

    assert core.update(world.accounts[0], {**OK, "message": "\u2603" * MAX_MESSAGE}).message


def test_trailing_blank_is_trimmed_or_refused_by_the_reading() -> None:
    """The documented example sends "OK " (section 5, row 1): strict 400, lenient stored as OK."""
    world, lenient = make_core()
    _, strict = make_core(reading="strict")

    assert lenient.update(world.accounts[0], {"status": "OK ", "group": "HSS"}).status == "OK"
    with pytest.raises(Refusal, match="'OK '") as refused:
        strict.update(world.accounts[0], {"status": "OK ", "group": "HSS"})
    assert (refused.value.status, strict.stored()) == (400, ())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": OK}, 200),
        ({"data": OK}, 200),
        ({"data": b"status=OK&group=HSS", "content_type": FORM}, 200),
        ({"data": json.dumps(OK), "content_type": "application/json; charset=UTF-8, application/json"}, 200),
        ({"json": {"params": OK}}, 400),
        ({"json": [OK]}, 400),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": b"", "content_type": FORM}, 400),
        ({"data": b"status=OK&group=HSS", "content_type": "text/plain"}, 400),
    ],
)
@pytest.mark.parametrize("reading", get_args(Reading))
def test_form_and_json_bodies_are_read_by_their_type(
    make_web: Callable[..., tuple[Stack, Client]], reading: Reading, sent: Mapping[str, Any], status: int
) -> None:
    """Both are accepted (section 5, row 5), neither has a `params` envelope, and any other is refused."""
    stack, web = make_web(reading=reading)

    answer = web.post(STATUS_URL, headers=BASIC, **sent)

    assert answer.status_code == status
    assert stack.espf.status_of(189, "HSS") == ("OK" if status == 200 else None)
    assert ("error" in body_of(answer)) == (status != 200)


@pytest.mark.parametrize("body", [b'{\n"status": "OK ",\n"group" : "HSS"\n}\n', json.dumps(OK).encode()])
@pytest.mark.parametrize(("reading", "status"), [("strict", 400), ("lenient", 200)])
def test_json_under_a_form_type_is_accepted_by_the_lenient_reading(
    make_web: Callable[..., tuple[Stack, Client]], body: bytes, reading: Reading, status: int
) -> None:
    """The example as printed, and without its blank (section 5, row 1), and the journal says so."""
    stack, web = make_web(reading=reading)

    answer = web.post(STATUS_URL, headers=BASIC, data=body, content_type=FORM)

    assert answer.status_code == status
    assert stack.espf.status_of(189, "HSS") == ("OK" if status == 200 else None)
    assert stack.journal.records()[-1].detail["body_fits_type"] is False


@pytest.mark.parametrize("credentials", ["provisioner:offline-only", "provisioner:offline-token"])
def test_basic_credentials_of_an_api_user_are_accepted(web: Client, credentials: str) -> None:
    """Login and password, or login and API token (3.4)."""
    header = {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}

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
        # The documented example decodes to this, without a colon (section 5, row 11).
        f"Basic {b64encode(b'user p@ssw0rd').decode()}",
        "Digest provisioner:offline-only",
    ],
)
@pytest.mark.parametrize("path", [STATUS_URL, "/espf/v1/account/nobody/status"])
def test_failed_authentication_is_a_real_401(
    make_web: Callable[..., tuple[Stack, Client]], header: str | None, path: str
) -> None:
    """Unlike `/rest`, the ESPF API refuses by status code (2.6), whether the account exists or not."""
    stack, web = make_web()
    headers = {} if header is None else {"Authorization": header}

    answers = [web.post(path, headers=headers, json=OK), web.get("/espf/v1/groups", headers=headers)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert stack.espf.stored() == ()


def test_group_list_has_the_types_of_the_documented_example(
    make_web: Callable[..., tuple[Stack, Client]],
) -> None:
    """`i_group` is quoted and `is_custom` is bare (section 5, row 10)."""
    stack, web = make_web()
    stack.world.add_group("IOT")

    answer = web.get("/espf/v1/groups", headers=BASIC)

    assert answer.status_code == 200
    assert list(body_of(answer)) == ["group_list"]
    groups = body_of(answer)["group_list"]
    assert groups[0] == {"i_group": "1", "name": "VoIP", "is_custom": False}
    assert groups[-1] == {"i_group": "1001", "name": "IOT", "is_custom": True}
    assert len(groups) == 9


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", STATUS_URL, 405), ("POST", "/espf/v1/groups", 405), ("GET", "/espf/v2/groups", 404)],
)
def test_what_is_not_served_is_4xx(web: Client, method: str, path: str, status: int) -> None:
    """No status can be read here (3.4), and the answer is JSON like every other."""
    answer = web.open(path, method=method, headers=BASIC)

    assert (answer.status_code, list(body_of(answer))) == (status, ["error"])


def test_journal_says_what_was_reported_about_whom(make_web: Callable[..., tuple[Stack, Client]]) -> None:
    """Account and group stand on the record, and a refused update shows what was tried."""
    stack, web = make_web()

    web.post(STATUS_URL, headers=BASIC, json=OK)
    web.post(STATUS_URL, json={**OK, "status": "NO"})

    stored, refused = stack.journal.records()
    assert (stored.operation, stored.i_account, stored.group, stored.status) == ("status", 189, "HSS", 200)
    assert stored.detail == {**OK, "body_fits_type": True}
    assert (refused.i_account, refused.status, refused.detail["status"]) == (189, 401, "NO")


def test_deeply_nested_body_leaves_the_journal_readable(
    make_web: Callable[..., tuple[Stack, Client]], tmp_path: Any
) -> None:
    """What a parser just takes must not break whoever copies or saves the record."""
    stack, web = make_web()
    body = '{"status": "OK", "group": "HSS", "x": ' + "[" * 700 + "]" * 700 + "}"

    answer = web.post(STATUS_URL, headers=BASIC, data=body, content_type="application/json")

    assert answer.status_code == 200
    stack.journal.save(tmp_path / "journal.jsonl")
