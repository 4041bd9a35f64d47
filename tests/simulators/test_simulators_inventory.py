"""The inventory in the JSON API: SIM cards and DIDs, looked up, listed and assigned."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from simulators.world import World

Ask = Callable[..., dict[str, Any]]
Raised = list[tuple[str, dict[str, Any]]]
SIM: Final = "SIMCard/get_sim_card_info"
ASSIGN: Final = "SIMCard/assign_sim_card"
LIST: Final = "DID/get_number_list"
TO_ACCOUNT: Final = "DID/assign_did_to_account"
TO_CUSTOMER: Final = "DID/assign_did_to_customer"
CARD: Final = {"iccid": "8900100000000009999", "imsi": "001010000009999"}
# The card of account 189 in the demo world.
TAKEN: Final = {"iccid": "8900100000000001896", "imsi": "001010000000189"}
NUMBERS: Final = (
    {"number": "12065551"},
    {"number": "12065552", "i_customer": 1, "info": {"i_vendor": 4, "i_group": 6}},
    {"number": "12065553", "i_customer": 1, "i_account": 189, "info": {"i_dv_batch": 5, "never_captured": 1}},
)


@pytest.fixture
def office(make_world: Callable[..., World], asking: Callable[..., Ask], raised: Raised) -> Ask:
    """The demo world with a few DIDs."""
    return asking(make_world(numbers=NUMBERS), raised)


@pytest.mark.parametrize(
    "key",
    [
        {"i_account": "189"},
        {"id": "12065550189@msisdn"},
        {"iccid": "8900100000000001896"},
        {"imsi": "001010000000189"},
        {"msisdn": "12065550189"},
        TAKEN,
        {"i_account": 189, "imsi": "0"},
    ],
)
def test_card_is_found_by_each_key(ask: Ask, key: dict[str, Any]) -> None:
    """Section 2.5, SIM card: by its account or by its own data, all of which must fit."""
    assert ask(SIM, **key)["sim_card_info"] == {
        "i_sim_card": 189,
        "i_account": 189,
        **TAKEN,
        "msisdn": "12065550189",
        "status": "used",
    }


@pytest.mark.parametrize(
    "key",
    [
        {"imsi": "001010000000188"},
        {"imsi": ""},
        {"iccid": "x"},
        {"msisdn": "2065550189"},
        {"msisdn": "\ud800"},
        {**TAKEN, "imsi": "001010000000190"},
    ],
)
def test_unknown_card_is_an_empty_answer(ask: Ask, key: dict[str, str]) -> None:
    """Nothing is found by a part of the data, by none of it, or by the data of two cards."""
    assert ask(SIM, **key) == {}


@pytest.mark.parametrize("key", [{}, {"imsi": None}, {"imsi": 1010000000189}, {"i_account": "x"}])
def test_card_without_a_key_is_a_fault(fault_of: Callable[..., str], ask: Ask, key: dict[str, Any]) -> None:
    """A look-up must name something, and card data are texts."""
    assert fault_of(ask, SIM, **key) == "Client.invalid_parameters"


def test_assigned_card_has_the_number_of_its_account(ask: Ask, raised: Raised) -> None:
    """Section 2.5: the MSISDN of an assigned card equals the ID of the linked account."""
    number = ask("Account/add_account", account_info={"id": "4917@msisdn", "i_customer": 1})["i_account"]
    assert ask(SIM, i_account=number) == {}

    card = ask(ASSIGN, i_account=number, **CARD)["sim_card_info"]

    assert card == ask(SIM, imsi=CARD["imsi"])["sim_card_info"]
    assert (card["i_account"], card["msisdn"], card["status"]) == (number, "4917", "used")
    assert ask(ASSIGN, i_account=number, **CARD, msisdn="42")["sim_card_info"]["msisdn"] == "42"
    assert [event_type for event_type, _ in raised[1:]] == ["Account/SIMCardAssignment"] * 2


def test_card_is_taken_away_by_empty_data(ask: Ask, raised: Raised) -> None:
    """Without a card there is nothing to find, and taking away nothing is no event."""
    for _ in range(2):
        assert ask(ASSIGN, i_account=189, iccid="", imsi="") == {}

    assert ask(SIM, i_account=189) == ask(SIM, **TAKEN) == ask(SIM, msisdn="12065550189") == {}
    assert raised == [("Account/SIMCardAssignment", {"i_account": 189})]


def test_number_without_a_card_is_not_taken_away(
    make_world: Callable[..., World], asking: Callable[..., Ask], raised: Raised
) -> None:
    """An account that has no card keeps the number that its world gave it, and there is no event."""
    world = make_world(accounts=[{"i_account": 1, "id": "a", "msisdn": "42"}])

    asking(world, raised)(ASSIGN, i_account=1, iccid="", imsi="")

    assert [account.msisdn for account in world.accounts] == ["42"]
    assert raised == []


def test_card_moves_from_a_closed_account(ask: Ask, fault_of: Callable[..., str]) -> None:
    """An open account keeps its card to itself; a closed one's can be another's, which is then found."""
    assert fault_of(ask, ASSIGN, i_account=190, **TAKEN) == "Client.invalid_parameters"
    ask("Account/terminate_account", i_account=189)

    ask(ASSIGN, i_account=190, **TAKEN)

    assert ask(SIM, **TAKEN)["sim_card_info"]["i_account"] == 190
    assert ask(SIM, i_account=189)["sim_card_info"]["imsi"] == TAKEN["imsi"]


@pytest.mark.parametrize("digits", [(18, 6), (19, 15), (20, 14), (22, 15)])
def test_card_of_each_length_is_taken(ask: Ask, digits: tuple[int, int]) -> None:
    """Section 2.5: an ICCID has 18 to 22 digits, an IMSI 6 to 15."""
    card = {"iccid": "8" * digits[0], "imsi": "0" * digits[1]}

    assert ask(ASSIGN, i_account=189, **card)["sim_card_info"].items() >= card.items()


@pytest.mark.parametrize(
    "card", [("8" * 17, "0" * 15), ("8" * 23, "0" * 15), ("8" * 19, "0" * 5), ("8" * 19, "0" * 16)]
)
def test_card_of_another_length_is_refused(
    ask: Ask, fault_of: Callable[..., str], card: tuple[str, str]
) -> None:
    """One digit less or more is no card."""
    assert fault_of(ask, ASSIGN, i_account=189, iccid=card[0], imsi=card[1]) == "Client.invalid_parameters"


@pytest.mark.parametrize(
    ("filters", "last_digits"),
    [
        ({}, "123"),
        ({"number": "12065552"}, "2"),
        ({"number": "%3"}, "3"),
        ({"number": "1206555"}, ""),
        ({"usage": "A"}, "123"),
        ({"usage": "I"}, "1"),
        ({"usage": "U"}, "3"),
        ({"usage": "F"}, "12"),
        ({"usage": "Z"}, ""),
        ({"i_customer": "1"}, "23"),
        ({"i_account": 189}, "3"),
        ({"i_dv_batch": 5}, "3"),
        ({"i_vendor": 4, "i_group": "6"}, "2"),
        ({"available_to_customer": 1}, "12"),
        ({"available_to_customer": "99"}, "1"),
        ({"limit": 1, "offset": 1}, "2"),
    ],
)
def test_numbers_are_listed(office: Ask, filters: dict[str, Any], last_digits: str) -> None:
    """Section 2.5, DID: each filter of the public client, with wildcards and pages."""
    rows = office(LIST, **filters)["number_list"]

    assert "".join(row["number"][-1] for row in rows) == last_digits
    assert office(LIST, get_total=1)["total"] == 3


def test_number_has_its_fields(office: Ask) -> None:
    """Whose it is, and null where it is nobody's; further fields of the world file stay."""
    first, _, third = office(LIST)["number_list"]

    assert first == {
        "i_did_number": 1,
        "number": "12065551",
        **dict.fromkeys(("i_customer", "i_account", "i_dv_batch", "i_vendor", "i_group")),
        "usage": "I",
    }
    assert (third["i_account"], third["never_captured"], third["usage"]) == (189, 1, "U")


