"""The PHP library `portabilling/billing` (S25): what it sends to both APIs, what it needs of the answers.

Read in Components/SessionManager.php, SessionData.php, PortaTokenDecoder.php, BillingBase.php, Utils.php,
Billing.php, ESPF.php and Config.php of June 2023, used with MR100.
"""

import json
import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from simulators.espf.settings import EspfSettings
from simulators.settings import StackSettings
from simulators.stack import Stack

# Every request of the JSON API: POST with this one line, and an object of `params` even when it is empty.
REST: Final = ("content-type", "application/json")
# The ESPF API: the first line is of the base request, `post` and `put` add the second; which HTTP client is
# plugged in decides whether they stay two lines (Guzzle) or become one.
ESPF: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "two lines": (("Content-Type", "application/json; charset=UTF-8"), ("Content-Type", "application/json")),
    "one joined line": (("Content-Type", "application/json; charset=UTF-8, application/json"),),
}
# What it keeps of a login, and merges of a refresh: nothing else is required to be there.
SESSION: Final = {"access_token": str, "refresh_token": str, "expires_at": str, "session_id": str}
REFRESHED: Final = {"access_token": str, "expires_at": str}
CLAIMS: Final = {"exp": int, "iat": int, "login": str}
FAULT: Final = {"faultcode": str, "faultstring": str}
# With HTTP 500, these make it log in once more and repeat the call; all others are shown to its user.
DEAD_SESSION: Final = frozenset(
    {
        "Server.Session.check_auth.auth_failed",
        "Client.check_auth.envelope_missed",
        "Client.Session.check_auth.failed_to_process_jwt",
        "Client.Session.check_auth.failed_to_process_access_token",
    }
)
# How it finds the kind and the name of a file.
CONTENT_TYPE: Final = r"application/(json|pdf|csv)"
DISPOSITION: Final = r'attachment; filename="([^"]+)"'

ACCOUNT: Final = {"login": "provisioner", "password": "offline-only"}
API_TOKEN: Final = {"login": "provisioner", "token": "offline-token"}
# A user whose tokens are of the JSON API alone, and an invoice.
WORLD: Final = """
[[users]]
login = "reader"
password = "offline-reader"
api_token = "offline-reader-token"
scopes = ""

[[invoices]]
i_invoice = 7
i_customer = 1
"""

Say = Callable[..., Any]
Lacking = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]


class PhpClient:
    """Speaks as the library does: the token of its session stands in every request, a login's too."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base
        self.session: dict[str, Any] = {}

    def rest(self, method: str, **params: Any) -> Any:
        """Send one request to the JSON API."""
        return self._say(
            f"{self._base}/rest/{method}", REST, *self._auth(), body=json.dumps({"params": params})
        )

    def espf(self, path: str, *headers: tuple[str, str], method: str = "POST", **params: Any) -> Any:
        """Send one request to the ESPF API, whose parameters have no envelope."""
        body = json.dumps(params) if method in {"POST", "PUT"} else ""
        return self._say(f"{self._base}/espf/{path}", *headers, *self._auth(), body=body, method=method)

    def login(self, account: Mapping[str, str]) -> None:
        """Log in and keep the whole answer."""
        self.session = json.loads(self.rest("Session/login", **account).data)

    def _auth(self) -> tuple[tuple[str, str], ...]:
        token = self.session.get("access_token")
        return (("Authorization", f"Bearer {token}"),) if token else ()


@pytest.fixture(name="stack")
def _stack(make_stack: Callable[..., Stack], world_with: Callable[..., str]) -> Iterator[Stack]:
    with make_stack(world=world_with(WORLD)) as stack:
        yield stack


@pytest.fixture
def client(stack: Stack, say: Say) -> PhpClient:
    """The library, logged in."""
    client = PhpClient(say, stack.addresses.portabilling)
    client.login(ACCOUNT)
    return client


def _claims(token: str) -> dict[str, Any]:
    """Read the claims as PHP does: by the standard alphabet of base64, which no other character may need."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(b64decode(payload + "=" * (-len(payload) % 4), validate=True))
    return claims


