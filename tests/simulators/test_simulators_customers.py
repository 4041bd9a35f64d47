"""Customers and invoices in the JSON API: their shapes, statuses, lists, changes, and the invoice's file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from werkzeug.test import Client

from simulators.bundled import find
from simulators.stack import Stack
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
INFO: Final = "Customer/get_customer_info"
LIST: Final = "Customer/get_customer_list"
ADD: Final = "Customer/add_customer"
UPDATE: Final = "Customer/update_customer"
# Section 2.5, by type.
SHAPE: Final = {
    **dict.fromkeys(
        ("i_customer", "i_customer_type", "i_customer_class", "i_balance_control_type", "i_office_type"), int
    ),
    **dict.fromkeys(("name", "bill_status", "blocked", "creation_date", "iso_4217"), str),
    **dict.fromkeys(("scheduled_status_change_list", "service_features"), list),
    **dict.fromkeys(("credit_limit", "perm_credit_limit", "billed_to", "next_billed_to"), type(None)),
    "balance": float,
    "unallocated_payments": int,
}
CUSTOMERS: Final = (
    {"i_customer": 1, "name": "100% Fun"},
    {"i_customer": 2, "name": "a_b"},
    {"i_customer": 3, "name": "a.b", "bill_status": "C"},
)
INVOICES: Final = (
    {"i_invoice": 7, "i_customer": 1, "info": {"amount_net": 12.5, "never_captured": "x"}},
    {"i_invoice": 8, "i_customer": 2},
    {"i_invoice": 9, "i_customer": 1},
)


@pytest.fixture
def office(make_world: Callable[..., World], asking: Callable[..., Ask]) -> Ask:
    """A few customers with invoices."""
    return asking(make_world(customers=CUSTOMERS, accounts=[], invoices=INVOICES))


def test_customer_has_the_captured_shape(office: Ask) -> None:
    """Section 2.5: each field is there with its type, and `status` is absent while all is well."""
    (name, info), *rest = office(INFO, i_customer="1", detailed_info=1, effective_values=1).items()

    assert (name, rest) == ("customer_info", [])
    assert {field: type(value) for field, value in info.items()} == SHAPE
    assert (info["bill_status"], info["blocked"], info["creation_date"][10]) == ("O", "N", " ")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, None),
        ({"bill_status": "S"}, "suspended"),
        ({"bill_status": "C"}, "closed"),
        ({"bill_status": "E"}, "exported"),
        ({"bill_status": "D", "blocked": True}, "provisionally_terminated"),
        ({"blocked": True}, "blocked"),
        ({"info": {"status": "limited"}}, "limited"),
        ({"info": {"status": "limited"}, "blocked": True}, "blocked"),
    ],
)
def test_status_of_a_customer_has_the_public_words(
    make_world: Callable[..., World], asking: Callable[..., Ask], fields: dict[str, Any], word: str | None
) -> None:
    """Section 2.5, status: a word of the public library (S23), absent while all is well."""
    ask = asking(make_world(customers=[{"i_customer": 9, "name": "x", **fields}]))

    assert ask(INFO, i_customer=9)["customer_info"].get("status", None) == word


def test_unknown_customer_is_an_empty_answer(office: Ask) -> None:
    """Not found is no fault, as for accounts (2.4)."""
    assert office(INFO, i_customer=99) == {}
    assert office("Invoice/get_invoice_info", i_invoice=99) == {}
    assert office("Invoice/get_invoice_list", i_customer=99) == {"invoice_list": [], "total": 0}


def test_customer_exists_where_accounts_name_it(ask: Ask) -> None:
    """The demo declares no customer, and its accounts have one all the same."""
    assert ask(INFO, i_customer=1)["customer_info"]["name"] == "Customer 1"
    assert [row["i_customer"] for row in ask(LIST)["customer_list"]] == [1]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"name": "a%"}, [2, 3]),
        ({"name": "a_b"}, [2]),
        ({"name": "%.%"}, [3]),
        ({"bill_status": "C"}, [3]),
        ({"limit": 1, "offset": 1}, [2]),
        ({"name": ""}, []),
    ],
)
def test_customers_are_listed(office: Ask, filters: dict[str, Any], numbers: list[int]) -> None:
    """By name with wildcards, by status, in pages; closed ones too."""
    assert [row["i_customer"] for row in office(LIST, **filters)["customer_list"]] == numbers
    assert office(LIST, get_total=1)["total"] == 3


def test_customer_is_added_and_changed(office: Ask) -> None:
    """A new customer has the next number, and a change leaves what it does not name."""
    assert office(ADD, customer_info={"name": "New", "city": "Berne", "balance": 1.5}) == {"i_customer": 4}

    assert office(UPDATE, customer_info={"i_customer": "4", "blocked": "Y"}) == {"i_customer": 4}

    info = office(INFO, i_customer=4)["customer_info"]
    shown = {name: info[name] for name in ("name", "city", "balance", "blocked", "status")}
    assert shown == {"name": "New", "city": "Berne", "balance": 1.5, "blocked": "Y", "status": "blocked"}


@pytest.mark.parametrize(
    ("name", "value"), [("name", "x"), ("blocked", "Y"), ("city", "y"), ("i_office_type", 3)]
)
def test_customer_that_is_written_back_changes_the_one_field(office: Ask, name: str, value: object) -> None:
    """A client that writes a whole record back changes what it changed, and stores no copies."""
    before = office(INFO, i_customer=1)["customer_info"]

    office(UPDATE, customer_info={**before, name: value})

    after = office(INFO, i_customer=1)["customer_info"]
    follow = {"status": "blocked"} if name == "blocked" else {}
    assert after == {**before, name: value, **follow}


def test_added_customer_can_own_accounts(office: Ask) -> None:
    """A client adds a customer, an account for it, and finds the one with the other."""
    customer = office(ADD, customer_info={"name": "New"})
    account = office("Account/add_account", account_info={"id": "x", **customer})

    answer = office("Account/get_account_info", **account, with_customer_info=1)

    assert answer["customer_info"]["name"] == answer["account_info"]["customer_name"] == "New"


def test_customer_of_derived_accounts_is_one_of_all(
    make_world: Callable[..., World], asking: Callable[..., Ask]
) -> None:
    """Accounts that cost no memory have an owner too, whose number no new customer gets."""
    ask = asking(make_world(accounts=[], derived={"count": 3}))

    assert [row["i_customer"] for row in ask(LIST)["customer_list"]] == [1]
    assert ask(ADD, customer_info={"name": "New"}) == {"i_customer": 2}


def test_invoices_are_listed_and_looked_up(office: Ask) -> None:
    """Section 2.1, naming: `invoice_info`, and `invoice_list` with a total; filtered by customer."""
    listed = office("Invoice/get_invoice_list", i_customer=1, get_total=1)
    (row,) = office("Invoice/get_invoice_list", i_customer=1, limit=1)["invoice_list"]

    info = office("Invoice/get_invoice_info", i_invoice="7")["invoice_info"]

    assert [each["i_invoice"] for each in listed["invoice_list"]] == [7, 9]
    assert listed["total"] == 2
    assert row == info
    assert (info["invoice_number"], info["amount_net"], info["never_captured"]) == ("7", 12.5, "x")


def test_invoice_comes_as_a_file(make_web: Callable[..., tuple[Stack, Client]], tmp_path: Path) -> None:
    """Section 2.1, response type: a PDF is an attachment with a name, and no JSON."""
    demo = find("worlds", "demo").read_text(encoding="utf-8")
    world = tmp_path / "world.toml"
    world.write_text(f"{demo}\n[[invoices]]\ni_invoice = 7\ni_customer = 1\n", encoding="utf-8")
    stack, web = make_web(world=str(world))
    token = stack.sessions.open(stack.world.users["provisioner"]).access_token

    answers = [
        web.post(
            "/rest/Invoice/get_invoice_info",
            json={"params": {"i_invoice": 7, "get_pdf": get_pdf}},
            headers={"Authorization": f"Bearer {token}"},
        )
        for get_pdf in (1, 0)
    ]

    assert (answers[0].status_code, answers[0].headers["Content-Type"]) == (200, "application/pdf")
    assert answers[0].headers["Content-Disposition"] == 'attachment; filename="invoice_7.pdf"'
    assert answers[0].data.startswith(b"%PDF-")
    assert answers[0].data.rstrip().endswith(b"%%EOF")
    assert json.loads(answers[1].data)["invoice_info"]["i_invoice"] == 7
