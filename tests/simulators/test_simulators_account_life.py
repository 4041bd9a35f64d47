"""The life of accounts in the JSON API: added, written back, renamed, closed, and their IDs used again."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from simulators.portabilling.faults import Fault
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
INFO: Final = "Account/get_account_info"
ADD: Final = "Account/add_account"
UPDATE: Final = "Account/update_account"
END: Final = "Account/terminate_account"
# A whole record of a client that reads, changes one field, and writes all back.
CHANGES: Final = {
    "phone1": "12065550000",
    "note": "a\u2603b",
    "blocked": "Y",
    "bill_status": "S",
    "id": "new#1",
    "i_product": 5,
    "credit_limit": 7.5,
    "expiration_date": "2027-01-01",
    "firstname": "A",
    "i_subscriber": 77,
    "service_features": [],
    "never_captured": {"a": [1, None]},
}


def test_new_account_is_found_with_what_was_given(ask: Ask) -> None:
    """`add_account` answers the new number, and the record holds the given fields and default others."""
    given = {"id": "ph123#456", "i_customer": 1, "phone1": "1", "balance": "5", "i_product": "3"}

    (number,) = ask(ADD, account_info=given).values()

    info = ask(INFO, i_account=number)["account_info"]
    default = ask(INFO, i_account=189)["account_info"]
    assert {name: info[name] for name in given} == {**given, "balance": 5, "i_product": 3}
    differing = {name for name in default if info.get(name) != default[name]}
    assert differing == {*given, "i_account", "i_subscriber", "product_name", "product_visible_name"} - {
        "i_customer"
    }
    assert ask(INFO, id="ph123#456") == ask(INFO, i_account=str(number))


def test_number_of_a_new_account_is_one_that_none_has(
    make_world: Callable[..., World], asking: Callable[..., Ask]
) -> None:
    """A number given to a client cannot be another account's, even where the highest is taken."""
    accounts = [{"i_account": number, "id": f"id-{number}"} for number in (1, 3, 2**31 - 1)]
    ask = asking(make_world(accounts=accounts, customers=[{"i_customer": 2**31 - 1, "name": "Last"}]))

    given = [ask(ADD, account_info={"id": text, "i_customer": 1})["i_account"] for text in "ab"]

    assert given == [2, 4]
    assert ask("Customer/add_customer", customer_info={"name": "x"}) == {"i_customer": 2}


def test_world_without_a_free_number_refuses_a_new_account(
    make_world: Callable[..., World], asking: Callable[..., Ask], fault_of: Callable[..., str]
) -> None:
    """A full world says so, at once."""
    ask = asking(make_world(accounts=[], derived={"first": 1, "count": 2**31 - 1}))

    assert fault_of(ask, ADD, account_info={"id": "x", "i_customer": 1}) == "Client.invalid_parameters"


@pytest.mark.parametrize(("name", "value"), CHANGES.items())
def test_record_that_is_written_back_changes_the_one_field(ask: Ask, name: str, value: Any) -> None:
    """A client that reads a whole record and writes all of it back changes what it changed."""
    before = ask(INFO, i_account=189, detailed_info=1, get_statuses=1)["account_info"]

    ask(UPDATE, account_info={**before, name: value})

    after = ask(INFO, i_account=189, detailed_info=1, get_statuses=1)["account_info"]
    follow = {"blocked": {"status"}, "bill_status": {"status", "is_active"}}.get(name, set())
    follow |= {"product_name", "product_visible_name"} if name == "i_product" else set()
    assert after[name] == value
    assert {each for each in {*before, *after} if before.get(each) != after.get(each)} == {name, *follow}


def test_record_that_is_written_back_keeps_no_copy(ask: Ask, world: World) -> None:
    """What follows from other records goes on to follow them after a client wrote the whole record back."""
    record = ask(INFO, i_account=189, detailed_info=1)["account_info"]
    ask(UPDATE, account_info=record)
    assert world.accounts == World.load("demo").accounts

    ask("Customer/update_customer", customer_info={"i_customer": 1, "name": "Renamed", "blocked": "Y"})
    ask(UPDATE, account_info={"i_account": 189, "i_master_account": 190})
    ask(UPDATE, account_info=record | {"i_master_account": 190})

    info = ask(INFO, i_account=189)["account_info"]
    assert (info["customer_name"], info["status"], info["billing_model"]) == (
        "Renamed",
        "customer_blocked",
        2,
    )


