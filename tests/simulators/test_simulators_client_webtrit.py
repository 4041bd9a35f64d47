"""The adapters of a softphone (S18, Python and Elixir): two realms, two ways to hold a session.

Read in `WebTrit/webtrit_bss_adapter_python` (app/bss/async_http_api.py, adapters/portaswitch/adapter.py,
api/*.py, serializer.py, utils.py; 2023 to 2026) and in `WebTrit/webtrit_adapter` (lib/portabilling/api.ex,
account_session_manager.ex, administrator_session_manager.ex, api/*/*.ex; 2023).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from simulators.portabilling.settings import PortaBillingSettings
from simulators.release import Release
from simulators.settings import StackSettings
from simulators.stack import Stack

# Python: JSON with `params`, and Bearer, besides the headers of a trace.
PYTHON: Final = (
    ("Accept", "*/*"),
    ("Content-Type", "application/json"),
    ("X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7"),
    ("X-B3-SpanId", "e457b5a2e4d86bd1"),
)
# Elixir: a form of JSON texts, a slash behind the method, and a session id even where there is none yet.
ELIXIR: Final = (("content-type", "application/x-www-form-urlencoded"),)
# Of a login and a refresh; each is indexed, so that a missing one is a crash.
SESSION: Final = {"access_token": str, "refresh_token": str, "expires_in": int}
# Of an account_info: what is indexed when a user is shown, and when an account logs in.
USER: Final = {
    "i_account": int, "i_customer": int, "id": str, "h323_password": str, "balance": int | float,
    "billing_model": int, "iso_4217": str, "is_active": int, "time_zone_name": str,
}  # fmt: skip
LOGIN: Final = {"i_account": int, "login": str, "password": str, "h323_password": str}
# Of each row of an account list.
ROW: Final = {"i_account": int, "id": str, "sip_status": int}
# Parameters of every look-up and of every list.
LOOK_UP: Final = {"without_service_features": 1, "detailed_info": 1, "get_auth_info": 1}
LISTED: Final = {
    "i_customer": 1, "with_aliases": 1, "get_not_closed_accounts": 1, "get_only_real_accounts": 1,
    "get_statuses": 1, "get_total": 1, "limit_alias_did_number_list": 100,
}  # fmt: skip

# A softphone's account with an alias, and two methods that the harness lacks.
WORLD: Final = """
[[accounts]]
i_account = 300
id = "12065550300@msisdn"
info = { login = "anna", password = "offline-anna", h323_password = "offline-sip" }

[[accounts]]
i_account = 301
id = "anna-desk"
i_master_account = 300

[[methods]]
name = "AccessControl/verify_otp"
parameters = ["one_time_password", "operation"]
answer = { success = 1 }

[[methods]]
name = "Env/get_env_info"
answer = { env_info = { email = "noreply@example.invalid" } }
"""

Say = Callable[..., Any]
Lacking = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]


class Adapter:
    """Speaks as the adapter in Python does, with one administrator's session for all look-ups."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base
        self.token = ""
        self.log_in()

    def send(self, method: str, params: Mapping[str, Any], *, token: str = "") -> Any:
        """Send one request; the account's realm shows the token of that account."""
        auth = (("Authorization", f"Bearer {token}"),) if token else ()
        return self._say(f"{self._base}/rest/{method}", *PYTHON, *auth, body=json.dumps({"params": params}))

    def ask(self, method: str, **params: Any) -> Any:
        """Ask as the administrator."""
        return self.send(method, params, token=self.token).json

    def log_in(self) -> None:
        """Log the administrator in with the API token."""
        login = {"login": "provisioner", "token": "offline-token"}
        self.token = self.send("Session/login", login).json["access_token"]

    def log_account_in(self, info: Mapping[str, Any]) -> Any:
        """Log an account in as a release up to MR127 wants it: its password is shown as a token too."""
        password = info["password"]
        return self.send("Session/login", {"login": info["login"], "password": password, "token": password})


@pytest.fixture(name="stack")
def _stack(make_stack: Callable[..., Stack], world_with: Callable[..., str]) -> Iterator[Stack]:
    with make_stack(world=world_with(WORLD)) as stack:
        yield stack


@pytest.fixture
def adapter(stack: Stack, say: Say) -> Adapter:
    """The adapter in Python, logged in as an administrator."""
    return Adapter(say, stack.addresses.portabilling)


@pytest.mark.parametrize("key", [{"login": "anna"}, {"id": "12065550300@msisdn"}, {"id": "anna-desk"}])
def test_adapter_signs_an_account_in_with_what_it_looked_up(
    adapter: Adapter, lacking: Lacking, key: dict[str, str]
) -> None:
    """It compares the looked-up password itself, follows an alias to its master, then logs the account in."""
    info = adapter.ask("Account/get_account_info", **LOOK_UP, **key)["account_info"]
    if master := info.get("i_master_account"):
        info = adapter.ask("Account/get_account_info", **LOOK_UP, i_account=master)["account_info"]

    session = adapter.log_account_in(info).json

    assert (lacking(info, LOGIN), lacking(session, SESSION)) == ([], [])
    assert (info["i_account"], info["h323_password"]) == (300, "offline-sip")