@pytest.mark.parametrize("account", [ACCOUNT, API_TOKEN], ids=["password", "token"])
def test_login_gives_php_a_session_that_it_can_keep(
    client: PhpClient, lacking: Lacking, account: dict[str, str]
) -> None:
    """It reads the expiry out of the token, and keeps nothing of a login whose token it cannot decode."""
    client.login(account)

    claims = _claims(client.session["access_token"])
    assert lacking(client.session, SESSION) + lacking(claims, CLAIMS) == []
    assert claims["login"] == "provisioner"
    assert claims["exp"] > time.time()
    expires_at = datetime.strptime(client.session["expires_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert expires_at.timestamp() == claims["exp"]


def test_php_logs_in_again_with_its_dead_token_in_the_header(stack: Stack, client: PhpClient) -> None:
    """The header of the session that ended stands in the login too, and must not spoil it."""
    stack.sessions.revoke_all()

    assert client.rest("Session/login", **ACCOUNT).status_code == 200
    client.session = {"access_token": "no token at all"}
    assert client.rest("Session/login", **ACCOUNT).status_code == 200


def test_failed_login_is_told_php_by_its_one_faultcode(client: PhpClient, lacking: Lacking) -> None:
    """HTTP 500 and `Server.Session.auth_failed` is a wrong password, everything else a broken billing."""
    answer = client.rest("Session/login", login="provisioner", password="wrong")

    assert (answer.status_code, lacking(answer.json, FAULT)) == (500, [])
    assert answer.json["faultcode"] == "Server.Session.auth_failed"


def test_php_calls_with_an_empty_object_of_parameters(client: PhpClient) -> None:
    """A call without parameters is `{"params": {}}`, never a list or nothing, and is answered in JSON."""
    answer = client.rest("Customer/get_customer_list")

    assert (answer.status_code, re.findall(CONTENT_TYPE, answer.headers["Content-Type"])) == (200, ["json"])
    assert isinstance(answer.json["customer_list"], list)


@pytest.mark.parametrize("token", ["", "no-token", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "revoked"])
def test_php_recovers_from_a_dead_session(stack: Stack, client: PhpClient, token: str) -> None:
    """Whatever is wrong with its session comes as one of four faults, after which a login repairs it."""
    stack.sessions.revoke_all()
    client.session = client.session if token == "revoked" else {"access_token": token}

    answer = client.rest("Account/get_account_info", i_account=189)
    client.login(ACCOUNT)
    repeated = client.rest("Account/get_account_info", i_account=189)

    assert (answer.status_code, answer.json["faultcode"] in DEAD_SESSION) == (500, True)
    assert repeated.json["account_info"]["i_account"] == 189


def test_business_fault_is_no_dead_session_to_php(client: PhpClient, lacking: Lacking) -> None:
    """A refused change must not be taken for an expired session, or each one would cost a login."""
    answer = client.rest("Account/terminate_account", i_account=4711)

    assert (answer.status_code, lacking(answer.json, FAULT)) == (500, [])
    assert answer.json["faultcode"] not in DEAD_SESSION


def test_php_merges_a_refresh_into_its_session(client: PhpClient, lacking: Lacking) -> None:
    """The answer of a refresh overwrites what it names; the session id of the login stays good."""
    first = client.session
    answer = client.rest("Session/refresh_access_token", refresh_token=first["refresh_token"])
    client.session = {**first, **answer.json}

    assert (lacking(answer.json, REFRESHED), "session_id" in answer.json) == ([], False)
    assert client.rest("Account/get_account_info", i_account=189).status_code == 200
    assert (
        client.rest("Session/refresh_access_token", refresh_token=first["refresh_token"]).status_code == 500
    )


def test_php_asks_whether_its_session_lives_and_ends_it(client: PhpClient) -> None:
    """A living session has a user above 0; after the logout it is user 0, and no fault."""
    token = {"access_token": client.session["access_token"]}

    assert client.rest("Session/ping", **token).json["user_id"] > 0
    assert client.rest("Session/logout", **token).json == {"success": 1}
    assert client.rest("Session/ping", **token).json == {"user_id": 0}


def test_php_takes_a_file_by_its_type_and_name(client: PhpClient) -> None:
    """A file is `application/pdf` or `application/csv` with a quoted name; any other type is an error."""
    answer = client.rest("Invoice/get_invoice_info", i_invoice=7, get_pdf=1)

    assert re.findall(CONTENT_TYPE, answer.headers["Content-Type"]) == ["pdf"]
    assert re.findall(DISPOSITION, answer.headers["Content-Disposition"]) == ["invoice_7.pdf"]
    assert answer.data.startswith(b"%PDF")


@pytest.mark.parametrize("headers", ESPF.values(), ids=ESPF)
@pytest.mark.parametrize("path", ["v1/account/i/189/status", "v1/account/12065550189@msisdn/status"])
def test_php_updates_a_status_with_a_doubled_content_type(
    stack: Stack, client: PhpClient, headers: tuple[tuple[str, str], ...], path: str
) -> None:
    """JSON without an envelope under a Content-Type that it names twice is taken, by both URLs."""
    answer = client.espf(path, *headers, status="OK", group="HSS")

    assert answer.status_code == 200
    assert [report.status for report in stack.espf.history(189, "HSS")] == ["OK"]


def test_php_takes_an_empty_answer_for_a_success(say: Say) -> None:
    """Whether a status update answers a body is not public: an empty one is no error to it."""
    with Stack(StackSettings(espf=EspfSettings(status_answer="empty"))) as stack:
        client = PhpClient(say, stack.addresses.portabilling)
        client.login(ACCOUNT)

        answer = client.espf("v1/account/i/189/status", *ESPF["two lines"], status="OK", group="HSS")

    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(
    ("account", "params", "status"),
    [
        (ACCOUNT, {"status": "DONE", "group": "HSS"}, 400),
        (None, {"status": "OK", "group": "HSS"}, 401),
        ({"login": "reader", "password": "offline-reader"}, {"status": "OK", "group": "HSS"}, 403),
        (ACCOUNT, {"status": "OK", "group": "nobody's"}, 404),
    ],
)
def test_php_tells_refusals_of_the_espf_api_by_their_status(
    client: PhpClient, account: dict[str, str] | None, params: dict[str, str], status: int
) -> None:
    """A status code is all that it reads of a refusal; 401 alone makes it log in again, never a 500."""
    client.session = {}
    if account:
        client.login(account)

    assert client.espf("v1/account/i/189/status", *ESPF["two lines"], **params).status_code == status


def test_php_speaks_all_methods_to_the_espf_api(client: PhpClient) -> None:
    """GET asks by the query, DELETE has no body, and both still name the one type of the base request."""
    base = ESPF["two lines"][0]
    created = client.espf("v1/group/create", *ESPF["two lines"], name="IOT")

    groups = client.espf("v1/groups?limit=5", base, method="GET").json["group_list"]
    assert groups[-1] == {"i_group": "1001", "is_custom": True, "name": "IOT"}
    assert client.espf(f"v1/group/{created.json['i_group']}", base, method="DELETE").status_code == 200
    assert client.espf("v1/group/1", base, method="DELETE").status_code in range(400, 410)
    assert client.espf("v1/groups", *ESPF["two lines"], method="PUT").status_code in range(400, 410)