def test_number_is_assigned_and_moves(office: Ask, raised: Raised) -> None:
    """To an account and its customer, then back to the customer alone; each change is told once."""
    for operation, owner in ((TO_ACCOUNT, {"i_account": "190"}), (TO_CUSTOMER, {"i_customer": 1})):
        for _ in range(2):
            assert office(operation, number="12065551", **owner) == {"success": 1}
        (row,) = office(LIST, number="12065551")["number_list"]
        expected = (190, "U") if operation == TO_ACCOUNT else (None, "F")
        assert (row["i_account"], row["usage"], row["i_customer"]) == (*expected, 1)

    assert raised == [
        (f"DID/Status/{change}", {"number": "12065551"}) for change in ("Assigned", "Unassigned")
    ]


def test_number_moves_from_customer_to_customer(
    make_world: Callable[..., World], asking: Callable[..., Ask], raised: Raised
) -> None:
    """A DID of the inventory is assigned, and moves when another customer gets it."""
    customers = [{"i_customer": number, "name": "x"} for number in (1, 2)]
    ask = asking(make_world(customers=customers, numbers=[{"number": "1"}]), raised)

    for i_customer in (1, 2):
        ask(TO_CUSTOMER, number="1", i_customer=i_customer)

    assert [event for event, _ in raised] == ["DID/Status/Assigned", "DID/Status/Moved"]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (TO_ACCOUNT, {"i_master_account": 189}),
        (TO_ACCOUNT, {"i_did_number": 1}),
        (TO_ACCOUNT, {"i_did_number": 4, "i_master_account": 189}),
        (TO_ACCOUNT, {"i_did_number": 0, "number": "12065551", "i_master_account": 189}),
        (TO_ACCOUNT, {"i_did_number": 1, "i_master_account": 4711, "i_account": 189}),
        (TO_CUSTOMER, {"i_customer": 1}),
        (TO_CUSTOMER, {"i_did_number": 4, "i_customer": 1}),
    ],
)
def test_assignment_of_what_is_not_there_changes_nothing(
    office: Ask, raised: Raised, fault_of: Callable[..., str], operation: str, params: dict[str, Any]
) -> None:
    """The numbers that clients send go before those that are assumed (S19, S24)."""
    before = office(LIST)

    assert fault_of(office, operation, **params) == "Client.invalid_parameters"
    assert (office(LIST), raised) == (before, [])


@pytest.mark.parametrize("release", [0, 1])
def test_closed_account_gives_its_numbers_back_where_it_is_asked(
    office: Ask, raised: Raised, release: int
) -> None:
    """Section 2.5: `release_assigned_did` decides; the numbers stay the customer's."""
    office("Account/terminate_account", i_account=189, release_assigned_did=release)

    (row,) = office(LIST, number="12065553")["number_list"]
    assert (row["i_account"], row["i_customer"]) == (None if release else 189, 1)
    told = [("Account/Status/Closed", {"i_account": 189}), ("DID/Status/Unassigned", {"number": "12065553"})]
    assert raised == told[: 1 + release]
