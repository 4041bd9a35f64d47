"""Two Python clients (S24, S26): an operator's scripts for MR70 and for later releases, and an autodialer.

Read in `JustJoshing19/PortaOnePyScripts` (S24: PortaOneMR70/*.py and PortaOneCustomer/**/*.py) and in
`rafsun-riad/portaone-autodialer` (S26: services/external_api.py, services/workflows.py, views.py; 2026).
Both send with `requests`, so these tests do too.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
import requests

from simulators.stack import Stack

# S24 on MR70: a POST without a body, JSON as the path's last two segments; its own texts, blanks and all.
MR70_LOGIN: Final = 'Session/login//{"login":"provisioner","token":"offline-token"}'
MR70_INVOICES: Final = 'Invoice/get_invoice_list/{auth}/{{"limit": "2","offset":"{offset}","i_customer":"1"}}'
# S24 on later releases: JSON with `params` and Bearer, and of a login these two, each indexed.
KEPT: Final = {"access_token": str, "expires_at": str}
# S26 keeps these too, but goes without them.
PROFILE: Final = {"access_token": str, "refresh_token": str, "session_id": str, "expires_at": str}
# The filters by which S24 looks for the telephones of a customer, page by page, until a page is empty.
TELEPHONES: Final = {"bill_status": "O", "i_customer": 1, "id": "ph%", "billing_model": 1, "limit": 2}
# The headers of each request of S26.
ACCEPT: Final = {"Accept": "application/json", "Content-Type": "application/json"}

# Telephones, one of them closed and one an alias, invoices, and a user of the customers' realm.
WORLD: Final = """
[[users]]
login = "office"
password = "offline-office"
api_token = "offline-office-token"
i_customer = 1
password_expired = false

[[accounts]]
i_account = 301
id = "ph301"

[[accounts]]
i_account = 302
id = "ph302"

[[accounts]]
i_account = 303
id = "ph303"

[[accounts]]
i_account = 304
id = "ph304"
bill_status = "C"

