"""The older PHP client and the PHP objects library (S22, S23): a form of session ids, and whole records.

Read in `pavlyuts/portabilling` (S22: Portaone/Billing.php; 2019 to 2022) and in `portabilling/objects` (S23:
PortaFactory.php, PortaObject.php, Account.php, Addon.php, Customer.php, Defs/*.php; 2023), which sends by way
of `portabilling/billing` (S25).
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from simulators.stack import Stack

# S22: a form of JSON texts, by a library that names a charset too; `params` is left out where there are none.
FORM: Final = (
    ("User-Agent", "php-requests/1.8"),
    ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
)
# S23 throws when one of these is missing or null.
ACCOUNT: Final = {
    "i_account": int, "id": str, "i_customer": int, "billing_model": int, "i_account_role": int,
    "bill_status": str, "blocked": str, "i_product": int, "assigned_addons": list,
}  # fmt: skip
CUSTOMER: Final = {
    "i_customer": int, "name": str, "bill_status": str, "blocked": str, "i_balance_control_type": int,
    "balance": int | float,
}  # fmt: skip
ADDON: Final = {"i_product": int, "name": str, "addon_effective_from": str}
# The options that S23 can set, each to 1.
OPTIONS: Final = (
    "detailed_info",
    "expand_alias",
    "get_included_services",
    "get_service_features",
    "with_call_processing_mode",
    "with_customer_info",
    "with_reseller_info",
    "without_service_features",
)
# What S23 can call and the harness lacks.
NOT_IMITATED: Final = (
    "Account/get_subscriptions",
    "Account/activate_subscriptions",
    "Account/charge_subscription_fees",
    "Product/get_allowed_addons",
)

Ask = Callable[..., dict[str, Any]]
Say = Callable[..., Any]
Lacking = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]


class OldPhpClient:
    """Speaks as S22 does; its answers are objects, read by the names of their fields."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base
        self.session_id = ""

    def post(self, method: str, **fields: Any) -> Any:
        """Send one form; JSON keeps its characters unescaped."""
        form = urlencode({name: json.dumps(value, ensure_ascii=False) for name, value in fields.items()})
        return self._say(f"{self._base}/rest/{method}", *FORM, body=form)

    def log_in(self) -> None:
        """Log in and keep the session id."""
        login = {"login": "provisioner", "password": "offline-only"}
        self.session_id = self.post("Session/login", params=login).json["session_id"]

    def call(self, method: str, **params: Any) -> Any:
        """Call a method in the session."""
        fields = {"params": params} if params else {}
        return self.post(method, auth_info={"session_id": self.session_id}, **fields)


@pytest.fixture
def client(stack: Stack, say: Say) -> OldPhpClient:
    """The old client, logged in."""
    client = OldPhpClient(say, stack.addresses.portabilling)
    client.log_in()
    return client


def test_old_client_calls_without_parameters(client: OldPhpClient) -> None:
    """A form with `auth_info` alone is a call without parameters."""
    assert client.call("Customer/get_customer_list").json["customer_list"][0]["i_customer"] == 1


def test_old_client_sends_characters_as_they_are(client: OldPhpClient, stack: Stack) -> None:
    """Its JSON holds UTF-8 letters, not escapes."""
    client.call("Account/update_account", account_info={"i_account": 189, "note": "Ünïcode ✓"})

    account = stack.world.account(189)
    assert account is not None
    assert account.info["note"] == "Ünïcode ✓"


def test_old_client_logs_in_again_on_one_faultcode(client: OldPhpClient, stack: Stack) -> None:
    """`Server.Session.check_auth.auth_failed` alone means that the session has ended."""
    stack.sessions.revoke_all()

    answer = client.call("Account/get_account_info", i_account=189)
    client.log_in()

    assert (answer.status_code, answer.json["faultcode"]) == (500, "Server.Session.check_auth.auth_failed")
    assert client.call("Account/get_account_info", i_account=189).json["account_info"]["i_account"] == 189


def test_old_client_logs_out_by_its_session_id(client: OldPhpClient) -> None:
    """A logout without `auth_info` names the session among the parameters; 0 is a failure."""
    logout = {"params": {"session_id": client.session_id}}

    assert client.post("Session/logout", **logout).json == {"success": 1}
    assert client.post("Session/logout", **logout).json == {"success": 0}


