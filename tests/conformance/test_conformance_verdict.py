"""The verdict: what made-up scenarios found becomes a verdict per requirement and one for the run."""

from collections.abc import Iterable
from typing import Final
from uuid import uuid4

import pytest

from conformance.oracle.checks import Check, Grade
from conformance.requirements import catalogue
from conformance.scenario import Scenario
from conformance.story import Result
from conformance.target import Features
from conformance.verdict import RequirementVerdict, Scope, Verdict, decide

ACTIONS: Final = {"activate": ["New"], "modify": ["Changed"], "deactivate": ["Closed"]}
ALL: Final = Features.model_validate({"restart": True, "custom-groups": True, "actions": ACTIONS})
ONE_FORM: Final = Features(url=("i_account",))


def check(requirement: str, grade: Grade = "pass", *, received: str = "") -> Check:
    """A check with a grade."""
    return Check(
        requirement=requirement, grade=grade, expected="what is right", received=received, records=(1,)
    )


def scenario(
    *checks: Check, unsure: str | None = None, proves: Iterable[str] = (), name: str = ""
) -> Scenario:
    """A scenario that found these checks; under one `name` it is told again."""
    result = Result(checks=checks, unsure=unsure, virtual_seconds=3600.0, wall_seconds=0.1)
    return Scenario(
        name=name or f"test_{uuid4().hex}",
        url_form="i_account",
        journal="a.jsonl",
        first=1,
        last=2,
        requirements=tuple(proves),
        result=result,
    )


def all_pass(*, but: Iterable[str] = ()) -> Scenario:
    """A scenario in which every requirement passes, except those that are left out."""
    left_out = set(but)
    return scenario(*(check(id_) for id_ in catalogue() if id_ not in left_out))


def entry(verdict: Verdict, id_: str) -> RequirementVerdict:
    """The verdict on one requirement."""
    (found,) = (item for item in verdict.requirements if item.requirement.id == id_)
    return found


def test_all_passed_is_conformant() -> None:
    """A run in which every requirement was judged and passed is conformant."""
    verdict = decide([all_pass()], ALL, Scope())
    assert verdict.verdict == "conformant"
    assert [item.requirement.id for item in verdict.by_grade("pass")] == list(catalogue())


def test_failure_is_never_made_up_for() -> None:
    """One failed check outweighs any number of passed ones, before and after it."""
    failed = scenario(check("DATA-QUERY", "fail", received="nothing"))
    verdict = decide([all_pass(), failed, all_pass()], ALL, Scope())
    found = entry(verdict, "DATA-QUERY")
    assert (verdict.verdict, found.verdict, found.reason) == ("not-conformant", "fail", "nothing")
    assert [(item.scenario, item.journal, item.blocked) for item in found.evidence] == [
        (failed.name, "a.jsonl", False)
    ]


def test_warning_keeps_a_run_conformant() -> None:
    """A warning is shown with its reason and takes nothing from the run's verdict."""
    verdict = decide(
        [all_pass(), scenario(check("STATUS-IN-PROGRESS", "warn", received="nothing"))], ALL, Scope()
    )
    found = entry(verdict, "STATUS-IN-PROGRESS")
    assert (verdict.verdict, found.verdict, found.reason) == ("conformant", "warn", "nothing")


@pytest.mark.parametrize("grade", ["fail", "warn"])
def test_consequence_is_blocked_beside_its_cause(grade: Grade) -> None:
    """What merely follows from a failure in the same scenario is blocked, a failure or a warning."""
    found = scenario(check("STATUS-NOT-EARLY", "fail"), check("STATUS-IN-PROGRESS", grade))
    verdict = decide([all_pass(), found], ALL, Scope())
    blocked = entry(verdict, "STATUS-IN-PROGRESS")
    assert (verdict.verdict, blocked.verdict) == ("not-conformant", "blocked")
    assert [item.blocked for item in blocked.evidence] == [True]
    assert entry(verdict, "STATUS-NOT-EARLY").verdict == "fail"


def test_consequence_of_a_consequence_is_blocked() -> None:
    """Implications reach over several steps."""
    verdict = decide([scenario(check("EVENT-ACK", "fail"), check("ORDER-ONCE", "fail"))], ALL, Scope())
    assert entry(verdict, "ORDER-ONCE").verdict == "blocked"


def test_consequence_fails_where_its_cause_did_not() -> None:
    """A cause excuses what follows in its own scenario and in no other."""
    cause = scenario(check("STATUS-NOT-EARLY", "fail"), check("STATUS-FINAL", "fail"))
    verdict = decide(
        [cause, scenario(check("STATUS-FINAL", "fail", received="stored: nothing"))], ALL, Scope()
    )
    found = entry(verdict, "STATUS-FINAL")
    assert (found.verdict, found.reason) == ("fail", "stored: nothing")
    assert [item.blocked for item in found.evidence] == [True, False]


def test_warning_blocks_nothing() -> None:
    """Only a failure explains another."""
    verdict = decide([scenario(check("STATUS-VALUES", "warn"), check("STATUS-FINAL", "fail"))], ALL, Scope())
    assert entry(verdict, "STATUS-FINAL").verdict == "fail"


