"""Expected failures and exit codes: what was expected excuses, in both directions and until it expires."""

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.errors import ExpectationError
from conformance.expectations import Expectation, Reckoning, load_expectations, only_expected, reckon
from conformance.oracle.checks import Check, Grade
from conformance.requirements import catalogue
from conformance.scenario import Scenario
from conformance.story import Result
from conformance.target import Features
from conformance.verdict import Ending, Scope, Verdict, decide, exit_code

ALL: Final = Features.model_validate({"restart": True, "custom-groups": True})
TODAY: Final = date(2026, 6, 1)


def scenario(*found: tuple[str, Grade], name: str = "test_a[id]", unsure: str | None = None) -> Scenario:
    """A scenario that found these grades, and was written for DATA-QUERY."""
    checks = tuple(Check(requirement=id_, grade=grade, expected="", received="") for id_, grade in found)
    return Scenario(
        name=name,
        url_form="id",
        journal="a.jsonl",
        first=1,
        last=2,
        requirements=("DATA-QUERY",),
        result=Result(checks=checks, unsure=unsure, virtual_seconds=0.0, wall_seconds=0.0),
    )


def verdict(*scenarios: Scenario, only: Iterable[str] = ()) -> Verdict:
    """The verdict on some scenarios, beside one in which all passed."""
    passed = scenario(*((id_, "pass") for id_ in catalogue()), name="test_all")
    return decide([passed, *scenarios], ALL, Scope(only=tuple(only)))


def expect(id_: str, *, story: str | None = None, expires: date = TODAY) -> Expectation:
    """An expected failure."""
    return Expectation(id=id_, reason="known", expires=expires, story=story)


def states(reckoning: Reckoning) -> list[str]:
    """What became of the expectations."""
    return [entry.state for entry in reckoning.entries]


def code(decided: Verdict, *expected: Expectation, strict: bool = False, **ending: Any) -> int:
    """The exit code of a run with expected failures."""
    reckoning = reckon(expected, decided, today=TODAY)
    return exit_code(
        decided,
        ending=Ending(**{"scenarios": 1, **ending}),
        unexpected=reckoning.unexpected,
        not_happened=reckoning.not_happened,
        strict=strict,
    )


FAILED: Final = scenario(("DATA-QUERY", "fail"))
WARNED: Final = scenario(("WHOLE-QUIET", "warn"))
UNSURE: Final = scenario(unsure="an order")


@pytest.mark.parametrize(
    ("told", "expected", "exit_"),
    [
        ([], [], 0),
        ([FAILED], [], 1),
        ([FAILED], ["DATA-QUERY"], 0),
        ([], ["DATA-QUERY"], 7),
        ([FAILED], ["ORDER-ONCE"], 1),
        ([FAILED], ["DATA-QUERY", "ORDER-ONCE"], 7),
        ([WARNED], [], 0),
        ([WARNED], ["WHOLE-QUIET"], 0),
        ([UNSURE], [], 2),
        ([UNSURE], ["DATA-QUERY"], 2),
        ([UNSURE], ["ORDER-ONCE"], 7),
        ([scenario(("ORDER-ONCE", "fail")), UNSURE], ["ORDER-ONCE"], 2),
    ],
)
def test_exit_code_follows_what_was_expected(told: list[Scenario], expected: list[str], exit_: int) -> None:
    """A failure that nobody expected is 1, one that stayed out is 7, and what nobody knows is 2."""
    assert code(verdict(*told), *map(expect, expected)) == exit_


@pytest.mark.parametrize(
    ("ending", "exit_"),
    [
        ({"harness_broke": True, "setup_failed": True, "scenarios": 0}, 3),
        ({"setup_failed": True, "scenarios": 0}, 4),
        ({"scenarios": 0}, 5),
    ],
)
def test_end_of_a_run_outweighs_what_it_found(ending: dict[str, Any], exit_: int) -> None:
    """Where several exit codes apply, the documented order decides: 3, 4, 5, then the findings."""
    assert code(verdict(FAILED), expect("ORDER-ONCE"), **ending) == exit_


def test_strict_counts_warnings_and_what_was_left_out() -> None:
    """With `--strict` a warning or a partial run is 1, unless the warning was expected."""
    assert code(verdict(WARNED), strict=True) == 1
    assert code(verdict(WARNED), expect("WHOLE-QUIET"), strict=True) == 0
    assert code(verdict(only=["DATA-QUERY"]), strict=True) == 1
    assert code(verdict(only=["DATA-QUERY"])) == 0


def test_expected_failure_leaves_the_verdict_as_it_is() -> None:
    """An expectation changes the exit code alone: the target is no more conformant for it."""
    decided = verdict(FAILED)
    reckoning = reckon([expect("DATA-QUERY")], decided, today=TODAY)
    (entry,) = decided.by_grade("fail")
    assert (decided.verdict, states(reckoning)) == ("not-conformant", ["happened"])
    assert reckoning.excuse(entry) == expect("DATA-QUERY")


