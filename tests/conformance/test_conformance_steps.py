"""Steps of stories: what is recorded, what a name means, and what cannot be played."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import StoryError
from conformance.story.steps import Names, Step, play, verb
from simulators.records import Account, derived_account

CREATE: Step = {"verb": "create", "as": "account 1"}


class Diary:
    """Tells little, and writes it down."""

    def __init__(self, *, first: int) -> None:
        self.names = Names()
        self.steps: list[Step] = []
        self.heard: list[Any] = []
        self._next = first

    def note(self, step: Step) -> None:
        """Record a step, as JSON holds it."""
        self.steps.append(json.loads(json.dumps(step)))

    @verb
    def create(self) -> Account:
        """Make an account."""
        self._next += 1
        return derived_account(self._next)

    @verb
    def change(self, account: Account) -> Account:
        """Change an account, which keeps its name."""
        return account.model_copy(update={"imsi": "1"})

    @verb
    def tell(self, accounts: Sequence[Account], *, minutes: float = 0, **which: Any) -> None:
        """Take arguments of every kind."""
        self.heard.append(([account.imsi for account in accounts], minutes, which))
        if minutes < 0:
            raise ValueError(minutes)


def test_steps_are_recorded_with_names_in_place_of_things() -> None:
    """A step is plain data: accounts stand in it by their names, options by theirs."""
    diary = Diary(first=5)
    one, other = diary.create(), diary.create()
    diary.tell([other, one], minutes=2, first=3)
    assert diary.steps == [
        CREATE,
        {"verb": "create", "as": "account 2"},
        {"verb": "tell", "accounts": ["account 2", "account 1"], "minutes": 2, "first": 3},
    ]


def test_step_that_fails_is_recorded_too() -> None:
    """A story that ends with a wait in vain holds that wait."""
    diary = Diary(first=5)
    with pytest.raises(ValueError, match="-1"):
        diary.tell([], minutes=-1)
    assert diary.steps == [{"verb": "tell", "accounts": [], "minutes": -1}]


def test_changed_thing_is_meant_from_then_on() -> None:
    """Played again, a name stands for the thing as it was given last."""
    changed = {"verb": "change", "account": "account 1", "as": "account 1"}
    diary = Diary(first=5)
    play(diary, [CREATE, changed, {"verb": "tell", "accounts": ["account 1"]}])
    assert diary.heard == [(["1"], 0, {})]
    assert diary.steps[1] == changed


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([{"verb": "sing"}], "Step 1: 'sing' is no verb of a story; these are: change, create, tell"),
        ([{"verb": "note", "step": {}}], "'note' is no verb"),
        ([{}], "Step 1: None is no verb"),
        ([CREATE, {"verb": "change", "account": "account 2"}], "Step 2: there is no account 2 so far"),
        ([CREATE, {"verb": "change", "event": "account 1"}], "Step 2, change: missing a required argument"),
    ],
)
def test_step_that_cannot_be_played_is_named(steps: list[Step], sentence: str) -> None:
    """An error says which step it is about, and what is wrong with it."""
    with pytest.raises(StoryError, match=sentence):
        play(Diary(first=5), steps)


@given(choices=st.lists(st.integers(0, 2), max_size=12), minutes=st.floats(0, 10**6))
def test_what_is_played_again_is_recorded_alike(choices: list[int], minutes: float) -> None:
    """Steps, written as JSON and played with other accounts, give the same steps again."""
    first, second = Diary(first=5), Diary(first=500)
    made = [first.create()]
    for choice in choices:
        if choice == 0:
            made.append(first.create())
        elif choice == 1:
            made[0] = first.change(made[0])
        else:
            first.tell(made, minutes=minutes, between=(1, 2))
    play(second, json.loads(json.dumps(first.steps)))
    assert second.steps == first.steps
