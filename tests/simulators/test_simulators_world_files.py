"""World files that contradict themselves: every mistake is named with its file, its place and its value."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.bundled import find
from simulators.errors import WorldError
from simulators.portabilling.shapes import OWN_OF_ACCOUNT
from simulators.world import World

Refused = Callable[[str], list[str]]
ACCOUNT = '[[accounts]]\ni_account = {0}\nid = "id-{0}"\n'
TWICE = "is taken: each can stand only once"
NOTHING = "there is no such record in this world (given: 5)"
DATE = "2026-01-01"
CARD = 'iccid = "8900100000000000001"\nimsi = "001010000000001"\n'
NUMBER = '[[numbers]]\nnumber = "1"\n'
INVOICE = "[[invoices]]\ni_invoice = 7\n"
CUSTOMER = '[[customers]]\ni_customer = 7\nname = "x"\n'
PRODUCT = '[[products]]\ni_product = 7\nname = "x"\n'
USER = '[[users]]\nlogin = "x"\npassword = "x"\napi_token = "x"\n'
METHOD = '[[methods]]\nname = "A/b"\nsame_as = "Account/get_account_info"\n'
DERIVED = "[derived]\nfirst = 1000\ncount = 5\n"


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Load the demo world with more tables, which cannot be used; gives the mistakes that are named."""
    demo = find("worlds", "demo").read_text(encoding="utf-8")

    def load(tables: str) -> list[str]:
        path = tmp_path / "world.toml"
        path.write_text(f"{demo}\n{tables}", encoding="utf-8")
        with pytest.raises(WorldError) as error:
            World.load(str(path))
        first, *rest = str(error.value).splitlines()
        assert first == f"{path} has mistakes:"
        return [mistake.removeprefix("  - ") for mistake in rest]

    return load


@pytest.mark.parametrize(
    ("tables", "mistake"),
    [
        (ACCOUNT.format(5) * 2, f"accounts.4.i_account: {TWICE} (given: 5)"),
        (ACCOUNT.format(5) * 2, f"accounts.4.id: {TWICE} (given: 'id-5')"),
        (
            ACCOUNT.format(5) + CARD + ACCOUNT.format(6) + CARD,
            f"accounts.4.imsi: {TWICE} (given: '001010000000001')",
        ),
        (NUMBER * 2, f"numbers.1.number: {TWICE} (given: '1')"),
        ((INVOICE + "i_customer = 1\n") * 2, f"invoices.1.i_invoice: {TWICE} (given: 7)"),
        (CUSTOMER * 2, f"customers.1.i_customer: {TWICE} (given: 7)"),
        (PRODUCT, "accounts.0.i_product: there is no such product; this world declares 7 (given: 1)"),
        (PRODUCT * 2, f"products.1.i_product: {TWICE} (given: 7)"),
        (USER * 2, f"users.2.login: {TWICE} (given: 'x')"),
        (METHOD * 2, f"methods.1.name: {TWICE} (given: 'A/b')"),
        (DERIVED + ACCOUNT.format(1003), "accounts.3.i_account: is taken by a derived account (given: 1003)"),
        (
            DERIVED + ACCOUNT.format(5).replace("id-5", "120000001003@msisdn"),
            "accounts.3.id: is taken by a derived account (given: '120000001003@msisdn')",
        ),
    ],
)  # fmt: skip
def test_what_stands_twice_is_refused(refused: Refused, tables: str, mistake: str) -> None:
    """A key names one record."""
    assert mistake in refused(tables)


@pytest.mark.parametrize(
    ("tables", "mistake"),
    [
        (ACCOUNT.format(5) + "i_master_account = 6\n", "accounts.3.i_master_account: there is no"),
        (ACCOUNT.format(5) + "i_master_account = 5\n", "accounts.3.i_master_account: no account is its"),
        (NUMBER + "i_account = 5\n", f"numbers.0.i_account: {NOTHING}"),
        (NUMBER + "i_customer = 5\n", f"numbers.0.i_customer: {NOTHING}"),
        (INVOICE + "i_customer = 5\n", f"invoices.0.i_customer: {NOTHING}"),
        (USER + "i_account = 5\n", f"users.1.i_account: {NOTHING}"),
    ],
)  # fmt: skip
def test_name_of_nothing_is_refused(refused: Refused, tables: str, mistake: str) -> None:
    """A record that names another one names one that is there."""
    (found,) = refused(tables)

    assert found.startswith(mistake)


