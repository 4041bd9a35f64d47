"""Turns what came of the scenarios into a verdict per requirement and one for the run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from conformance.oracle.checks import Check
from conformance.oracle.equivalence import Telling, compared
from conformance.requirements import Profile, Requirement, catalogue, consequences
from conformance.scenario import Scenario
from conformance.search import settled
from conformance.target import Features
from simulators.commands import CONFIGURATION, HARNESS_BROKE

Grade = Literal["pass", "warn", "fail", "unsupported", "inconclusive", "blocked", "not-tested"]
RunVerdict = Literal["conformant", "partial", "not-conformant", "inconclusive"]

# The worse the later; what is not in the list was not judged at all.
SEVERITY: Final[tuple[Grade, ...]] = ("pass", "warn", "blocked", "inconclusive", "fail")
LEFT_OUT: Final = "left out by --only"
BEYOND_CORE: Final = "left out by --profile core"

# The documented exit codes of a run; where several apply, the first of 3, 4, 5, 1, 7, 2, 0.
CONFORMANT: Final = 0
"""Conformant, or partial without `--strict`."""
FAILED: Final = 1
"""A requirement failed; with `--strict` also a SHOULD, or partial."""
INCONCLUSIVE: Final = 2
"""Inconclusive: it could not be known."""
NOTHING_TESTED: Final = 5
"""Nothing was tested."""
NOT_HAPPENED: Final = 7
"""A failure that was expected (`--expect-fail`) stayed out."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A check that did not pass, and the scenario in which it was made.

    `follows_from` are the failures of the same scenario that explain it.
    """

    scenario: str
    url_form: str
    journal: str
    check: Check
    follows_from: tuple[str, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether it merely follows from another failure."""
        return bool(self.follows_from)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A scenario that could not tell: what it waited for in vain, or what failed in some of its tellings."""

    scenario: str
    url_form: str
    journal: str
    why: str


@dataclass(frozen=True, kw_only=True)
class RequirementVerdict:
    """The verdict on one requirement, the scenarios that judged it, and what they found or could not tell."""

    requirement: Requirement
    verdict: Grade
    reason: str
    scenarios: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    doubts: tuple[Doubt, ...]

    @property
    def own_evidence(self) -> tuple[Evidence, ...]:
        """What tells against the target under this id, without what merely follows from another failure."""
        return tuple(item for item in self.evidence if not item.blocked)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict on a run, with the scenarios as they look beside each other.

    `is_partial` tells whether something applicable was left out, failures apart.
    """

    verdict: RunVerdict
    requirements: tuple[RequirementVerdict, ...]
    scenarios: tuple[Scenario, ...]
    is_partial: bool

    def by_grade(self, grade: Grade) -> tuple[RequirementVerdict, ...]:
        """The requirements with this verdict."""
        return tuple(entry for entry in self.requirements if entry.verdict == grade)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a run was to tell: `only` are the requirements that the user asked for; without it, all are.

    `blocked_by` says why the scenarios of all that was not judged were not told.
    """

    only: Sequence[str] = ()
    profile: Profile = "full"
    blocked_by: str = ""

    def why_left_out(self, requirement: Requirement) -> str:
        """Why the user left a requirement out; empty for one that was asked for."""
        if self.only and requirement.id not in self.only:
            return LEFT_OUT
        return BEYOND_CORE if self.profile == "core" and requirement.profile == "full" else ""


def decide(scenarios: Sequence[Scenario], features: Features, scope: Scope) -> Verdict:
    """Decide on every requirement of the catalogue, then on the run."""
    told = _compared(settled(scenarios))
    entries = tuple(_decide_one(requirement, told, features, scope) for requirement in catalogue().values())
    grades = {
        entry.verdict for entry in entries if not entry.requirement.not_tested and entry.reason != BEYOND_CORE
    }
    is_partial = bool(scope.only) or "not-tested" in grades
    verdict = _run_verdict(grades, is_partial=is_partial)
    return Verdict(verdict=verdict, requirements=entries, scenarios=told, is_partial=is_partial)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended, beside what it found of the target."""

    scenarios: int
    harness_broke: bool = False
    setup_failed: bool = False


def exit_code(
    verdict: Verdict,
    *,
    ending: Ending,
    unexpected: Collection[Evidence],
    not_happened: bool = False,
    strict: bool = False,
) -> int:
    """The first exit code that applies, in the documented order: 3, 4, 5, 1, 7, 2, 0.

    `unexpected` is what tells against the target and nobody expected, `not_happened` whether an expected
    failure stayed out. With `strict`, warnings and what was left out count too.
    """
    grades = {item.check.grade for item in unexpected}
    applies = {
        HARNESS_BROKE: ending.harness_broke,
        CONFIGURATION: ending.setup_failed,
        NOTHING_TESTED: not ending.scenarios,
        FAILED: "fail" in grades or (strict and ("warn" in grades or verdict.is_partial)),
        NOT_HAPPENED: not_happened,
        INCONCLUSIVE: any(map(_is_open, verdict.requirements)),
    }
    return next((code for code, is_so in applies.items() if is_so), CONFORMANT)