def test_alias_becomes_an_account_of_its_own(ask: Ask) -> None:
    """A master is taken away by null, and a master that was closed stays where clients look again."""
    ask(UPDATE, account_info={"i_account": 190, "i_master_account": "189"})
    ask(END, i_account=189)
    alias = ask(INFO, i_account=190)["account_info"]
    master = ask(INFO, i_account=alias["i_master_account"])["account_info"]

    ask(UPDATE, account_info={"i_account": 190, "i_master_account": None})

    info = ask(INFO, i_account=190)["account_info"]
    assert (master["bill_status"], master["id"]) == ("C", "12065550189@msisdn-old000")
    assert "i_master_account" not in info
    assert info["billing_model"] == 1


@pytest.mark.parametrize("key", [{"i_account": 189}, {"i_account": "189"}, {"id": "12065550189@msisdn"}])
def test_closed_account_stays_readable_under_another_id(ask: Ask, world: World, key: dict[str, Any]) -> None:
    """Section 1.4: bill_status C, the ID with an ending, listed still, and its own ID free again."""
    assert ask(END, **key, force=1) == {"success": 1}

    info = ask(INFO, i_account=189)["account_info"]
    assert (info["bill_status"], info["status"], info["is_active"]) == ("C", "closed", 0)
    assert info["id"] == "12065550189@msisdn-old000"
    assert ask(INFO, id=info["id"])["account_info"] == info
    assert ask(INFO, id="12065550189@msisdn") == {}
    (row,) = ask("Account/get_account_list", id="%-old%", get_statuses=1)["account_list"]
    assert row == {**info, "sip_status": 0}
    assert ask("SIMCard/get_sim_card_info", i_account=189)["sim_card_info"]["imsi"] == "001010000000189"
    former = world.account_by_former_id("12065550189@msisdn")
    assert former is not None
    assert former.i_account == 189


@pytest.mark.parametrize("account_id", ["x" * 64, "x" * 60, "a"])
def test_ids_of_closed_accounts_are_told_apart(ask: Ask, world: World, account_id: str) -> None:
    """Section 1.4: -old000, then -old001, and none is longer than an ID can be."""
    numbers = []
    for _ in range(2):
        numbers.append(ask(ADD, account_info={"id": account_id, "i_customer": 1})["i_account"])
        ask(END, i_account=numbers[-1])
        ask(END, i_account=numbers[-1])

    ids = [ask(INFO, i_account=number)["account_info"]["id"] for number in numbers]
    assert ids == [account_id[:57] + "-old000", account_id[:57] + "-old001"]
    former = world.account_by_former_id(account_id)
    assert former is not None
    assert former.i_account == numbers[-1]


def test_former_id_is_its_next_owners(ask: Ask, world: World) -> None:
    """A former ID stands for the closed account only until another account takes it."""
    ask(END, i_account=189)
    number = ask(ADD, account_info={"id": "12065550189@msisdn", "i_customer": 1})["i_account"]

    assert ask(INFO, id="12065550189@msisdn")["account_info"]["i_account"] == number
    assert world.account_by_former_id("12065550189@msisdn") is None


def test_api_token_of_self_care_is_kept(ask: Ask) -> None:
    """Section 2.2: a client writes a UUID into `api_token` where it is absent, and reads it back."""
    assert "api_token" not in ask(INFO, i_account=189)["account_info"]

    ask(UPDATE, account_info={"i_account": 189, "api_token": "c0ffee"})

    assert ask(INFO, i_account=189)["account_info"]["api_token"] == "c0ffee"