def test_expired_expectation_excuses_nothing_and_demands_nothing() -> None:
    """From the day after its last one, an expectation is told and does neither harm nor good."""
    old = expect("DATA-QUERY", expires=date(2026, 5, 31))
    assert (code(verdict(FAILED), old), code(verdict(), old)) == (1, 0)
    (entry,) = reckon([old], verdict(), today=TODAY).entries
    assert entry.sentence == "DATA-QUERY is expected to fail no longer: that expired on 2026-05-31"


@pytest.mark.parametrize(("story", "exit_"), [("test_a", 0), ("test_a[id]", 0), ("test_b", 1)])
def test_expectation_of_one_story_excuses_that_one_alone(story: str, exit_: int) -> None:
    """With `story`, a failure in another scenario counts; the brackets may be left out."""
    assert code(verdict(FAILED), expect("DATA-QUERY", story=story)) == exit_


def test_expected_story_that_did_not_fail_is_told_although_another_did() -> None:
    """Each expectation stands for itself."""
    expected = [expect("DATA-QUERY"), expect("DATA-QUERY", story="test_b")]
    reckoning = reckon(expected, verdict(FAILED), today=TODAY)
    assert (states(reckoning), reckoning.unexpected) == (["happened", "did not happen"], ())


def test_consequence_of_an_expected_failure_is_excused_with_it() -> None:
    """What is blocked by an expected failure needs no expectation of its own."""
    decided = verdict(scenario(("EVENT-ACK", "fail"), ("DATA-QUERY", "fail")))
    assert code(decided, expect("EVENT-ACK")) == 0


def test_left_out_requirement_is_not_said_to_hold() -> None:
    """With `--only`, nobody knows whether the failures of the others would have happened."""
    reckoning = reckon([expect("ORDER-ONCE")], verdict(only=["DATA-QUERY"]), today=TODAY)
    assert (states(reckoning), reckoning.not_happened) == (["unknown"], False)


def test_blocked_run_is_inconclusive_when_its_failure_was_expected() -> None:
    """What was never told because the first story failed is known to nobody."""
    decided = decide([FAILED], ALL, Scope(blocked_by="the smoke story failed"))
    assert code(decided, expect("DATA-QUERY")) == 2


@pytest.fixture(name="load")
def _load(tmp_path: Path) -> Callable[[str], tuple[Expectation, ...]]:
    """Read a file of expected failures with this text."""

    def load(text: str) -> tuple[Expectation, ...]:
        path = tmp_path / "known.toml"
        path.write_text(text)
        return load_expectations(path)

    return load


def test_expected_failure_of_the_first_story_lets_the_others_be_told() -> None:
    """A story that came to expected failures alone blocks nothing; one that could not tell does."""
    lasting = expect("DATA-QUERY", expires=date.max)
    assert only_expected([FAILED], ALL, [lasting])
    assert not only_expected([FAILED], ALL, [])
    assert not only_expected([FAILED], ALL, [expect("DATA-QUERY", expires=date.min)])
    assert not only_expected([UNSURE], ALL, [lasting])


def test_file_of_expectations_is_read(load: Callable[[str], tuple[Expectation, ...]]) -> None:
    """Each entry has an id, a reason and a day, and may name a story."""
    text = '[[expect]]\nid = "DATA-QUERY"\nreason = "known"\nexpires = 2026-06-01\nstory = "test_a"\n'
    assert load(text) == (expect("DATA-QUERY", story="test_a"),)
    assert load("") == load_expectations(None) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('id = "DATA-QERY"', "expect.0.id: this is no requirement"),
        ('id = "DATA-QUERY"', "expect.0.expires: this key is required"),
        ('expires = "soon"', "expect.0.expires"),
        ('reason = ""', "expect.0.reason"),
        ('colour = "red"', "expect.0.colour: this key is not known"),
    ],
)
def test_mistake_in_a_file_of_expectations_is_told(
    load: Callable[[str], tuple[Expectation, ...]], text: str, told: str
) -> None:
    """A mistake is told with its place, and never passed over."""
    with pytest.raises(ExpectationError, match=told):
        load(f"[[expect]]\n{text}\n")


def test_expectation_stands_once(load: Callable[[str], tuple[Expectation, ...]]) -> None:
    """Two entries for the same requirement and story could have two reasons, so they are refused."""
    entry = '[[expect]]\nid = "DATA-QUERY"\nreason = "known"\nexpires = 2026-06-01\n'
    with pytest.raises(ExpectationError, match="expected more than once: DATA-QUERY"):
        load(entry + entry)
