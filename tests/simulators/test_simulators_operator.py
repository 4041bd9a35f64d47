"""The bundled world `operator`: each thing that a world file can hold works as its comments say."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from simulators.world import World

Ask = Callable[..., dict[str, Any]]
SUBSCRIBER: Final = 200
CARD: Final = "8900100000000002001"


@pytest.fixture(name="operator")
def _operator(asking: Callable[..., Ask]) -> Ask:
    """Call a method of the JSON API over the bundled world."""
    return asking(World.load("operator"))


def test_services_are_those_of_the_product(operator: Ask) -> None:
    """A product's accounts need its services, where they have none of their own."""
    needed = [
        operator("Account/get_account_info", i_account=number)["account_info"]["included_services"]
        for number in (SUBSCRIBER, 202)
    ]

    assert needed == [["HSS", "PCRF"], ["HSS"]]


def test_blocked_customer_blocks_its_accounts(operator: Ask) -> None:
    """An account shows what keeps its customer from service."""
    info = operator("Account/get_account_info", id="8900100000000002027")["account_info"]

    assert (info["i_account"], info["status"], info["customer_blocked"]) == (202, "customer_blocked", "Y")


def test_alias_and_closed_account_are_found(operator: Ask) -> None:
    """An alias names its master, and a closed account stays readable under its ending."""
    alias = operator("Account/get_account_info", id="office.north@example.com")["account_info"]
    closed = operator("Account/get_account_info", id="12065550203@msisdn-old000")["account_info"]

    assert alias["i_master_account"] == SUBSCRIBER
    assert (closed["bill_status"], closed["status"]) == ("C", "closed")


def test_numbers_and_invoices_are_listed(operator: Ask) -> None:
    """The DID inventory knows who has a number; an invoice is its customer's."""
    numbers = operator("DID/get_number_list")["number_list"]
    invoices = operator("Invoice/get_invoice_list", i_customer=1)["invoice_list"]

    assert [(number["number"], number["usage"]) for number in numbers] == [
        ("12065550300", "U"),
        ("12065550301", "I"),
    ]
    assert [(invoice["i_invoice"], invoice["amount_due"]) for invoice in invoices] == [(1, 7.5)]


def test_accounts_are_derived_on_demand(operator: Ask) -> None:
    """Any of a million accounts is there, and the next one is not."""
    last = operator("Account/get_account_info", i_account=1_999_999)["account_info"]

    assert last["id"] == "130001999999@msisdn"
    assert operator("Account/get_account_info", i_account=2_000_000) == {}


def test_installation_has_its_own_methods_and_names(operator: Ask, fault_of: Callable[..., str]) -> None:
    """A look-up under another name, a template over the world, and a method that always refuses."""
    card = operator("Inventory/get_card", i_account=SUBSCRIBER)["card_info"]
    profile = operator("Account/get_network_profile", i_account=SUBSCRIBER)["profile"]

    assert card["ICCID"] == CARD
    assert profile == {"imsi": "001010000000200", "apn": "internet", "owner": "Example retail"}
    assert fault_of(operator, "Account/get_location") == "Server.Account.location_unknown"


def test_events_are_authenticated_in_the_operators_way() -> None:
    """The header's name, the type word and the value are the file's."""
    events = World.load("operator").events

    assert (events.header, events.header_value) == ("X-Authorization", "Token offline-events")


def test_account_can_log_in_for_itself() -> None:
    """A user of the accounts' realm is the account that the file names."""
    user = World.load("operator").users["subscriber"]

    assert (user.realm, user.number) == ("accounts", SUBSCRIBER)
