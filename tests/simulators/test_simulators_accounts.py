"""Accounts in the JSON API: the captured shape, its options, statuses, look-ups and aliases."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from werkzeug.test import Client

from simulators.stack import Stack
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
INFO: Final = "Account/get_account_info"
LIST: Final = "Account/get_account_list"
UPDATE: Final = "Account/update_account"
# Section 2.4: the captured default shape of a mobile account, by type.
INTS: Final = (
    "i_account", "i_customer", "i_product", "i_role", "i_account_role", "i_subscriber", "i_time_zone",
    "i_acl", "i_account_balance_control_type", "billing_model", "is_active", "idle_days",
    "has_custom_fields", "customer_bill_suspended", "cust_bill_suspension_delayed", "opening_balance",
)  # fmt: skip
STRINGS: Final = (
    "id", "bill_status", "blocked", "customer_blocked", "customer_bill_status", "customer_name",
    "product_name", "product_visible_name", "h323_password", "iso_4217", "iso_639_1", "i_lang",
    "time_zone_name", "ecommerce_enabled", "service_flags", "companyname", "salutation", "midinit", "cont1",
    "cont2", "phone1", "phone2", "faxnum", "address_line_2", "bcc", "note", "in_date_format",
    "out_date_format", "in_time_format", "out_time_format", "out_date_time_format", "activation_date",
    "issue_date", "first_usage", "first_usage_time", "last_usage",
)  # fmt: skip
NULLS: Final = (
    "expiration_date", "inactivity_expire_time", "life_time", "credit_limit",
)  # fmt: skip
ARRAYS: Final = (
    "assigned_addons", "service_features",
)  # fmt: skip
CONTACT: Final = (
    "companyname", "salutation", "midinit", "cont1", "cont2", "phone1", "phone2", "faxnum",
    "address_line_2", "bcc", "note",
)  # fmt: skip
DETAILED: Final = {
    "login": str, "password": str, "email": str, "subscriber_email": str, "firstname": str, "lastname": str,
    "zip": str, "sip_status": int, "alias_list": list,
}  # fmt: skip
OPTIONS: Final = (
    "expand_alias", "get_included_services", "get_service_features", "with_call_processing_mode",
    "with_reseller_info",
)  # fmt: skip


def account(number: int, **fields: Any) -> dict[str, Any]:
    """An account for a world file."""
    return {"i_account": number, "id": f"id-{number}", **fields}


def test_account_has_the_captured_shape(ask: Ask) -> None:
    """Section 2.4, captured default shape: each field is there with its type, and no other is."""
    answer = ask(INFO, i_account=189)

    info = answer["account_info"]
    types = {
        **dict.fromkeys(INTS, int),
        **dict.fromkeys(STRINGS, str),
        **dict.fromkeys(NULLS, type(None)),
        **dict.fromkeys(ARRAYS, list),
        "balance": float,
    }
    assert {name: type(value) for name, value in info.items()} == types
    assert list(answer) == ["account_info"]
    assert {info[name] for name in CONTACT} == {""}
    assert (info["i_lang"], info["bill_status"], info["blocked"], info["i_account_role"]) == (
        "en",
        "O",
        "N",
        8,
    )


def test_dates_and_date_times_are_written_as_captured(ask: Ask) -> None:
    """Section 2.1: three account fields are dates and two date-times, with a space between the parts."""
    info = ask(INFO, i_account=189)["account_info"]

    assert {len(info[name]) for name in ("activation_date", "issue_date", "first_usage")} == {10}
    assert {info[name][10] for name in ("first_usage_time", "last_usage")} == {" "}


def test_service_feature_has_values_and_effective_values(ask: Ask) -> None:
    """Section 2.4, service features: netaccess_policy holds the access policy as a list of one text."""
    (feature,) = ask(INFO, i_account=189)["account_info"]["service_features"]

    assert set(feature) == {"name", "flag_value", "effective_flag_value", "attributes"}
    assert feature["name"] == "netaccess_policy"
    assert feature["attributes"] == [{"name": "access_policy", "values": ["30"], "effective_values": ["30"]}]


def test_captured_features_and_addons_can_stand_in_a_world(
    asking: Callable[..., Ask], make_world: Callable[..., World]
) -> None:
    """Section 2.4: codes, null flags, empty and null lists, and an open end that is absent and not null."""
    feature = {
        "name": "conf_enabled",
        "flag_value": "7",
        "effective_flag_value": None,
        "locked": 0,
        "attributes": [{"name": "a", "values": [None], "effective_values": []}],
    }
    addon = {"i_product": 62, "addon_effective_from": "2023-05-11 21:32:30", "realm": "msisdn"}
    info = {"service_features": [feature], "assigned_addons": [addon], "credit_limit": 5.5}
    ask = asking(make_world(accounts=[account(1, info=info)]))

    shown = ask(INFO, i_account=1)["account_info"]

    assert shown["service_features"] == [feature]
    (shown_addon,) = shown["assigned_addons"]
    assert addon.items() <= shown_addon.items()
    assert "addon_effective_to" not in shown_addon
    assert shown["credit_limit"] == 5.5


def test_detailed_info_adds_fields(ask: Ask) -> None:
    """Section 2.4, further fields: `detailed_info` adds what other clients read, and takes none away."""
    plain = ask(INFO, i_account=189)["account_info"]
    detailed = ask(INFO, i_account=189, detailed_info=1)["account_info"]

    assert {name: type(detailed[name]) for name in detailed if name not in plain} == DETAILED
    assert plain.items() <= detailed.items()


@pytest.mark.parametrize("value", [1, 0, "1", "0"])
@pytest.mark.parametrize("option", OPTIONS)
def test_options_that_change_nothing_here_are_taken(ask: Ask, option: str, value: object) -> None:
    """Section 2.4, options: each is 1 or 0, quoted or not, and the answer is the same."""
    assert ask(INFO, i_account=189, **{option: value}) == ask(INFO, i_account=189)


def test_customer_stands_beside_the_account(ask: Ask) -> None:
    """Section 2.4: `with_customer_info` adds a top-level customer_info, the one of the look-up of it."""
    answer = ask(INFO, i_account=189, with_customer_info=1)

    assert list(answer) == ["account_info", "customer_info"]
    assert answer["customer_info"] == ask("Customer/get_customer_info", i_customer=1)["customer_info"]


def test_service_features_can_be_left_out(ask: Ask) -> None:
    """Section 2.4: `without_service_features` leaves out that field alone."""
    whole = ask(INFO, i_account=189)["account_info"]
    short = ask(INFO, i_account=189, without_service_features=1)["account_info"]

    assert "service_features" not in short
    assert whole == {**short, "service_features": whole["service_features"]}


@pytest.mark.parametrize("value", ["yes", 2, None, [], {}, 1.5])
def test_option_that_is_neither_1_nor_0_is_refused(
    fault_of: Callable[..., str], ask: Ask, value: object
) -> None:
    """Section 2.1: boolean options are 1, so a client learns of any other value."""
    assert fault_of(ask, INFO, i_account=189, detailed_info=value) == "Client.invalid_parameters"


@pytest.mark.parametrize("bad", ["x", "", "1e3", "-1", 1.5, True, [189], {"i_account": 189}])
def test_number_that_is_none_is_refused_with_a_plain_reason(ask: Ask, bad: object) -> None:
    """Section 2.1: ids are numbers or digits, and the fault says so in one clause."""
    with pytest.raises(Exception, match=r"In params: i_account: a number, or a string of digits"):
        ask(INFO, i_account=bad)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, None),
        ({"bill_status": "I"}, "inactive"),
        ({"bill_status": "S"}, "inactive"),
        ({"bill_status": "C"}, "closed"),
        ({"blocked": True}, "blocked"),
        ({"blocked": True, "bill_status": "C"}, "closed"),
        ({"info": {"status": "quarantine"}}, "quarantine"),
        ({"info": {"status": "zero_balance"}, "blocked": True}, "blocked"),
        ({"i_customer": 7}, "customer_blocked"),
        ({"i_customer": 8}, "customer_suspended"),
        ({"i_customer": 9}, "customer_exported"),
        ({"i_customer": 10}, "customer_credit_exceed"),
    ],
)
def test_status_is_absent_while_the_account_is_fine(
    asking: Callable[..., Ask],
    make_world: Callable[..., World],
    fields: dict[str, Any],
    word: str | None,
) -> None:
    """Section 2.4, status: absent when fine, else a word of the list, and in lists only with get_statuses."""
    customers = [
        {"i_customer": 7, "name": "b", "blocked": True},
        {"i_customer": 8, "name": "s", "bill_status": "S"},
        {"i_customer": 9, "name": "e", "bill_status": "E"},
        {"i_customer": 10, "name": "c", "info": {"status": "credit_exceeded"}},
    ]
    ask = asking(make_world(accounts=[account(1, **fields)], customers=customers))

    (plain,) = ask(LIST)["account_list"]
    (asked,) = ask(LIST, get_statuses=1)["account_list"]

    info = ask(INFO, i_account=1)["account_info"]
    expected = {} if word is None else {"status": word}
    assert {name: info[name] for name in info if name == "status"} == expected
    assert {**plain, **expected} == asked
    assert "status" not in plain


def test_services_are_the_accounts_own_or_its_products(
    asking: Callable[..., Ask], make_world: Callable[..., World]
) -> None:
    """Section 2.4, included_services: what the account says, else its product, else absent for all."""
    products = [
        {"i_product": 1, "name": "Data", "services": ["HSS"]},
        {"i_product": 2, "name": "Any"},
        {"i_product": 3, "name": "None", "services": []},
    ]
    accounts = [
        account(1),
        account(2, services=["PCRF"]),
        account(3, i_product=2),
        account(4, i_product=3),
    ]
    ask = asking(make_world(products=products, accounts=accounts))

    rows = ask(LIST)["account_list"]

    assert [row.get("included_services") for row in rows] == [["HSS"], ["PCRF"], None, []]
    assert [row["product_name"] for row in rows] == ["Data", "Data", "Any", "None"]


def test_world_without_products_has_them_all(
    asking: Callable[..., Ask], make_world: Callable[..., World]
) -> None:
    """A product that nobody declared has a name after its number, and says nothing of services."""
    ask = asking(make_world(accounts=[account(5, i_product=9)]))

    (row,) = ask(LIST)["account_list"]

    assert (row["product_name"], row.get("included_services")) == ("Product 9", None)


def test_account_is_found_by_its_login(asking: Callable[..., Ask], make_world: Callable[..., World]) -> None:
    """Section 2.4: `login` is one of the keys; the number wins over it."""
    accounts = [account(1), account(2, info={"login": "two"})]
    ask = asking(make_world(accounts=accounts))

    assert ask(INFO, login="two")["account_info"]["i_account"] == 2
    assert ask(INFO, login="two", i_account=1)["account_info"]["i_account"] == 1
    assert ask(INFO, login="three") == {}


def test_alias_names_its_master(asking: Callable[..., Ask], make_world: Callable[..., World]) -> None:
    """Section 2.4, alias: its record names the master, which lists it and can stand in its place."""
    ask = asking(make_world(accounts=[account(1), account(2, i_master_account=1)]))

    alias = ask(INFO, id="id-2")["account_info"]
    master = ask(INFO, id="id-2", expand_alias=1)["account_info"]

    assert (alias["i_account"], alias["i_master_account"], alias["billing_model"]) == (2, 1, 2)
    assert (master["i_account"], master["billing_model"]) == (1, 1)
    assert "i_master_account" not in master
    assert ask("Account/get_alias_list", i_account=1) == {"alias_list": [alias]}
    assert ask("Account/get_alias_list", id="id-2") == {"alias_list": []}
    detailed = ask(INFO, i_account=1, detailed_info=1)["account_info"]
    assert detailed["alias_list"] == [{"i_account": 2, "id": "id-2"}]


@pytest.mark.parametrize(
    "operation",
    [INFO, "Account/get_alias_list", "Account/get_custom_fields_values", "SIMCard/get_sim_card_info"],
)
@pytest.mark.parametrize("not_found", ["empty", "fault"])
def test_look_up_of_nothing_follows_the_setting(
    asking: Callable[..., Ask], world: World, operation: str, not_found: str
) -> None:
    """Section 2.4, not found: by default `200 {}`, and a fault where the installation is set so."""
    ask = asking(world, not_found=not_found)

    if not_found == "empty":
        assert ask(operation, i_account=5) == {}
    else:
        code = f"Server.{operation.replace('/', '.')}.not_found"
        with pytest.raises(Exception, match=code):
            ask(operation, i_account=5)


@pytest.mark.parametrize("name", ["SIMCard/assign_sim_card", "Account/update_account"])
def test_a_change_is_never_answered_as_not_found(asking: Callable[..., Ask], world: World, name: str) -> None:
    """What was changed is acknowledged, even where the record that is shown is empty afterwards."""
    ask = asking(world, not_found="fault")
    params: dict[str, Any] = {"i_account": 189, "iccid": "", "imsi": ""}

    answer = ask(name, **params, account_info={"i_account": 189})

    assert answer == ({} if name.startswith("SIM") else {"i_account": 189})
    assert (world.account_by_card({"imsi": "001010000000189"}) is None) == name.startswith("SIM")


def test_unlikely_texts_travel_unharmed(make_web: Callable[..., tuple[Stack, Client]]) -> None:
    """NUL and half a surrogate are no ID of an account, and no reason for the simulator to fail."""
    stack, web = make_web()
    token = stack.sessions.open(stack.world.users["provisioner"]).access_token
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    for text in ("\\u0000", "\\ud800", "a\\u0000b", "\\udfff\\ud800"):
        found = web.post(f"/rest/{INFO}", data=f'{{"params": {{"id": "{text}"}}}}', headers=headers)
        info = f'{{"params": {{"account_info": {{"i_account": 189, "note": "{text}"}}}}}}'
        web.post(f"/rest/{UPDATE}", data=info, headers=headers)
        back = web.post(f"/rest/{INFO}", data='{"params": {"i_account": 189}}', headers=headers)
        assert (found.status_code, json.loads(found.data)) == (200, {})
        assert back.status_code == 200

    assert stack.surprises == []