@pytest.mark.parametrize("option", OPTIONS)
def test_objects_load_an_account_with_each_option(ask: Ask, lacking: Lacking, option: str) -> None:
    """Every option is 1 and may be taken; all that the library requires is there with any of them."""
    needed: dict[str, Mapping[str, Any]] = {"account_info": ACCOUNT}
    if option == "with_customer_info":
        needed["customer_info"] = CUSTOMER

    answer = ask("Account/get_account_info", **{option: 1}, i_account=189)

    assert answer.keys() == needed.keys()
    assert [name for record in needed for name in lacking(answer[record], needed[record])] == []


def test_objects_take_a_missing_status_for_a_good_one(ask: Ask) -> None:
    """Status `ok` is never sent: a field that is not there stands for it, of accounts and of customers."""
    assert "status" not in ask("Account/get_account_info", i_account=189)["account_info"]
    assert "status" not in ask("Customer/get_customer_info", i_customer=1)["customer_info"]

    ask("Account/update_account", account_info={"i_account": 189, "blocked": "Y"})

    blocked = ask("Account/get_account_info", i_account=189)["account_info"]
    assert (blocked["status"], blocked["blocked"]) == ("blocked", "Y")


def test_objects_find_no_account_in_an_empty_answer(ask: Ask) -> None:
    """A missing key is an object that does not exist; a fault would be an exception."""
    assert ask("Account/get_account_info", id="nobody") == {}
    assert ask("Customer/get_customer_info", i_customer=4711) == {}


def test_objects_load_a_customer_with_its_accounts(ask: Ask, lacking: Lacking) -> None:
    """A customer's accounts are a list filtered by its number, and each must name it as its owner."""
    customer = ask("Customer/get_customer_info", i_customer=1, detailed_info=1, effective_values=1)
    accounts = ask("Account/get_account_list", i_customer=1, detailed_info=1)["account_list"]

    assert lacking(customer["customer_info"], CUSTOMER) == []
    assert [name for account in accounts for name in lacking(account, ACCOUNT)] == []
    assert {account["i_customer"] for account in accounts} == {1}


def test_objects_page_while_pages_are_full(ask: Ask) -> None:
    """It asks for the next page until one is short, by limit and offset alone."""
    found: list[int] = []
    page: list[Any] = [None, None]
    while len(page) == 2:
        page = ask("Account/get_account_list", limit=2, offset=len(found))["account_list"]
        found.extend(row["i_account"] for row in page)

    assert found == [189, 190, 191]


def test_objects_write_and_read_addons(ask: Ask, lacking: Lacking) -> None:
    """It writes an open end as null and reads a missing one; both times have a blank and no `T`."""
    addons = [
        {"i_product": 7, "addon_effective_from": "2026-01-02 03:04:05", "addon_effective_to": None},
        {
            "i_product": 8,
            "addon_effective_from": "2026-01-02 03:04:05",
            "addon_effective_to": "2026-02-01 00:00:00",
        },
    ]
    assert ask("Account/update_account", account_info={"i_account": 189, "assigned_addons": addons}) == {
        "i_account": 189
    }

    open_ended, ending = ask("Account/get_account_info", i_account=189)["account_info"]["assigned_addons"]

    assert lacking(open_ended, ADDON) + lacking(ending, {**ADDON, "addon_effective_to": str}) == []
    assert "addon_effective_to" not in open_ended
    assert datetime.strptime(ending["addon_effective_to"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - UTC by rule


def test_objects_write_a_whole_new_record_back(ask: Ask) -> None:
    """A new account is written with all that it knows, and its number is read from the answer."""
    made = ask("Account/add_account", account_info={"id": "new@msisdn", "i_customer": 1, "i_product": 1})
    whole = ask("Account/get_account_info", i_account=made["i_account"], detailed_info=1)["account_info"]

    assert ask("Account/update_account", account_info=whole) == made


@pytest.mark.parametrize("method", NOT_IMITATED)
def test_objects_are_told_what_is_not_imitated(ask: Ask, fault_of: Callable[..., str], method: str) -> None:
    """Subscriptions and add-on catalogues are no provisioner's business: a fault, never an empty success."""
    assert fault_of(ask, method, i_account=189) == "Client.unknown_method"