def _is_open(entry: RequirementVerdict) -> bool:
    """Whether nobody knows; what is blocked by a failure that was judged is as good as told."""
    return entry.verdict == "inconclusive" or (entry.verdict == "blocked" and not entry.evidence)


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
    requirement: Requirement, scenarios: Sequence[Scenario], features: Features, scope: Scope
) -> RequirementVerdict:
    judged = [scenario for scenario in scenarios if requirement.id in _judged(scenario)]
    found = [item for scenario in judged for item in _evidence(scenario, requirement.id)]
    chances = {item: _tellings(item, scenarios) for item in found}
    evidence = tuple(item for item, tellings in chances.items() if not tellings)
    doubts = tuple(doubt for scenario in judged for doubt in _doubts(scenario, requirement.id))
    doubts += tuple(_by_chance(item, tellings) for item, tellings in chances.items() if tellings)
    grade, reason = _grade(evidence, doubts)
    if not judged or not is_declared(requirement, features):
        grade, reason = _why_not(requirement, features, scope)
    elif grade == "pass" and (why := scope.why_left_out(requirement)):
        grade, reason = "not-tested", why
    return RequirementVerdict(
        requirement=requirement,
        verdict=grade,
        reason=reason,
        scenarios=tuple(scenario.name for scenario in judged),
        evidence=evidence,
        doubts=doubts,
    )


def _judged(scenario: Scenario) -> frozenset[str]:
    """What a scenario says something about: what was checked, and what it was to prove but could not."""
    checked = frozenset(check.requirement for check in scenario.result.checks)
    return checked | frozenset(scenario.requirements if scenario.result.unsure else ())


def _grade(evidence: Sequence[Evidence], doubts: Sequence[Doubt]) -> tuple[Grade, str]:
    """The worst of what was found, and its first cause."""
    found: list[tuple[Grade, str]] = [("pass", "")]
    found += [("inconclusive", doubt.why) for doubt in doubts]
    found += [
        ("blocked", f"follows from {' and '.join(item.follows_from)}")
        if item.blocked
        else (item.check.grade, item.check.received)
        for item in evidence
    ]
    return max(found, key=lambda pair: SEVERITY.index(pair[0]))


def _doubts(scenario: Scenario, id_: str) -> list[Doubt]:
    if not scenario.result.unsure or id_ not in scenario.requirements:
        return []
    return [
        Doubt(
            scenario=scenario.name,
            url_form=scenario.url_form,
            journal=scenario.journal,
            why=f"waited in vain for {scenario.result.unsure}",
        )
    ]


def _tellings(item: Evidence, scenarios: Sequence[Scenario]) -> str:
    """In how many of its tellings a story failed under this id, as `1 of 2`; empty where in all of them.

    What comes and goes is no proof against a provisioner, and none for it.
    """
    told = [other for other in scenarios if (other.name, other.url_form) == (item.scenario, item.url_form)]
    failed = [other for other in told if item.check.requirement in other.failed]
    return f"{len(failed)} of {len(told)}" if 0 < len(failed) < len(told) else ""


def _by_chance(item: Evidence, tellings: str) -> Doubt:
    return Doubt(
        scenario=item.scenario,
        url_form=item.url_form,
        journal=item.journal,
        why=f"failed in {tellings} tellings: expected {item.check.expected}, received {item.check.received}",
    )


def _evidence(scenario: Scenario, id_: str) -> list[Evidence]:
    return [
        Evidence(
            scenario=scenario.name,
            url_form=scenario.url_form,
            journal=scenario.journal,
            check=check,
            follows_from=_causes(scenario, id_),
        )
        for check in scenario.result.checks
        if check.requirement == id_ and check.grade != "pass"
    ]


def _causes(scenario: Scenario, id_: str) -> tuple[str, ...]:
    """The failures of a scenario that explain another and follow from none themselves."""
    failed = {check.requirement: None for check in scenario.result.checks if check.grade == "fail"}
    followed = consequences(failed, among=failed)
    return tuple(
        cause for cause in failed if cause not in followed and id_ in consequences([cause], among=[id_])
    )


NOT_SO_FAR: Final = (
    "no scenario came to what it is about: the target declares nothing that it could be told with, or other "
    "failures ended them before"
)


def _why_not(requirement: Requirement, features: Features, scope: Scope) -> tuple[Grade, str]:
    if missing := undeclared(requirement, features):
        return "unsupported", f"the target does not declare {' and '.join(missing)}"
    if requirement.not_tested:
        return "not-tested", requirement.not_tested
    if why := scope.why_left_out(requirement):
        return "not-tested", why
    if scope.blocked_by:
        return "blocked", scope.blocked_by
    return "not-tested", NOT_SO_FAR


def _run_verdict(grades: Collection[Grade], *, is_partial: bool) -> RunVerdict:
    """Decide on a run; one of chosen requirements is never more than partial.

    What no scenario of the harness tests is said in the report, and no run is the less for it.
    """
    if "fail" in grades:
        return "not-conformant"
    if "inconclusive" in grades or "blocked" in grades:
        return "inconclusive"
    return "partial" if is_partial else "conformant"