@pytest.mark.parametrize(
    ("params", "found"), [({"id": "nobody"}, False), ({"login": "nobody"}, False), ({"i_account": 300}, True)]
)
def test_adapter_takes_an_answer_without_a_record_for_no_account(
    adapter: Adapter, params: dict[str, Any], *, found: bool
) -> None:
    """`account_info` missing from a 200 is what it tells its user as wrong credentials."""
    answer = adapter.send("Account/get_account_info", {**LOOK_UP, **params}, token=adapter.token)

    assert (answer.status_code, "account_info" in answer.json) == (200, found)
    assert "service_features" not in answer.json.get("account_info", {})


def test_adapter_shows_an_account_to_itself(adapter: Adapter, lacking: Lacking) -> None:
    """In the account's own realm neither the look-up nor the list of aliases names the account."""
    info = adapter.ask("Account/get_account_info", **LOOK_UP, i_account=300)["account_info"]
    token = adapter.log_account_in(info).json["access_token"]

    own = adapter.send("Account/get_account_info", {"detailed_info": 1}, token=token).json["account_info"]
    aliases = adapter.send("Account/get_alias_list", {}, token=token).json["alias_list"]

    assert (lacking(own, USER), own["i_account"]) == ([], 300)
    assert [alias["id"] for alias in aliases] == ["anna-desk"]


def test_adapter_keeps_an_account_signed_in(adapter: Adapter, lacking: Lacking) -> None:
    """A refresh answers all three fields anew, a ping the account's number, and a logout 1."""
    info = adapter.ask("Account/get_account_info", **LOOK_UP, i_account=300)["account_info"]
    session = adapter.log_account_in(info).json

    refreshed = adapter.send("Session/refresh_access_token", {"refresh_token": session["refresh_token"]}).json
    token = {"access_token": refreshed["access_token"]}

    assert lacking(refreshed, SESSION) == []
    assert adapter.send("Session/ping", token).json == {"user_id": 300}
    assert adapter.send("Session/logout", token).json == {"success": 1}
    assert adapter.send("Session/ping", token).json == {"user_id": 0}
    gone = adapter.send("Session/refresh_access_token", {"refresh_token": session["refresh_token"]})
    assert gone.json["faultcode"] == "Server.Session.refresh_access_token.refresh_failed"


@pytest.mark.parametrize("method", ["ping", "logout"])
def test_adapter_is_told_of_a_token_that_is_none(adapter: Adapter, method: str) -> None:
    """A text that is no token is a fault of each method's own, unlike a session that ended."""
    fault = adapter.send(f"Session/{method}", {"access_token": "no token"}).json["faultcode"]

    assert fault == f"Client.Session.{method}.failed_to_process_access_token"


def test_adapter_renews_the_administrators_dead_session(stack: Stack, adapter: Adapter) -> None:
    """Two faults alone make it log in and repeat the call once; a revoked token is one of them."""
    stack.sessions.revoke_all()

    answer = adapter.send("Generic/get_version", {}, token=adapter.token)
    adapter.log_in()

    assert (answer.status_code, answer.json["faultcode"]) in {
        (500, "Server.Session.check_auth.auth_failed"),
        (500, "Client.Session.check_auth.failed_to_process_access_token"),
    }
    assert adapter.ask("Account/get_account_info", i_account=300)["account_info"]["i_account"] == 300


@pytest.mark.parametrize(("release", "is_new"), [("MR101", False), ("MR127", False), ("MR128", True)])
def test_adapter_tells_the_release_from_the_version(say: Say, release: str, *, is_new: bool) -> None:
    """It compares the numbers in the version's text with those of MR128: a text it must be."""
    with Stack(StackSettings(release=Release.parse(release))) as stack:
        version = Adapter(say, stack.addresses.portabilling).ask("Generic/get_version")["version"]

    assert ([int(number) for number in re.findall(r"\d+", version)] >= [128]) == is_new


def test_adapter_of_mr128_gives_an_account_the_token_it_logs_in_with(adapter: Adapter) -> None:
    """An account without an `api_token` is given one by a change, which must be good for a login at once."""
    info = adapter.ask("Account/get_account_info", **LOOK_UP, i_account=300)["account_info"]
    made = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    changed = adapter.ask("Account/update_account", account_info={"i_account": 300, "api_token": made})
    session = adapter.send("Session/login", {"login": info["login"], "token": made})
    shown = adapter.ask("Account/get_account_info", **LOOK_UP, i_account=300)["account_info"]

    assert (info.get("api_token"), changed, shown["api_token"]) == (None, {"i_account": 300}, made)
    assert adapter.send("Session/ping", {"access_token": session.json["access_token"]}).json == {
        "user_id": 300
    }