[[accounts]]
i_account = 305
id = "ph301#7"
i_master_account = 301
""" + "".join(f"[[invoices]]\ni_invoice = {number}\ni_customer = 1\n" for number in range(1, 6))

Lacking = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]
Call = Callable[..., requests.Response]


@pytest.fixture(name="stack")
def _stack(make_stack: Callable[..., Stack], world_with: Callable[..., str]) -> Iterator[Stack]:
    with make_stack(world=world_with(WORLD)) as stack:
        yield stack


@pytest.fixture
def post(stack: Stack, http: requests.Session) -> Call:
    """Post to the JSON API; a token makes it Bearer."""

    def send(path: str, *, token: str = "", headers: Mapping[str, str] | None = None, **options: Any) -> Any:
        auth = {"Authorization": f"Bearer {token}"} if token else {}
        # Cookies of a login are not sent back: neither client keeps a session of `requests`.
        http.cookies.clear()
        url = f"{stack.addresses.portabilling}/rest/{path}"
        return http.post(url, headers={**auth, **(headers or {})}, timeout=10, **options)

    return send


@pytest.fixture
def script(post: Call) -> Callable[..., requests.Response]:
    """Call a method as the scripts of later releases do, logged in with the password."""
    login = {"params": {"login": "provisioner", "password": "offline-only"}}
    token = post("Session/login", json=login).json()["access_token"]
    return lambda method, **params: post(method, token=token, json={"params": params})


def test_scripts_of_mr70_page_by_a_total_that_they_never_ask_for(post: Call) -> None:
    """A list of invoices says how many there are, and takes its limits as texts in the path."""
    session_id = post(MR70_LOGIN).json()["session_id"]
    auth = f'{{"session_id":"{session_id}"}}'

    pages = [post(MR70_INVOICES.format(auth=auth, offset=offset)).json() for offset in range(0, 6, 2)]

    assert [page["total"] for page in pages] == [5, 5, 5]
    assert [row["i_invoice"] for page in pages for row in page["invoice_list"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("secret", [{"password": "offline-only"}, {"token": "offline-token"}])
def test_scripts_keep_the_token_and_its_end(post: Call, lacking: Lacking, secret: dict[str, str]) -> None:
    """Both fields are indexed, so a login that lacks one ends the script."""
    session = post("Session/login", json={"params": {"login": "provisioner", **secret}}).json()

    assert lacking(session, KEPT) == []


def test_scripts_read_an_account_and_fall_over_a_missing_one(script: Call) -> None:
    """They index `account_info` unasked: what is not there raises in them, as with the real system."""
    assert script("Account/get_account_info", i_account=189).json()["account_info"]["i_account"] == 189

    with pytest.raises(KeyError, match="account_info"):
        script("Account/get_account_info", i_account=4711).json()["account_info"]


def test_scripts_page_until_a_page_is_empty(script: Call) -> None:
    """An empty page still has its list; a telephone that is closed or an alias is none of theirs."""
    found: list[dict[str, Any]] = []
    while page := script("Account/get_account_list", **TELEPHONES, offset=len(found)).json()["account_list"]:
        found.extend(page)

    assert [row["id"] for row in found] == ["ph301", "ph302", "ph303"]
    assert {row["i_product"] for row in found} == {1}


def test_scripts_add_a_pin_code_once(script: Call) -> None:
    """A new account answers its number; a second one of the same ID is refused by a code of its own."""
    pin = {"billing_model": 1, "h323_password": "offline", "i_customer": 1, "i_product": 1}
    named = {**pin, "id": "PIN_950420_First.Last", "firstname": "First", "lastname": "Last"}

    first = script("Account/add_account", account_info=named)
    second = script("Account/add_account", account_info=named)

    assert (first.status_code, type(first.json()["i_account"])) == (200, int)
    assert (second.status_code, second.json()["faultcode"]) == (500, "Server.Account.duplicate_id")


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("Account/terminate_account", {"i_account": 302}, "success"),
        ("Account/get_custom_fields_values", {"i_account": 301}, "custom_fields_values"),
        ("Account/get_alias_list", {"i_account": 301}, "alias_list"),
        ("Account/update_account", {"account_info": {"i_account": 301, "email": "a@b.example"}}, "i_account"),
        ("Customer/get_customer_info", {"i_customer": 1}, "customer_info"),
        ("Customer/get_customer_list", {"limit": 100}, "customer_list"),
        ("DID/get_number_list", {"i_customer": 1}, "number_list"),
    ],
)
def test_scripts_call_by_number(script: Call, method: str, params: dict[str, Any], field: str) -> None:
    """Each script calls one method with the numbers written into it."""
    answer = script(method, **params)

    assert (answer.status_code, field in answer.json()) == (200, True)


def test_autodialer_asks_for_its_own_customer_with_an_empty_body(post: Call, lacking: Lacking) -> None:
    """Its `{}` has not even `params`: in the customers' realm the session alone says whose record it is."""
    login = {"params": {"login": "office", "password": "offline-office"}}
    session = post("Session/login", headers=ACCEPT, json=login).json()
    token = session["access_token"]

    customer = post("Customer/get_customer_info", token=token, headers=ACCEPT, json={}).json()
    of_customer = {"params": {"i_customer": customer["customer_info"]["i_customer"]}}
    accounts = post("Account/get_account_list", token=token, headers=ACCEPT, json=of_customer).json()

    assert lacking(session, PROFILE) == []
    assert customer["customer_info"]["name"] == "Customer 1"
    assert {"12065550189@msisdn", "ph301"} <= {account["id"] for account in accounts["account_list"]}
    assert not {"faultcode"} & {*session, *customer, *accounts}


def test_autodialer_has_an_expired_password_changed(
    make_stack: Callable[..., Stack], world_with: Callable[..., str], http: requests.Session
) -> None:
    """One faultcode asks for a new password; with the change alone, without a session, it logs in anew."""
    expired = WORLD.replace("password_expired = false", "password_expired = true")
    old = {"login": "office", "password": "offline-office"}
    with make_stack(world=world_with(expired)) as stack:

        def post(method: str, params: Mapping[str, Any]) -> requests.Response:
            url = f"{stack.addresses.portabilling}/rest/Session/{method}"
            return http.post(url, headers=ACCEPT, json={"params": params}, timeout=10)

        refused = post("login", old)
        wrong = post("change_password", {**old, "password": "wrong", "new_password": "offline-new"})
        still = post("login", old)
        changed = post("change_password", {**old, "new_password": "offline-new"})
        again = post("login", {**old, "password": "offline-new"})

    for answer in (refused, still):
        assert answer.json()["faultcode"] == "Server.Session.alert_You_must_change_password"
    assert wrong.json()["faultcode"] == "Server.Session.auth_failed"
    assert (changed.status_code, "faultcode" in changed.json()) == (200, False)
    assert (again.status_code, "access_token" in again.json()) == (200, True)


def test_autodialer_tells_failures_by_status_or_by_their_code(post: Call, lacking: Lacking) -> None:
    """Any status from 400 on is one, and so is a `faultcode`; its text is what the user sees."""
    answer = post("Customer/get_customer_info", headers=ACCEPT, json={})

    assert answer.status_code == 500
    assert lacking(answer.json(), {"faultcode": str, "faultstring": str}) == []
