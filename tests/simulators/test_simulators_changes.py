"""Changes through the JSON API: each raises its internal events, and one that is refused leaves no trace."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.portabilling.faults import Fault
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
Raised = list[tuple[str, dict[str, Any]]]
INFO: Final = "Account/get_account_info"
ADD: Final = "Account/add_account"
UPDATE: Final = "Account/update_account"
END: Final = "Account/terminate_account"
CUSTOM: Final = "Account/update_custom_fields_values"
CUSTOMER: Final = "Customer/update_customer"
SIM: Final = "SIMCard/assign_sim_card"
ADDON: Final = {"i_product": 62}
FEATURE: Final = {"name": "voice_location", "flag_value": "/"}
# Account 1 is fine, 2 suspended, 3 closed; 4 is an alias of 1. Each row: the changed fields, the events.
ACCOUNT_CHANGES: Final[tuple[tuple[int, dict[str, Any], list[str]], ...]] = (
    (1, {"blocked": "Y"}, ["Account/Blocked"]),
    (2, {"blocked": "N"}, []),
    (1, {"bill_status": "S"}, ["Account/Status/Suspended"]),
    (2, {"bill_status": "O"}, ["Account/Status/SuspensionRemoved"]),
    (1, {"bill_status": "I"}, ["Account/Status/Changed"]),
    (1, {"id": "new"}, ["Account/ID/Changed"]),
    (1, {"i_product": 5}, ["Account/Product/Changed"]),
    (1, {"i_product": "5"}, ["Account/Product/Changed"]),
    (1, {"activation_date": "2026-02-01"}, ["Account/ActivationDate/Changed"]),
    (1, {"expiration_date": "2027-01-01"}, ["Account/ExpirationDate/Changed"]),
    (1, {"h323_password": "x"}, ["Account/ServicePassword/Changed"]),
    (1, {"password": "x"}, ["Account/Password/Changed"]),
    (1, {"service_flags": "Y"}, ["Account/ServiceFlags/Changed"]),
    (1, {"service_features": [FEATURE]}, ["Account/ServiceAttribute/Changed"]),
    (1, {"assigned_addons": [ADDON]}, ["Account/ProductAddon/Inserted"]),
    (2, {"assigned_addons": []}, ["Account/ProductAddon/Deleted"]),
    (2, {"assigned_addons": [{**ADDON, "addon_priority": 9}]}, ["Account/ProductAddon/Changed"]),
    (2, {"assigned_addons": [ADDON, ADDON]}, ["Account/ProductAddon/Inserted"]),
    (2, {"assigned_addons": [ADDON]}, []),
    (
        2,
        {"assigned_addons": [{"i_product": 63}]},
        ["Account/ProductAddon/Inserted", "Account/ProductAddon/Deleted"],
    ),
    (1, {"firstname": "A", "lastname": "B"}, ["Subscriber/Name/Changed"]),
    (1, {"zip": "1"}, ["Subscriber/Address/Changed"]),
    (1, {"phone1": "1", "email": "a"}, ["Subscriber/ContactInfo/Changed"]),
    (1, {"note": "no event tells of it"}, []),
    (1, {"api_token": "1-2-3"}, []),
    (1, {"balance": 5}, ["Account/BalanceChanged"]),
    (1, {"blocked": "Y", "id": "new"}, ["Account/Blocked", "Account/ID/Changed"]),
)
REFUSED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (UPDATE, {"account_info": {"i_account": 1, "id": "id-2"}}),
    (UPDATE, {"account_info": {"i_account": 1, "id": ""}}),
    (UPDATE, {"account_info": {"i_account": 1, "id": "x" * 65}}),
    (UPDATE, {"account_info": {"i_account": 1, "id": "a\0b"}}),
    (UPDATE, {"account_info": {"i_account": 1, "id": "\ud800"}}),
    (UPDATE, {"account_info": {"i_account": 1, "id": None}}),
    (UPDATE, {"account_info": {"i_account": 1, "i_customer": 99}}),
    (UPDATE, {"account_info": {"i_account": 1, "i_product": 99}}),
    (UPDATE, {"account_info": {"i_account": 1, "bill_status": "C"}}),
    (UPDATE, {"account_info": {"i_account": 1, "bill_status": "X"}}),
    (UPDATE, {"account_info": {"i_account": 3, "bill_status": "O"}}),
    (UPDATE, {"account_info": {"i_account": 1, "blocked": "yes"}}),
    (UPDATE, {"account_info": {"i_account": 1, "i_master_account": 2}}),
    (UPDATE, {"account_info": {"i_account": 2, "i_master_account": 2}}),
    (UPDATE, {"account_info": {"i_account": 2, "i_master_account": 3}}),
    (UPDATE, {"account_info": {"i_account": 2, "i_master_account": 4}}),
    (UPDATE, {"account_info": {"i_account": 2, "i_master_account": 99}}),
    (UPDATE, {"account_info": {"i_account": 1, "note": "x", "balance": "much"}}),
    (UPDATE, {"account_info": {"i_account": 1, "note": "x", "balance": float("inf")}}),
    (UPDATE, {"account_info": {"i_account": 1, "note": "x", "balance": 10**400}}),
    (UPDATE, {"account_info": {"i_account": 1, "note": "x", "balance": True}}),
    (UPDATE, {"account_info": {"i_account": 1, "i_role": 10**400, "balance": "1" * 500}}),
    (UPDATE, {"account_info": {"i_account": 1, "assigned_addons": [{"name": "x"}]}}),
    (UPDATE, {"account_info": {"i_account": 1, "service_features": [{"name": 5}]}}),
    (UPDATE, {"account_info": {"i_account": 99, "note": "x"}}),
    (UPDATE, {"account_info": {"i_account": 2**31}}),
    (UPDATE, {"account_info": {"note": "x"}}),
    (UPDATE, {"account_info": {}}),
    (UPDATE, {"account_info": []}),
    (UPDATE, {}),
    (ADD, {"account_info": {"id": "id-1", "i_customer": 1}}),
    (ADD, {"account_info": {"id": "new"}}),
    (ADD, {"account_info": {"i_customer": 1}}),
    (ADD, {"account_info": {"id": "new", "i_customer": 99}}),
    (ADD, {"account_info": {"id": "new", "i_customer": 3}}),
    (ADD, {"account_info": {"id": "new", "i_customer": 1, "i_product": 99}}),
    (ADD, {"account_info": {"id": "new", "i_customer": 1, "bill_status": "C"}}),
    (ADD, {"account_info": {"id": "new", "i_customer": 1, "i_master_account": 3}}),
    (END, {"i_account": 99}),
    (END, {"id": "id-99"}),
    (END, {}),
    (CUSTOM, {"i_account": 99, "custom_fields_values": []}),
    (CUSTOM, {"i_account": 1, "custom_fields_values": [{"db_value": "x"}]}),
    (CUSTOMER, {"customer_info": {"i_customer": 99, "name": "x"}}),
    (CUSTOMER, {"customer_info": {"i_customer": 1, "name": ""}}),
    (CUSTOMER, {"customer_info": {"i_customer": 1, "bill_status": "I"}}),
    ("Customer/add_customer", {"customer_info": {"name": ""}}),
    (SIM, {"i_account": 1, "iccid": "89" * 10, "imsi": ""}),
    (SIM, {"i_account": 1, "iccid": "89" * 10, "imsi": "\u0661" * 15}),
    (SIM, {"i_account": 1, "iccid": "8900100000000000002", "imsi": "001010000000009"}),
    (SIM, {"i_account": 3, "iccid": "89" * 10, "imsi": "001010000000009"}),
    (SIM, {"i_account": 99, "iccid": "89" * 10, "imsi": "001010000000009"}),
    ("DID/assign_did_to_account", {"number": "1", "i_account": 3}),
    ("DID/assign_did_to_account", {"number": "2", "i_account": 1}),
    ("DID/assign_did_to_customer", {"number": "1", "i_customer": 99}),
    ("DID/assign_did_to_customer", {"number": "1", "i_customer": 3}),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["id-1", "O", "C"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
infos = st.dictionaries(
    st.sampled_from(["i_account", "id", "i_customer", "i_product", "bill_status", "blocked", "balance", "x"]),
    values,
)


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    return [nested(depth - 1)] if depth else []


@pytest.fixture(scope="module")
def office(make_world: Callable[..., World]) -> Callable[[], World]:
    """Make a world with an account for each case."""
    card = {"iccid": "8900100000000000002", "imsi": "001010000000002"}
    addons = {"assigned_addons": [ADDON]}
    return lambda: make_world(
        products=[{"i_product": 1, "name": "One"}, {"i_product": 5, "name": "Five"}],
        customers=[{"i_customer": 2, "name": "Two"}, {"i_customer": 3, "name": "Gone", "bill_status": "C"}],
        accounts=[
            {"i_account": 1, "id": "id-1"},
            {"i_account": 2, "id": "id-2", "i_customer": 2, "bill_status": "S", "info": addons, **card},
            {"i_account": 3, "id": "id-3", "bill_status": "C"},
            {"i_account": 4, "id": "id-4", "i_master_account": 1},
        ],
        numbers=[{"number": "1", "i_customer": 1}],
    )


def snapshot(world: World) -> Any:
    """All that a change could change, copied."""
    indexes = (world._ids, world._former_ids)
    return deepcopy((world.accounts, world.customers(), world.numbers(), dict(world.groups), indexes))


@pytest.mark.parametrize(("i_account", "change", "events"), ACCOUNT_CHANGES)
def test_change_of_an_account_raises_its_events(
    office: Callable[[], World],
    asking: Callable[..., Ask],
    i_account: int,
    change: dict[str, Any],
    events: list[str],
) -> None:
    """Section 1.5: each changed field has its event, once, and the same change again raises none."""
    raised: Raised = []
    ask = asking(office(), raised)

    assert ask(UPDATE, account_info={"i_account": i_account, **change}) == {"i_account": i_account}
    ask(UPDATE, account_info={"i_account": i_account, **change})

    assert [event_type for event_type, _ in raised] == events
    for event_type, variables in raised:
        # Section 1.5: a balance names its owner as no other event does.
        key = "billing_entity_id" if event_type.endswith("BalanceChanged") else "i_account"
        assert variables[key] == i_account
        assert (len(variables) > 1) == event_type.endswith("BalanceChanged")


def test_balance_event_tells_both_balances(ask: Ask, raised: Raised) -> None:
    """Section 1.5: billing_entity_id, prev_balance and curr_balance, and no i_account."""
    ask(UPDATE, account_info={"i_account": 189, "balance": 2.5})
    ask(CUSTOMER, customer_info={"i_customer": 1, "balance": "7"})

    balances = {"prev_balance": 0.0, "curr_balance": 2.5}
    assert raised == [
        ("Account/BalanceChanged", {"billing_entity_id": 189, **balances}),
        ("Customer/BalanceChanged", {"billing_entity_id": 1, "prev_balance": 0.0, "curr_balance": 7}),
    ]


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        ("O", "S", "Suspended"),
        ("S", "O", "Unsuspend"),
        ("O", "C", "Closed"),
        ("S", "C", "Closed"),
        ("O", "E", "Exported"),
        ("E", "O", "Imported"),
        ("O", "D", "Deactivated"),
        ("D", "O", "Activated"),
        ("C", "O", "Changed"),
    ],
)
def test_status_of_a_customer_has_its_events(
    make_world: Callable[..., World], asking: Callable[..., Ask], before: str, after: str, event: str
) -> None:
    """Section 1.5: the names that the public list gives to the status that is reached or left."""
    raised: Raised = []
    customer = {"i_customer": 9, "name": "Nine", "bill_status": before}
    ask = asking(make_world(customers=[customer]), raised)

    for _ in range(2):
        ask(CUSTOMER, customer_info={"i_customer": 9, "bill_status": after})

    assert raised == [(f"Customer/Status/{event}", {"i_customer": 9})]


@pytest.mark.parametrize(
    ("change", "of_customer", "of_account"),
    [
        ({"bill_status": "S"}, "Customer/Status/Suspended", "Account/Status/Suspended"),
        (
            {"service_features": [FEATURE]},
            "Customer/ServiceAttribute/Changed",
            "Account/ServiceAttribute/Changed",
        ),
        ({"name": "Another"}, "Customer/Name/Changed", None),
        ({"blocked": "Y"}, "Customer/Blocked", None),
        ({"service_flags": "Y"}, "Customer/ServiceFlags/Changed", None),
    ],
)
def test_accounts_inherit_events_of_their_customer(
    office: Callable[[], World],
    asking: Callable[..., Ask],
    change: dict[str, Any],
    of_customer: str,
    of_account: str | None,
) -> None:
    """Section 1.5: one change of a customer is told by its open accounts too, where the list says so."""
    raised: Raised = []

    asking(office(), raised)(CUSTOMER, customer_info={"i_customer": 1, **change})

    assert raised[0] == (of_customer, {"i_customer": 1})
    inherited = [(of_account, {"i_account": number}) for number in (1, 4)] if of_account else []
    assert raised[1:] == inherited


def test_whole_life_of_an_account_raises_its_events(ask: Ask, raised: Raised) -> None:
    """New, a custom field, a card, closed: one event each, and none for what changes nothing."""
    number = ask(ADD, account_info={"id": "new", "i_customer": 1, "note": "x"})["i_account"]
    card = {"i_account": number, "iccid": "89" * 10, "imsi": "001010000000009"}
    fields = [{"name": "colour", "db_value": "red"}]
    for operation, params in (
        (CUSTOM, {"i_account": number, "custom_fields_values": fields}),
        (SIM, card),
        (END, {"i_account": number}),
    ):
        assert ask(operation, **params) == ask(operation, **params)

    types = (
        "Account/New",
        "Account/CustomField/Changed",
        "Account/SIMCardAssignment",
        "Account/Status/Closed",
    )
    assert raised == [(event_type, {"i_account": number}) for event_type in types]


@pytest.mark.parametrize(("operation", "params"), REFUSED)
def test_refused_change_leaves_no_trace(
    office: Callable[[], World],
    asking: Callable[..., Ask],
    fault_of: Callable[..., str],
    operation: str,
    params: dict[str, Any],
) -> None:
    """What is refused is neither stored nor told, and a taken ID alone has the code of one (2.6)."""
    raised: Raised = []
    world = office()
    before = snapshot(world)

    code = fault_of(asking(world, raised), operation, **params)

    takes_an_id = params.get("account_info") in (
        {"i_account": 1, "id": "id-2"},
        {"id": "id-1", "i_customer": 1},
    )
    assert code == ("Server.Account.duplicate_id" if takes_an_id else "Client.invalid_parameters")
    assert raised == []
    assert snapshot(world) == before


@given(
    operation=st.sampled_from([ADD, UPDATE, END, CUSTOM, CUSTOMER, SIM, "DID/assign_did_to_account"]),
    info=infos,
    params=st.dictionaries(st.sampled_from(["i_account", "id", "iccid", "imsi", "number"]), values),
)
# What can still be read may be too deep to be written.
@example(operation=UPDATE, info={"i_account": 1, "x": nested(250)}, params={})
@example(operation=UPDATE, info={"i_account": 1, "x": nested(300)}, params={})
def test_any_call_is_answered_or_leaves_no_trace(
    office: Callable[[], World],
    asking: Callable[..., Ask],
    operation: str,
    info: dict[str, Any],
    params: dict[str, Any],
) -> None:
    """Whatever is sent, a refusal changes nothing and what was accepted can be read."""
    raised: Raised = []
    world = office()
    ask = asking(world, raised)
    before = snapshot(world)

    try:
        ask(operation, account_info=info, customer_info=info, custom_fields_values=[], **params)
    except Fault:
        assert raised == []
        assert snapshot(world) == before

    assert ask("Account/get_account_list", detailed_info=1)["account_list"]
    assert ask("Customer/get_customer_list")["customer_list"]
