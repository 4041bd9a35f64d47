"""Lists in the JSON API: pages, wildcards, filters and names, the same for all records."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from simulators.portabilling.methods import fits_pattern
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
LIST: Final = "Account/get_account_list"


def account(number: int, **fields: Any) -> dict[str, Any]:
    """An account for a world file."""
    return {"i_account": number, "id": f"id-{number}", **fields}


def many(count: int) -> list[dict[str, Any]]:
    """Accounts with the numbers 1 to `count`."""
    return [account(number) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("params", "first", "rows"),
    [
        ({}, 1, 50),
        ({"limit": 10}, 1, 10),
        ({"limit": "10", "offset": "55"}, 56, 5),
        ({"offset": 20}, 21, 40),
        ({"limit": 1000}, 1, 60),
        ({"limit": 0}, None, 0),
        ({"offset": 60}, None, 0),
        ({"limit": 2**31 - 1, "offset": 2**31 - 1}, None, 0),
    ],
)
def test_list_is_paged(
    asking: Callable[..., Ask],
    make_world: Callable[..., World],
    params: dict[str, Any],
    first: int | None,
    rows: int,
) -> None:
    """Section 2.1: 50 rows without `limit`, `offset` skips, and the whole number comes only on request."""
    ask = asking(make_world(accounts=many(60)))

    answer = ask(LIST, **params)

    numbers = [row["i_account"] for row in answer["account_list"]]
    assert numbers == list(range(first or 0, (first or 0) + rows))
    assert list(answer) == ["account_list"]
    assert ask(LIST, **params, get_total=1) == {**answer, "total": 60}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"get_not_closed_accounts": 1}, [1, 3, 4, 5, 6]),
        ({"get_only_real_accounts": 1}, [1, 2, 4, 5, 6]),
        ({"billing_model": 1}, [1, 2, 5, 6]),
        ({"billing_model": 2}, [3]),
        ({"billing_model": -1, "get_only_real_accounts": 1}, [4]),
        ({"billing_model": 3}, []),
        ({"billing_model": 1, "get_not_closed_accounts": 1, "id": "%-%"}, [1]),
    ],
)
def test_accounts_of_a_kind_are_left_out(
    asking: Callable[..., Ask], make_world: Callable[..., World], filters: dict[str, Any], found: list[int]
) -> None:
    """Closed accounts, aliases, and by billing model (S18, S24); derived ones are open and real."""
    accounts = [
        account(1),
        account(2, bill_status="C"),
        account(3, i_master_account=1),
        account(4, info={"billing_model": -1}),
    ]
    ask = asking(make_world(accounts=accounts, derived={"first": 5, "count": 2}))

    answer = ask(LIST, **filters, get_total=1)

    assert [row["i_account"] for row in answer["account_list"]] == found
    assert answer["total"] == len(found)


def test_row_shows_its_aliases_on_request(
    asking: Callable[..., Ask], make_world: Callable[..., World]
) -> None:
    """`with_aliases` puts the list of aliases into each row (S18), which always has a `sip_status` (S23)."""
    ask = asking(make_world(accounts=[account(1, info={"sip_status": 1}), account(2, i_master_account=1)]))

    plain, told = (ask(LIST, with_aliases=option)["account_list"] for option in (0, 1))

    assert [row["sip_status"] for row in plain] == [1, 0]
    assert not any("alias_list" in row for row in plain)
    assert [row["alias_list"] for row in told] == [[{"i_account": 2, "id": "id-2"}], []]


@pytest.mark.parametrize("params", [{"limit": -1}, {"offset": "x"}, {"limit": 2**31}, {"limit": None}])
def test_impossible_page_is_refused(fault_of: Callable[..., str], ask: Ask, params: dict[str, Any]) -> None:
    """No page of a list has such a place or size."""
    assert fault_of(ask, LIST, **params) == "Client.invalid_parameters"


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("%", "a.b a_b a#b a[b axb A.B"),
        ("a%", "a.b a_b a#b a[b axb"),
        ("%b", "a.b a_b a#b a[b axb"),
        ("a%b", "a.b a_b a#b a[b axb"),
        ("a.%", "a.b"),
        ("a_%", "a_b"),
        ("%#b", "a#b"),
        ("a[%", "a[b"),
        ("%x%", "axb"),
        ("a_b", "a_b"),
        ("a.b%%", "a.b"),
        ("%a%a%", ""),
        ("", ""),
    ],
)
def test_only_the_percent_sign_is_a_wildcard(
    asking: Callable[..., Ask],
    make_world: Callable[..., World],
    pattern: str,
    fitting: str,
) -> None:
    """Section 2.1: `%` stands for anything, every other character of an ID for itself."""
    ids = ["a.b", "a_b", "a#b", "a[b", "axb", "A.B"]
    ask = asking(make_world(accounts=[account(n, id=text) for n, text in enumerate(ids, 1)]))

    rows = ask(LIST, id=pattern)["account_list"]

    assert " ".join(row["id"] for row in rows) == fitting


def test_pattern_of_many_wildcards_is_answered() -> None:
    """A filter that could fit in more ways than can be tried is decided all the same."""
    fits = fits_pattern("%a" * 30 + "%b")

    assert not fits("a" * 64)
    assert fits("a" * 63 + "b")


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"i_customer": 2}, [2]),
        ({"i_customer": "2", "i_product": 1}, []),
        ({"i_product": 5}, [2, 3]),
        ({"bill_status": "C"}, [3]),
        ({"bill_status": "X"}, []),
        ({"id": "id-2", "i_customer": 1}, []),
        ({"id": None, "i_customer": None}, [1, 2, 3]),
    ],
)
def test_list_is_filtered(
    asking: Callable[..., Ask],
    make_world: Callable[..., World],
    filters: dict[str, Any],
    numbers: list[int],
) -> None:
    """All filters must fit, null is none, and closed accounts are listed like others (1.4)."""
    accounts = [account(1), account(2, i_customer=2, i_product=5), account(3, i_product=5, bill_status="C")]
    ask = asking(make_world(accounts=accounts))

    assert [row["i_account"] for row in ask(LIST, **filters)["account_list"]] == numbers


@pytest.mark.parametrize(
    ("operation", "record"),
    [
        ("Account/get_account_info", {"account_info"}),
        ("Account/get_account_list", {"account_list"}),
        ("Customer/get_customer_info", {"customer_info"}),
        ("Customer/get_customer_list", {"customer_list"}),
        ("DID/get_number_list", {"number_list"}),
        ("Invoice/get_invoice_list", {"invoice_list"}),
    ],
)
def test_answers_are_named_after_their_methods(ask: Ask, operation: str, record: set[str]) -> None:
    """Section 2.1, naming regularity: `get_X` answers `X`, with a total on request in lists."""
    answer = ask(operation, i_account=189, i_customer=1, get_total=1)

    assert set(answer) - {"total"} == record
    assert ("total" in answer) == operation.endswith("_list")