def test_undeclared_feature_is_unsupported() -> None:
    """What the target does not declare is unsupported, and the run may be conformant."""
    verdict = decide([all_pass(but=["STATUS-URL-ID"])], ONE_FORM, Scope())
    found = entry(verdict, "STATUS-URL-ID")
    assert (verdict.verdict, found.verdict) == ("conformant", "unsupported")
    assert found.reason == "the target does not declare url:id"


def test_declared_feature_that_was_not_judged_is_not_tested() -> None:
    """What the target declares and no scenario judged makes the run partial."""
    verdict = decide([all_pass(but=["STATUS-URL-ID"])], ALL, Scope())
    assert (verdict.verdict, entry(verdict, "STATUS-URL-ID").verdict) == ("partial", "not-tested")


def test_nothing_run_is_partial_at_best() -> None:
    """Without any scenario nothing has passed."""
    verdict = decide([], ALL, Scope())
    assert verdict.verdict == "partial"
    assert {item.verdict for item in verdict.requirements} == {"not-tested"}


def test_only_leaves_out_what_was_not_asked_for() -> None:
    """With `only`, the rest is not tested although scenarios passed it, and the run is partial."""
    verdict = decide([all_pass()], ALL, Scope(only=["DATA-QUERY"]))
    assert verdict.verdict == "partial"
    assert [item.requirement.id for item in verdict.by_grade("pass")] == ["DATA-QUERY"]
    others = [item for item in verdict.requirements if item.requirement.id != "DATA-QUERY"]
    assert {item.verdict for item in others} == {"not-tested"}
    assert {item.reason for item in others if not item.requirement.not_tested} == {"left out by --only"}


def test_only_hides_no_failure() -> None:
    """A failure that comes to light is told even where nobody asked for it."""
    verdict = decide([scenario(check("ORDER-ONCE", "fail"))], ALL, Scope(only=["DATA-QUERY"]))
    assert (verdict.verdict, entry(verdict, "ORDER-ONCE").verdict) == ("not-conformant", "fail")


def test_wait_in_vain_is_inconclusive_for_what_the_scenario_was_to_prove() -> None:
    """Where a wait ran out and nothing failed, what the scenario was to prove is inconclusive."""
    unsure = scenario(check("EVENT-ACK"), unsure="an order", proves=["DATA-QUERY"])
    verdict = decide([all_pass(), unsure], ALL, Scope())
    found = entry(verdict, "DATA-QUERY")
    assert (verdict.verdict, found.verdict) == ("inconclusive", "inconclusive")
    assert found.reason == "waited in vain for an order"
    assert entry(verdict, "EVENT-ACK").verdict == "pass"


def test_failure_outweighs_a_wait_in_vain() -> None:
    """A run that failed somewhere is not conformant, whatever else it could not tell."""
    unsure = scenario(unsure="an order", proves=["DATA-QUERY"])
    verdict = decide([unsure, scenario(check("DATA-QUERY", "fail"))], ALL, Scope())
    assert (verdict.verdict, entry(verdict, "DATA-QUERY").verdict) == ("not-conformant", "fail")


def test_inconclusive_outweighs_what_was_left_out() -> None:
    """A run that could not tell is inconclusive rather than partial."""
    verdict = decide([scenario(unsure="an order", proves=["DATA-QUERY"])], ALL, Scope())
    assert verdict.verdict == "inconclusive"


def test_scenario_survives_its_way_from_a_worker() -> None:
    """What a worker writes down of a scenario, the controller reads as it was."""
    told = scenario(check("ORDER-ONCE", "fail"), check("EVENT-ACK"), unsure="an order", proves=["EVENT-ACK"])
    assert Scenario.from_json(told.to_json()) == told


def test_profile_core_leaves_out_and_is_not_partial_for_it() -> None:
    """What the chosen profile does not hold is not-tested, and a run of that profile can be conformant."""
    beyond = [id_ for id_, entry in catalogue().items() if entry.profile == "full"]
    verdict = decide([all_pass(but=beyond)], ALL, Scope(profile="core"))
    assert verdict.verdict == "conformant"
    assert {entry(verdict, id_).verdict for id_ in beyond} == {"not-tested"}
    assert {entry(verdict, id_).reason for id_ in beyond} == {"left out by --profile core"}


@pytest.mark.parametrize("order", [1, -1])
def test_what_comes_and_goes_is_neither_pass_nor_fail(order: int) -> None:
    """A story that failed in one of two tellings is inconclusive, and says in how many."""
    failed = scenario(check("ORDER-ONCE", "fail", received="2 orders"), name="test_told_twice")
    passed = scenario(check("ORDER-ONCE"), name="test_told_twice")
    verdict = decide([all_pass(), *[failed, passed][::order]], ALL, Scope())
    found = entry(verdict, "ORDER-ONCE")
    assert (verdict.verdict, found.verdict) == ("inconclusive", "inconclusive")
    assert found.reason == "failed in 1 of 2 tellings: expected what is right, received 2 orders"


def test_what_fails_in_every_telling_fails() -> None:
    """A failure that came again is one."""
    failed = scenario(check("ORDER-ONCE", "fail"), name="test_told_twice")
    verdict = decide([all_pass(), failed, failed], ALL, Scope())
    assert entry(verdict, "ORDER-ONCE").verdict == "fail"
