"""The search: how many schedules there are, in which order they come, and how those that fail are found."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.oracle.checks import Check
from conformance.scenario import Scenario
from conformance.schedules import Schedule, number_of_schedules, schedules
from conformance.search import ENOUGH, OPEN, Search, exchanges_of, name_of, settled
from conformance.small_story import batches
from conformance.story import Batch, Result
from conformance.target import Features

FOUND: Final = exchanges_of(Features(restart=True))
SINGLES: Final = tuple(schedules(FOUND, deviations=1))
# Those that can be told at the same time.
TOGETHER: Final = tuple(told for told in SINGLES if not told[0].concerns_all)
ONE_GROUP: Final = Features.model_validate({"groups": {"HSS": ["HSS", "PCRF"]}})
FAILED: Final = Check(requirement="STATUS-FINAL", grade="fail", expected="OK", received="nothing")


def scenario(told: Sequence[Schedule], *checks: Check, unsure: str | None = None) -> Scenario:
    """What came of telling some schedules."""
    return Scenario(
        name=name_of(told),
        url_form="i_account",
        journal="a.jsonl",
        first=1,
        last=2,
        requirements=("STATUS-FINAL",),
        result=Result(checks=checks, unsure=unsure, virtual_seconds=1.0, wall_seconds=0.1),
        batch=Batch(schedules=len(told), deviations=1),
    )


def test_number_of_schedules_is_that_of_the_ways_to_choose_them() -> None:
    """By Newton's identities: all pairs and triples of deviations but those that share an exchange."""
    sizes = [len(exchange) for exchange in FOUND]
    first, second, third = (sum(size**power for size in sizes) for power in (1, 2, 3))
    pairs = (first**2 - second) // 2
    triples = (first**3 - 3 * first * second + 2 * third) // 6
    assert [first, pairs, triples] == [66, 1981, 35776]
    assert [number_of_schedules(FOUND, deviations=n) for n in (1, 2, 3)] == [first, pairs, triples]
    assert [sum(1 for _ in schedules(FOUND, deviations=n)) for n in (1, 2, 3)] == [first, pairs, triples]


def test_nothing_goes_otherwise_in_the_smallest_schedule() -> None:
    """There is one schedule without deviations."""
    assert list(schedules(FOUND, deviations=0)) == [()]


def test_no_two_schedules_are_the_same() -> None:
    """Each combination of deviations comes once, and none holds two of one exchange."""
    pairs = list(schedules(FOUND, deviations=2))
    assert len({frozenset(map(str, pair)) for pair in pairs}) == len(pairs)
    assert all(one.exchange != other.exchange for one, other in pairs)


@pytest.mark.parametrize("features", [Features(), ONE_GROUP])
def test_what_is_not_declared_does_not_deviate(features: Features) -> None:
    """A target that does not survive a restart is not killed."""
    names = {str(one) for exchange in exchanges_of(features) for one in exchange}
    assert "order answered 503" in names
    assert not any("killed" in name for name in names)


def test_batches_hold_every_schedule_once() -> None:
    """What concerns all is told alone, the rest at most so many at a time."""
    parts = list(batches(SINGLES, size=20))
    assert sorted(name_of([told]) for part in parts for told in part) == sorted(
        name_of([told]) for told in SINGLES
    )
    assert max(map(len, parts)) == 20
    assert {len(part) for part in parts if any(one.concerns_all for told in part for one in told)} == {1}


@given(wrong=st.sets(st.sampled_from(range(len(TOGETHER))), max_size=6), size=st.integers(1, 60))
def test_search_finds_what_fails_alone(wrong: set[int], size: int) -> None:
    """However many are told at a time, the first that fail are found, each by itself."""
    bad = [TOGETHER[number] for number in sorted(wrong)]

    def tell(told: Sequence[Schedule]) -> Scenario:
        return scenario(told, *[FAILED] * any(one in bad for one in told))

    search = Search()
    parts = list(batches(TOGETHER, size=size))
    tellings = [telling for part in parts for telling in search.through(part, tell=tell)]
    alone = [telling for telling in tellings if telling.went_wrong and telling.batch.schedules == 1]
    assert [telling.name for telling in alone] == [name_of([one]) for one in islice(bad, ENOUGH)]


def test_what_failed_together_counts_by_what_fails_alone() -> None:
    """The many are excused by the one; their schedules count where they are told again."""
    whole, one, other = scenario(SINGLES[:2], FAILED), scenario(SINGLES[:1], FAILED), scenario(SINGLES[1:2])
    told = settled([whole, one, other])
    assert [scenario.went_wrong for scenario in told] == [False, True, False]
    assert [scenario.batch.schedules for scenario in told] == [0, 1, 1]


def test_what_failed_together_and_never_alone_is_open() -> None:
    """Nobody knows whether it was the provisioner or their number."""
    told = settled([scenario(SINGLES[:2], FAILED), scenario(SINGLES[:1]), scenario(SINGLES[1:2])])
    assert [scenario.result.unsure for scenario in told] == [OPEN, None, None]


def test_who_was_slow_with_many_is_excused() -> None:
    """A wait in vain for one of many says nothing, since each is told alone."""
    told = settled([scenario(SINGLES[:2], unsure="x"), scenario(SINGLES[:1]), scenario(SINGLES[1:2])])
    assert [scenario.went_wrong for scenario in told] == [False, False, False]
