"""Derived accounts: always the same, found by all their data, changed one by one, and free of memory."""

import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.records import derived_account
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
INFO: Final = "Account/get_account_info"
LIST: Final = "Account/get_account_list"
SIM: Final = "SIMCard/get_sim_card_info"
MILLION: Final = 1_000_000
# Far below what a million accounts take, above what one look-up leaves to the allocator.
FEW_BYTES: Final = 200_000


@pytest.fixture(scope="module")
def crowded(make_world: Callable[..., World]) -> Callable[..., World]:
    """Make worlds of a million derived accounts and none other."""
    derived = {"first": MILLION, "count": MILLION}
    return lambda **tables: make_world(**{"accounts": [], "derived": derived, **tables})


numbers = st.integers(MILLION, 2 * MILLION - 1)


@given(number=numbers, seed=st.integers(0, 999))
def test_derived_account_is_found_by_all_its_data(
    make_world: Callable[..., World], number: int, seed: int
) -> None:
    """Number, ID, IMSI, ICCID and MSISDN lead to one account, which is the same in every world."""
    world, other = (
        make_world(accounts=[], derived={"first": MILLION, "count": MILLION, "seed": seed}) for _ in range(2)
    )

    account = world.account(number)

    assert account == derived_account(number, seed=seed) == other.account(number)
    assert account == world.account_by_id(account.id)
    for name in ("imsi", "iccid", "msisdn"):
        assert world.account_by_card({name: getattr(account, name)}) == account
    assert world.account_by_card({"imsi": account.imsi, "iccid": "8" * 19}) is None


@pytest.mark.parametrize("number", [0, 1, MILLION - 1, 2 * MILLION, 2**31])
def test_number_outside_the_range_is_no_account(
    crowded: Callable[..., World], asking: Callable[..., Ask], number: int
) -> None:
    """The range ends where it says; what looks like its data beyond is nobody's."""
    ask = asking(crowded())
    stranger = derived_account(min(number, 2**31 - 1) or 5)

    assert ask(INFO, i_account=number) == {}
    assert ask(INFO, id=stranger.id) == ask(SIM, imsi=stranger.imsi) == ask(SIM, iccid=stranger.iccid) == {}


@pytest.mark.parametrize(
    "text", ["", "x", "1000000", "001000000@msisdn", "120001000000", "120001000000@", "\u0661" * 12]
)
def test_what_only_resembles_an_id_is_nobodys(crowded: Callable[..., World], text: str) -> None:
    """The whole ID counts: digits, a part of it, or another ending find nothing."""
    assert crowded().account_by_id(text) is None
    assert crowded().account_by_id("120001000000@msisdn") is not None


def test_changed_account_keeps_the_others(crowded: Callable[..., World], asking: Callable[..., Ask]) -> None:
    """One that is changed is found by its new data and not by its old, and the next ones stay as they are."""
    world = crowded()
    ask = asking(world)
    old = derived_account(MILLION)
    card = {"iccid": "8" * 19, "imsi": "0" * 15}
    ask("Account/update_account", account_info={"i_account": MILLION, "id": "new", "note": "x"})
    ask("SIMCard/assign_sim_card", i_account=MILLION, **card)

    assert ask(INFO, id="new")["account_info"]["note"] == "x"
    assert ask(SIM, **card)["sim_card_info"]["i_account"] == MILLION
    assert ask(INFO, id=old.id) == ask(SIM, imsi=old.imsi) == ask(SIM, iccid=old.iccid) == {}
    assert [account.i_account for account in world.accounts] == [MILLION]
    assert all(world.account(n) == derived_account(n) for n in range(MILLION + 1, MILLION + 100))