@pytest.mark.parametrize("name", sorted(OWN_OF_ACCOUNT))
def test_further_field_cannot_say_what_the_record_says(refused: Refused, name: str) -> None:
    """What would be ignored is told instead."""
    (found,) = refused(ACCOUNT.format(5) + f"info = {{ {name} = 7 }}\n")

    assert found == f"accounts.3.info: {name}: no further field, it follows from the record itself"


@pytest.mark.parametrize(
    ("tables", "mistakes"),
    [
        (ACCOUNT.format(5) + "info = { balance = 'x' }\n", ["accounts.3.info: balance: a finite number"]),
        (ACCOUNT.format(5) + "info = { balance = inf }\n", ["accounts.3.info: balance: "]),
        (ACCOUNT.format(5) + f"info = {{ my_date = {DATE} }}\n", ["accounts.3.info: my_date: "]),
        (ACCOUNT.format(5) + f"info = {{ issue_date = {DATE} }}\n", ["accounts.3.info: issue_date: "]),
        (ACCOUNT.format(5).replace("id-5", "a\\u0000b"), ["accounts.3.id: String should match pattern"]),
        (ACCOUNT.format(5) + 'imsi = "001010000000001"\n', ["accounts.3: iccid and imsi belong together"]),
        (ACCOUNT.format(5) + f'iccid = "{"8" * 19}"\nimsi = "{chr(0x661) * 15}"\n', ["accounts.3.imsi: "]),
        (CUSTOMER.replace('"x"', '""'), ["customers.0.name: String should have at least 1 character"]),
        (CUSTOMER + "info = { blocked = 'Y' }\n", ["customers.0.info: blocked: no further field"]),
        (NUMBER + "info = { usage = 'free' }\n", ["numbers.0.info: usage: no further field"]),
        (PRODUCT.replace("7", "0") + NUMBER.replace('"1"', '""'), ["products.0.i_pro", "numbers.0.num"]),
        (METHOD.replace("same_as", "same"), ["methods.0.same: this key is not known"]),
        (NUMBER * 2 + "i_account = 5\n", ["numbers.1.number: ", "numbers.1.i_account: "]),
    ],
)  # fmt: skip
def test_each_mistake_is_named(refused: Refused, tables: str, mistakes: list[str]) -> None:
    """All of them at once, each with its place."""
    found = refused(tables)

    assert len(found) >= len(mistakes)
    for mistake in mistakes:
        assert [told for told in found if told.startswith(mistake)], found


def test_taken_name_of_a_group_is_named(tmp_path: Path) -> None:
    """A custom group cannot have the name of a predefined one."""
    path = tmp_path / "world.toml"
    demo = find("worlds", "demo").read_text(encoding="utf-8")
    path.write_text(demo.replace("groups = []", 'groups = ["HSS"]'), encoding="utf-8")

    with pytest.raises(WorldError, match=r"world.toml has mistakes:\n  - groups: Group 'HSS' is registered"):
        World.load(str(path))


def test_closed_account_and_an_open_one_can_have_had_one_card(tmp_path: Path) -> None:
    """A card is used again once its account is closed, so a file can tell of both."""
    path = tmp_path / "world.toml"
    demo = find("worlds", "demo").read_text(encoding="utf-8")
    closed = ACCOUNT.format(5) + CARD + 'bill_status = "C"\n'
    path.write_text(f"{demo}\n{closed}{ACCOUNT.format(6)}{CARD}", encoding="utf-8")

    account = World.load(str(path)).account_by_card({"imsi": "001010000000001"})

    assert account is not None
    assert account.i_account == 6
