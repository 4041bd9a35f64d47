"""Turns what came of the scenarios into a verdict per requirement and one for the run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from conformance.oracle.checks import Check
from conformance.oracle.equivalence import Telling, compared
from conformance.plugin import Scenario
from conformance.requirements import Requirement, catalogue, consequences
from conformance.target import Features

Grade = Literal["pass", "warn", "fail", "unsupported", "inconclusive", "blocked", "not-tested"]
RunVerdict = Literal["conformant", "partial", "not-conformant", "inconclusive"]

# The worse the later; what is not in the list was not judged at all.
SEVERITY: Final[tuple[Grade, ...]] = ("pass", "warn", "blocked", "inconclusive", "fail")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A check that did not pass, and the scenario in which it was made."""

    scenario: str
    url_form: str
    journal: str
    check: Check
    blocked: bool


@dataclass(frozen=True, kw_only=True)
class RequirementVerdict:
    """The verdict on one requirement, the scenarios that judged it, and what they found."""

    requirement: Requirement
    verdict: Grade
    reason: str
    scenarios: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict on a run."""

    verdict: RunVerdict
    requirements: tuple[RequirementVerdict, ...]

    def by_grade(self, grade: Grade) -> tuple[RequirementVerdict, ...]:
        """The requirements with this verdict."""
        return tuple(entry for entry in self.requirements if entry.verdict == grade)


def decide(
    scenarios: Sequence[Scenario], features: Features, *, only: Sequence[str] = (), blocked_by: str = ""
) -> Verdict:
    """Decide on every requirement of the catalogue, then on the run.

    `only` are the requirements that the user asked for; without it, all are. `blocked_by` says why the
    scenarios of all that was not judged were not told.
    """
    scenarios = _compared(scenarios)
    entries = tuple(
        _decide_one(requirement, scenarios, features, only=only, blocked_by=blocked_by)
        for requirement in catalogue().values()
    )
    return Verdict(verdict=_run_verdict(entries, chosen=bool(only)), requirements=entries)


def _compared(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """The scenarios with what can only be told from several of them."""
    told = [
        Telling(name=scenario.name, url_form=scenario.url_form, checks=scenario.result.checks)
        for scenario in scenarios
    ]
    return tuple(
        replace(scenario, result=replace(scenario.result, checks=checks))
        for scenario, checks in zip(scenarios, compared(told), strict=True)
    )


def is_declared(requirement: Requirement, features: Features) -> bool:
    """Tell whether a target declares all features that a requirement is about."""
    return not undeclared(requirement, features)


def undeclared(requirement: Requirement, features: Features) -> tuple[str, ...]:
    """The features that a requirement is about and a target does not declare."""
    return tuple(name for name in requirement.features if not _has(features, name))


def _has(features: Features, name: str) -> bool:
    kind, _, value = name.partition(":")
    declared = getattr(features, kind.replace("-", "_"))
    return bool(value in declared if value else declared)


def _decide_one(
    requirement: Requirement,
    scenarios: Sequence[Scenario],
    features: Features,
    *,
    only: Sequence[str],
    blocked_by: str,
) -> RequirementVerdict:
    judged = [scenario for scenario in scenarios if requirement.id in _judged(scenario)]
    evidence = tuple(found for scenario in judged for found in _evidence(scenario, requirement.id))
    grade, reason = _grade(requirement, judged, evidence)
    if not judged or not is_declared(requirement, features):
        grade, reason = _why_not(requirement, features, only=only, blocked_by=blocked_by)
    elif only and requirement.id not in only and grade == "pass":
        grade, reason = "not-tested", "left out by --only"
    return RequirementVerdict(
        requirement=requirement,
        verdict=grade,
        reason=reason,
        scenarios=tuple(scenario.name for scenario in judged),
        evidence=evidence,
    )


def _judged(scenario: Scenario) -> frozenset[str]:
    """What a scenario says something about: what was checked, and what it was to prove but could not."""
    checked = frozenset(check.requirement for check in scenario.result.checks)
    return checked | frozenset(scenario.requirements if scenario.result.unsure else ())


def _grade(
    requirement: Requirement, judged: Sequence[Scenario], evidence: Sequence[Evidence]
) -> tuple[Grade, str]:
    """The worst of what was found."""
    unsure = [s for s in judged if s.result.unsure and requirement.id in s.requirements]
    found: list[tuple[Grade, str]] = [("pass", "")]
    found += [("inconclusive", f"waited in vain for {scenario.result.unsure}") for scenario in unsure]
    found += [
        ("blocked", "follows from another failure")
        if item.blocked
        else (item.check.grade, item.check.received)
        for item in evidence
    ]
    return max(found, key=lambda pair: SEVERITY.index(pair[0]))


def _evidence(scenario: Scenario, id_: str) -> list[Evidence]:
    doubted = frozenset(check.requirement for check in scenario.result.checks if check.grade != "pass")
    failed = frozenset(check.requirement for check in scenario.result.checks if check.grade == "fail")
    blocked = consequences(failed, among=doubted)
    return [
        Evidence(
            scenario=scenario.name,
            url_form=scenario.url_form,
            journal=scenario.journal,
            check=check,
            blocked=id_ in blocked,
        )
        for check in scenario.result.checks
        if check.requirement == id_ and check.grade != "pass"
    ]


def _why_not(
    requirement: Requirement, features: Features, *, only: Sequence[str], blocked_by: str
) -> tuple[Grade, str]:
    if missing := undeclared(requirement, features):
        return "unsupported", f"the target does not declare {' and '.join(missing)}"
    if requirement.not_tested:
        return "not-tested", requirement.not_tested
    if only and requirement.id not in only:
        return "not-tested", "left out by --only"
    if blocked_by:
        return "blocked", blocked_by
    return "not-tested", "no scenario could be told with what the target declares, or it did not come so far"


def _run_verdict(entries: Sequence[RequirementVerdict], *, chosen: bool) -> RunVerdict:
    """Decide on a run; one of chosen requirements is never more than partial.

    What no scenario of the harness tests is said in the report, and no run is the less for it.
    """
    grades = {entry.verdict for entry in entries if not entry.requirement.not_tested}
    if "fail" in grades:
        return "not-conformant"
    if grades & {"inconclusive", "blocked"}:
        return "inconclusive"
    return "partial" if chosen or "not-tested" in grades else "conformant"
