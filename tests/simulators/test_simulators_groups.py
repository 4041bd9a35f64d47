"""Groups of the ESPF API: listed, created, deleted, and their invariants under any order of operations."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from werkzeug.test import Client

from simulators.espf.core import EspfApi, Refusal
from simulators.espf.settings import EspfSettings, GroupTypes
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

    # A name that is taken is not wrong in itself.
    assert (refused.value.status, api.group_list()) == (409 if name == "HSS" else 400, before)


@pytest.mark.parametrize(
    ("i_group", "status"),
    [
        (2, 409),
        ("2", 409),
        (2.0, 409),
        (1001, 404),
        (0, 404),
        ("9" * 5000, 404),
        ("1001\n", 400),
        ("\u0662", 400),
        (-2, 400),
        (2.5, 400),
        (True, 400),
        ("x", 400),
        ("", 400),
        (None, 400),
        ([2], 400),
    ],
)
def test_predefined_and_unknown_groups_are_not_deleted(api: EspfApi, i_group: Any, status: int) -> None:
    """Only custom groups can be deleted (S32), and nothing else changes the list."""
    before = api.group_list()

    with pytest.raises(Refusal) as refused:
        api.delete_group(i_group)

    assert (refused.value.status, api.group_list()) == (status, before)


def test_used_groups_are_not_deleted(api: EspfApi) -> None:
    """A group in which an account has a status stays."""
    number = api.create_group({"name": "IOT"})["i_group"]
    api.update(derived_account(5), {"status": "OK", "group": "IOT"})

    with pytest.raises(Refusal, match="used") as refused:
        api.delete_group(number)

    assert (refused.value.status, api.group_list()[-1]["name"]) == (409, "IOT")


def test_code_of_a_conflict_is_a_setting(make_espf: Callable[..., EspfApi]) -> None:
    """The table of 40x is not public (3.4): whoever expects 400 for all of them can have it."""
    core = make_espf(conflict=400)
    for refused_call in (lambda: core.create_group({"name": "HSS"}), lambda: core.delete_group(2)):
        with pytest.raises(Refusal) as refused:
            refused_call()
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("group_types", "first", "last"),
    [
        (
            "example",
            {"i_group": "1", "name": "VoIP", "is_custom": False},
            {"i_group": "1001", "name": "IOT", "is_custom": True},
        ),
        (
            "table",
            {"i_group": 1, "name": "VoIP", "is_custom": "false"},
            {"i_group": 1001, "name": "IOT", "is_custom": "true"},
        ),
    ],
)
def test_group_list_has_the_types_of_the_example_or_of_the_table(
    make_web: Callable[..., tuple[Stack, Client]],
    group_types: GroupTypes,
    first: dict[str, Any],
    last: dict[str, Any],
) -> None:
    """Section 5, row 10: the documentation contradicts itself, so the example counts unless set otherwise."""
    stack, web = make_web(espf=EspfSettings(group_types=group_types))
    stack.world.add_group("IOT")

    answer = web.get("/espf/v1/groups", auth=("provisioner", "offline-only"))

    body = json.loads(answer.data)
    assert (answer.status_code, list(body)) == (200, ["group_list"])
    assert (body["group_list"][0], body["group_list"][-1]) == (first, last)
    assert [int(group["i_group"]) for group in body["group_list"]] == [*range(1, 9), 1001]


NAMES = st.sampled_from(["IOT", "5G", "HSS", "hss", "", "x" * 64, "x" * 65])


class GroupOperations(RuleBasedStateMachine):
    """Creates, uses and deletes groups in any order, beside a model of what must be there."""

    @initialize()
    def start(self) -> None:
        """Start with a fresh world."""
        self.api = _api()
        self.custom: dict[str, int] = {}
        self.used: set[str] = set()
        self.last = FIRST_CUSTOM_GROUP - 1

    @rule(name=NAMES)
    def create(self, name: str) -> None:
        """Create a group; the name must be possible and new."""
        try:
            number = self.api.create_group({"name": name})["i_group"]
        except Refusal:
            assert not 0 < len(name) <= 64 or name in {*PREDEFINED_GROUPS, *self.custom}
            return
        # A number that was given is never given again.
        assert number == self.last + 1
        self.custom[name] = self.last = number

    @rule(number=st.integers(min_value=1, max_value=1010))
    def delete(self, number: int) -> None:
        """Delete a group; it must be custom and unused."""
        name = next((name for name, known in self.custom.items() if known == number), None)
        try:
            self.api.delete_group(number)
        except Refusal:
            assert name is None or name in self.used
            return
        assert name is not None
        del self.custom[name]

    @rule(name=NAMES)
    def use(self, name: str) -> None:
        """Report a status in a group; it must be registered."""
        try:
            self.api.update(derived_account(5), {"status": "OK", "group": name})
        except Refusal:
            assert name not in {*PREDEFINED_GROUPS, *self.custom}
            return
        self.used.add(name)

    @invariant()
    def list_is_what_was_made(self) -> None:
        """The predefined groups are always there, then the custom ones, each under its number."""
        predefined = [(name, str(number), False) for number, name in enumerate(PREDEFINED_GROUPS, start=1)]
        custom = [(name, str(number), True) for name, number in self.custom.items()]
        listed = [(group["name"], group["i_group"], group["is_custom"]) for group in self.api.group_list()]
        assert listed == predefined + custom


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