def test_id_that_was_given_up_can_be_anothers(
    crowded: Callable[..., World], asking: Callable[..., Ask], fault_of: Callable[..., str]
) -> None:
    """A derived ID is taken until its account is renamed or closed, and then it is free for once."""
    ask = asking(crowded())
    first, second = (derived_account(number).id for number in (MILLION, MILLION + 1))
    new = {"id": first, "i_customer": 1}
    assert fault_of(ask, "Account/add_account", account_info=new) == "Server.Account.duplicate_id"

    ask("Account/terminate_account", i_account=MILLION)
    number = ask("Account/add_account", account_info=new)["i_account"]
    ask("Account/update_account", account_info={"i_account": MILLION + 1, "id": "renamed"})
    ask("Account/update_account", account_info={"i_account": number, "id": second})

    assert number == 2 * MILLION
    assert ask(INFO, id=second)["account_info"]["i_account"] == number
    assert ask(INFO, id=first) == {}
    assert ask(INFO, i_account=MILLION)["account_info"]["id"] == f"{first}-old000"


def test_derived_accounts_are_listed_after_the_others(
    crowded: Callable[..., World], asking: Callable[..., Ask]
) -> None:
    """Each stands once, in pages, by the same filters; the changed ones stand first."""
    ask = asking(crowded())
    ask("Account/update_account", account_info={"i_account": MILLION + 1, "i_product": 7})

    listed = [row["i_account"] for row in ask(LIST, limit=4)["account_list"]]

    assert listed == [MILLION + 1, MILLION, MILLION + 2, MILLION + 3]
    (row,) = ask(LIST, id="%1999999@msisdn")["account_list"]
    assert row["i_account"] == 2 * MILLION - 1
    assert [row["i_account"] for row in ask(LIST, i_product=7)["account_list"]] == [MILLION + 1]
    assert ask(LIST, i_customer=2) == {"account_list": []}


def test_product_gives_derived_accounts_their_services(
    crowded: Callable[..., World], asking: Callable[..., Ask]
) -> None:
    """They have the first product, and need what it needs."""
    ask = asking(crowded(products=[{"i_product": 1, "name": "Data", "services": ["HSS"]}]))

    info = ask(INFO, i_account=MILLION + 5)["account_info"]

    assert (info["included_services"], info["product_name"]) == (["HSS"], "Data")


def peak(work: Callable[[], Iterable[object]]) -> int:
    """The most bytes that were in use at once while some work was done."""
    tracemalloc.start()
    try:
        for _ in work():
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_million_accounts_cost_no_memory(crowded: Callable[..., World], asking: Callable[..., Ask]) -> None:
    """Neither the world nor any look-up, list or count over it holds more than a few accounts at once."""
    world = crowded()
    ask = asking(world)

    def all_look_ups() -> Iterable[object]:
        yield crowded()
        for number in range(MILLION, 2 * MILLION, 997):
            account = derived_account(number)
            yield ask(INFO, i_account=number)
            yield ask(INFO, id=account.id)
            yield ask(SIM, imsi=account.imsi)
            yield ask(SIM, iccid=account.iccid)

    assert peak(all_look_ups) < FEW_BYTES
    assert world.accounts == ()


def test_counting_accounts_costs_no_memory(crowded: Callable[..., World], asking: Callable[..., Ask]) -> None:
    """A total and a late page walk over all accounts without keeping them."""
    many = 100_000
    ask = asking(crowded(derived={"first": MILLION, "count": many}))

    def count() -> Iterable[object]:
        answer = ask(LIST, limit=1, offset=many - 1, get_total=1)
        assert answer["total"] == many
        assert answer["account_list"][0]["i_account"] == MILLION + many - 1
        yield answer

    assert peak(count) < FEW_BYTES


@pytest.mark.parametrize(
    "derived",
    [{"first": 0}, {"count": -1}, {"seed": 1000}, {"first": 2**31 - 1, "count": 2}, {"frist": 5}],
)
def test_impossible_range_is_refused(make_world: Callable[..., World], derived: dict[str, int]) -> None:
    """Numbers stay within the documented int, and a misspelt key is told."""
    with pytest.raises(ValueError, match="derived"):
        make_world(derived=derived)
