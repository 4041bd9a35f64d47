"""Groups of the ESPF API: listed, created, deleted, and their invariants under any order of operations."""

from typing import Any

import pytest
import requests
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulators.espf.core import EspfApi, Refusal
from simulators.portabilling.sessions import Sessions
from simulators.records import derived_account
from simulators.stack import Stack
from simulators.world import FIRST_CUSTOM_GROUP, PREDEFINED_GROUPS, World


def _api() -> EspfApi:
    world = World.load("demo")
    return EspfApi(world=world, sessions=Sessions(users=world.users, wall=lambda: 0.0), now=lambda: 0.0)


@pytest.fixture(name="api")
def _fresh_api() -> EspfApi:
    return _api()


def test_custom_groups_are_numbered_from_1001(api: EspfApi) -> None:
    """The documented example of a custom group has i_group 1001 (S32)."""
    assert api.create_group({"name": "IOT"}) == {"name": "IOT", "i_group": FIRST_CUSTOM_GROUP}
    assert api.group_list()[-1] == {"i_group": "1001", "name": "IOT", "is_custom": True}


@pytest.mark.parametrize("name", [None, 5, "", "x" * 65, "HSS"])
def test_impossible_names_are_refused(api: EspfApi, name: Any) -> None:
    """A name is a text of 1 to 64 characters that no group has; nothing is registered otherwise."""
    before = api.group_list()

    with pytest.raises(Refusal, match="name") as refused:
        api.create_group({"name": name})

    assert (refused.value.status, api.group_list()) == (400, before)


@pytest.mark.parametrize(("i_group", "status"), [(2, 400), ("2", 400), (1001, 404), ("x", 404), (None, 404)])
def test_predefined_and_unknown_groups_are_not_deleted(api: EspfApi, i_group: Any, status: int) -> None:
    """Only custom groups can be deleted (S32)."""
    with pytest.raises(Refusal) as refused:
        api.delete_group(i_group)

    assert refused.value.status == status


def test_used_groups_are_not_deleted(api: EspfApi) -> None:
    """A group in which an account has a status stays."""
    number = api.create_group({"name": "IOT"})["i_group"]
    api.update(derived_account(5), {"status": "OK", "group": "IOT"})

    with pytest.raises(Refusal, match="used"):
        api.delete_group(number)


class GroupOperations(RuleBasedStateMachine):
    """Creates and deletes groups in any order, beside a model of what must be there."""

    @initialize()
    def start(self) -> None:
        """Start with a fresh world."""
        self.api = _api()
        self.custom: dict[str, int] = {}
        self.numbers: list[int] = []

    @rule(name=st.sampled_from(["IOT", "5G", "HSS", "hss", "", "x" * 64, "x" * 65]))
    def create(self, name: str) -> None:
        """Create a group where it is possible."""
        try:
            number = self.api.create_group({"name": name})["i_group"]
        except Refusal:
            return
        self.custom[name] = number
        self.numbers.append(number)

    @rule(number=st.integers(min_value=1, max_value=1010))
    def delete(self, number: int) -> None:
        """Delete a group where it is possible."""
        try:
            self.api.delete_group(number)
        except Refusal:
            return
        self.custom = {name: known for name, known in self.custom.items() if known != number}

    @invariant()
    def list_is_what_was_made(self) -> None:
        """The predefined groups are always there, then the custom ones; no number was ever used twice."""
        listed = self.api.group_list()
        expected = [*PREDEFINED_GROUPS, *self.custom]
        assert [group["name"] for group in listed] == expected
        assert len(set(self.numbers)) == len(self.numbers)


TestGroupOperations = GroupOperations.TestCase


def _ask(stack: Stack, method: str, path: str, **options: Any) -> requests.Response:
    url = f"{stack.addresses.portabilling}/espf/v1/{path}"
    return requests.request(method, url, auth=("provisioner", "offline-only"), timeout=10, **options)


def test_groups_over_http() -> None:
    """The list is plural, a single group singular; a group goes by DELETE or by POST (S32)."""
    with Stack() as stack:
        created = [_ask(stack, "POST", "group/create", json={"name": name}).json() for name in ("IOT", "5G")]
        deleted = [
            _ask(stack, "DELETE", f"group/{created[0]['i_group']}").status_code,
            _ask(stack, "POST", "group/delete", data={"i_group": created[1]["i_group"]}).status_code,
        ]
        listed = _ask(stack, "GET", "groups").json()["group_list"]

    assert [group["i_group"] for group in created] == [1001, 1002]
    assert deleted == [200, 200]
    assert [group["name"] for group in listed] == list(PREDEFINED_GROUPS)