def test_custom_fields_are_set_and_cleared(ask: Ask) -> None:
    """Section 2.5: a value is replaced by name, an empty one or null takes the field away."""
    values = "Account/get_custom_fields_values"
    for name, value in (("a", "1"), ("b", "2"), ("a", "3"), ("b", None), ("c", "4"), ("c", "")):
        fields = [{"name": name, "db_value": value, "db_type": "TEXT"}]
        assert ask("Account/update_custom_fields_values", i_account=189, custom_fields_values=fields) == {
            "i_account": 189
        }

    assert ask(values, i_account=189) == {"custom_fields_values": [{"name": "a", "db_value": "3"}]}
    assert ask(values, i_account=190) == {"custom_fields_values": []}
    assert [ask(INFO, i_account=n)["account_info"]["has_custom_fields"] for n in (189, 190)] == [1, 0]


IDS: Final = ("a", "b", "a-old000", "120000001000@msisdn")
ids = st.sampled_from(IDS)
picks = st.integers(0, 7)


class Accounts(RuleBasedStateMachine):
    """Random lives of a few accounts, against a plain table of their IDs."""

    make: Callable[[], tuple[World, Ask]]

    def __init__(self) -> None:
        super().__init__()
        self.world, self.ask = type(self).make()
        # What an account is called now; the open ones; what a closed one was called.
        self.names = {1000: "120000001000@msisdn"}
        self.is_open = {1000}
        self.former: dict[str, int] = {}

    def _pick(self, pick: int) -> int:
        return sorted(self.names)[pick % len(self.names)]

    def _name(self, number: int, name: str) -> None:
        self.names[number] = name
        self.former.pop(name, None)

    @rule(name=ids)
    def add(self, name: str) -> None:
        """Add an account, or be refused where the ID is another's."""
        try:
            number = self.ask(ADD, account_info={"id": name, "i_customer": 1})["i_account"]
        except Fault:
            assert name in self.names.values()
        else:
            assert number not in self.names
            assert name not in self.names.values()
            self._name(number, name)
            self.is_open.add(number)

    @rule(pick=picks, name=ids)
    def rename(self, pick: int, name: str) -> None:
        """Give an account another ID, or be refused where it is another's."""
        number = self._pick(pick)
        is_taken = name in self.names.values() and self.names[number] != name
        try:
            self.ask(UPDATE, account_info={"i_account": number, "id": name})
        except Fault:
            assert is_taken
        else:
            assert not is_taken
            self._name(number, name)

    @rule(pick=picks)
    def close(self, pick: int) -> None:
        """Close an account, once or again."""
        number = self._pick(pick)
        name = self.names[number]
        self.ask(END, i_account=number)
        if number in self.is_open:
            self.is_open.remove(number)
            self._name(number, self.ask(INFO, i_account=number)["account_info"]["id"])
            self.former[name] = number

    @rule(pick=picks, card=st.integers(0, 2))
    def assign(self, pick: int, card: int) -> None:
        """Give an account a card: no two open ones have the same."""
        number = self._pick(pick)
        imsi = f"00101000000000{card}"
        holders = {one.i_account for one in self.world.accounts if one.imsi == imsi} & self.is_open
        try:
            self.ask(
                "SIMCard/assign_sim_card", i_account=number, imsi=imsi, iccid=f"890010000000000000{card}"
            )
        except Fault:
            assert number not in self.is_open or holders - {number}
        else:
            assert number in self.is_open
            assert holders <= {number}

    @invariant()
    def look_ups_agree(self) -> None:
        """Each account is found by its number and its ID, and its former ID stands for it alone."""
        assert len(set(self.names.values())) == len(self.names)
        for number, name in self.names.items():
            info = self.ask(INFO, i_account=number)
            assert (info["account_info"]["id"], info) == (name, self.ask(INFO, id=name))
        for name in {*IDS, *self.former, "120000001000@msisdn"} - set(self.names.values()):
            assert self.ask(INFO, id=name) == {}
            former = self.world.account_by_former_id(name)
            assert (former.i_account if former else None) == self.former.get(name)


def test_random_lives_keep_ids_unique(make_world: Callable[..., World], asking: Callable[..., Ask]) -> None:
    """IDs are unique, look-ups agree, and former IDs resolve until they are given to another account."""

    class Office(Accounts):
        @staticmethod
        def make() -> tuple[World, Ask]:
            world = make_world(accounts=[], derived={"first": 1000, "count": 1})
            return world, asking(world)

    run_state_machine_as_test(Office)