def test_adapter_pages_through_a_list_by_its_total(adapter: Adapter, lacking: Lacking) -> None:
    """Closed accounts and aliases stay away, and the aliases of an account stand in its row."""
    adapter.ask("Account/terminate_account", i_account=191)

    pages = [
        adapter.ask("Account/get_account_list", **LISTED, limit=2, offset=offset) for offset in range(0, 4, 2)
    ]

    rows = [row for page in pages for row in page["account_list"]]
    assert {page["total"] for page in pages} == {3}
    assert [row["i_account"] for row in rows] == [189, 190, 300]
    assert [name for row in rows for name in lacking(row, ROW)] == []
    assert [[alias["id"] for alias in row["alias_list"]] for row in rows] == [[], [], ["anna-desk"]]


def test_adapter_uses_methods_that_a_world_defines(adapter: Adapter) -> None:
    """One-time passwords are not imitated, but an installation's own methods can stand in for them."""
    otp = {"one_time_password": "1234", "operation": "General"}

    assert adapter.ask("AccessControl/verify_otp", **otp) == {"success": 1}
    assert adapter.ask("Env/get_env_info") == {"env_info": {"email": "noreply@example.invalid"}}


def test_adapter_may_log_in_before_every_call(say: Say) -> None:
    """With tokens of 900 s its margin of fifteen minutes costs a login a call, which must lock nobody out."""
    settings = StackSettings(portabilling=PortaBillingSettings(token_lifetime=900, max_failures=2))
    with Stack(settings) as stack:
        adapter = Adapter(say, stack.addresses.portabilling)
        for _ in range(5):
            session = adapter.send("Session/login", {"login": "provisioner", "token": "offline-token"}).json
            token = session["access_token"]
            assert adapter.send("Generic/get_version", {}, token=token).status_code == 200

    assert session["expires_in"] == 900


class Elixir:
    """Speaks as the adapter in Elixir does."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base

    def ask(self, method: str, session_id: str | None, /, **params: Any) -> Any:
        """Send one request."""
        fields = {"params": params, "auth_info": {"session_id": session_id}}
        form = urlencode({name: json.dumps(value) for name, value in fields.items()})
        return self._say(f"{self._base}/rest/{method}/", *ELIXIR, body=form)

    def log_in(self, **login: str) -> str:
        """Log in; gives the session id, all that it keeps."""
        return str(self.ask("Session/login", None, **login).json["session_id"])


def test_elixir_speaks_forms_with_a_session_id_of_null(stack: Stack, say: Say) -> None:
    """A login carries `{"session_id":null}`, and every path ends with a slash."""
    elixir = Elixir(say, stack.addresses.portabilling)

    session_id = elixir.log_in(login="provisioner", token="offline-token")
    answer = elixir.ask("Account/get_account_info", session_id, i_account=300, detailed_info=1)

    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json["account_info"]["login"] == "anna"
    assert elixir.ask("Account/get_account_info", session_id, id="nobody").json == {}
    assert elixir.ask("Session/logout", None, session_id=session_id).json == {"success": 1}


def test_elixir_drops_the_session_of_an_account_that_died(stack: Stack, say: Say) -> None:
    """`Server.Session.check_auth.auth_failed` alone tells it that a session id is dead."""
    elixir = Elixir(say, stack.addresses.portabilling)
    session_id = elixir.log_in(login="anna", password="offline-anna")
    assert elixir.ask("Account/get_alias_list", session_id).json["alias_list"][0]["id"] == "anna-desk"

    stack.sessions.revoke_all()
    answer = elixir.ask("Account/get_alias_list", session_id)

    assert (answer.status_code, answer.json["faultcode"]) == (500, "Server.Session.check_auth.auth_failed")


EXPIRED: Final = """
[[users]]
login = "anna"
password = "offline-anna"
api_token = "offline-anna-token"
i_account = 300
password_expired = true
"""


def test_elixir_changes_an_accounts_expired_password(
    make_stack: Callable[..., Stack], world_with: Callable[..., str], say: Say
) -> None:
    """It makes up a new one and asks for a session at once; the next look-up must show the new one."""
    with make_stack(world=world_with(WORLD + EXPIRED)) as stack:
        elixir = Elixir(say, stack.addresses.portabilling)
        old = {"login": "anna", "password": "offline-anna"}
        refused = elixir.ask("Session/login", None, **old).json["faultcode"]
        changed = elixir.ask(
            "Session/change_password", None, **old, new_password="offline-new", establish_new_session=1
        ).json
        admin = elixir.log_in(login="provisioner", token="offline-token")
        info = elixir.ask("Account/get_account_info", admin, i_account=300, detailed_info=1).json[
            "account_info"
        ]

        assert refused == "Server.Session.alert_You_must_change_password"
        assert elixir.ask("Account/get_alias_list", changed["session_id"]).status_code == 200
        assert elixir.log_in(login=info["login"], password=info["password"])
        assert elixir.ask("Session/login", None, **old).json["faultcode"] == "Server.Session.auth_failed"
        assert "offline-new" not in "".join(map(str, stack.journal.records()))
