"""Expected failures: what a target is known to do wrong, why, and until when that may be so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from conformance.errors import ExpectationError
from conformance.requirements import catalogue
from conformance.scenario import Scenario
from conformance.target import Features
from conformance.verdict import BEYOND_CORE, LEFT_OUT, Evidence, RequirementVerdict, Scope, Verdict, decide
from simulators.validation import InvalidFileError, Strict, load_toml

State = Literal["happened", "did not happen", "expired", "unknown"]
Text = Annotated[str, Field(min_length=1)]

# Verdicts of requirements about which a failure tells against the target.
AGAINST: Final = ("fail", "warn")


class Expectation(Strict):
    """One expected failure: the requirement, why it is known, the last day on which it excuses.

    With `story`, the name of a scenario with or without its brackets, it excuses that scenario alone.
    """

    id: str
    reason: Text
    expires: date
    story: Text | None = None

    @field_validator("id")
    @classmethod
    def _known(cls, id_: str) -> str:
        if id_ not in catalogue():
            raise ValueError("this is no requirement of the catalogue, see `espf-conformance list`")
        return id_

    def is_about(self, scenario: str) -> bool:
        """Whether it excuses what happens in a scenario."""
        return self.story in {None, scenario, scenario.partition("[")[0]}


class ExpectationFile(Strict):
    """A file of expected failures."""

    expect: tuple[Expectation, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [(entry.id, entry.story) for entry in self.expect]
        if twice := sorted({id_ for id_, story in named if named.count((id_, story)) > 1}):
            raise ValueError(f"expected more than once: {', '.join(twice)}")
        return self


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """What became of an expectation."""

    expectation: Expectation
    state: State

    @property
    def sentence(self) -> str:
        """What a reader must know of it."""
        entry = self.expectation
        what = entry.id + (f" in {entry.story}" if entry.story else "")
        return {
            "happened": f"{what} failed as expected until {entry.expires}: {entry.reason}",
            "did not happen": f"{what} was expected to fail and did not: take the expectation out",
            "expired": f"{what} is expected to fail no longer: that expired on {entry.expires}",
            "unknown": f"{what} was expected to fail, and this run cannot tell",
        }[self.state]


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """A run beside what was expected of it.

    `unexpected` is what tells against the target and nobody expected.
    """

    entries: tuple[Reckoned, ...]
    unexpected: tuple[Evidence, ...]

    @property
    def not_happened(self) -> bool:
        """Whether an expected failure stayed out."""
        return any(entry.state == "did not happen" for entry in self.entries)

    def excuse(self, entry: RequirementVerdict) -> Expectation | None:
        """The expectation that stands for all that a requirement failed in; None where a failure counts."""
        met = (reckoned.expectation for reckoned in self.entries if reckoned.state == "happened")
        mine = next((expectation for expectation in met if expectation.id == entry.requirement.id), None)
        counts = any(item.check.requirement == entry.requirement.id for item in self.unexpected)
        return None if counts else mine


def load_expectations(path: Path | None) -> tuple[Expectation, ...]:
    """Read a file of expected failures; without one, nothing is expected.

    Raises:
        ExpectationError: the file is missing or has mistakes; all of them are named.
    """
    if path is None:
        return ()
    try:
        return load_toml(ExpectationFile, path).expect
    except InvalidFileError as error:
        raise ExpectationError(str(error)) from error


def reckon(expectations: Sequence[Expectation], verdict: Verdict, *, today: date) -> Reckoning:
    """Compare what was expected with what happened; what has expired excuses nothing."""
    lasting = [expectation for expectation in expectations if expectation.expires >= today]
    found = [
        item
        for entry in verdict.requirements
        if entry.verdict in AGAINST
        for item in entry.own_evidence
        if not any(_is_met_by(expectation, item) for expectation in lasting)
    ]
    by_id = {entry.requirement.id: entry for entry in verdict.requirements}
    entries = tuple(
        Reckoned(
            expectation=expectation,
            state=_state(expectation, by_id[expectation.id]) if expectation in lasting else "expired",
        )
        for expectation in expectations
    )
    return Reckoning(entries=entries, unexpected=tuple(found))


def only_expected(
    scenarios: Sequence[Scenario], features: Features, expectations: Sequence[Expectation]
) -> bool:
    """Whether these scenarios came to nothing but expected failures: then others may be told too."""
    reckoning = reckon(expectations, decide(scenarios, features, Scope()), today=utc_today())
    failed = any(item.check.grade == "fail" for item in reckoning.unexpected)
    return not failed and not any(scenario.result.unsure for scenario in scenarios)


def utc_today() -> date:
    """The day by which an expectation lasts or has expired, the same wherever the harness runs."""
    return datetime.now(tz=UTC).date()


def _state(expectation: Expectation, entry: RequirementVerdict) -> State:
    if entry.verdict in AGAINST and any(_is_met_by(expectation, item) for item in entry.own_evidence):
        return "happened"
    cannot_tell = entry.verdict in {"inconclusive", "blocked"} or entry.reason in {LEFT_OUT, BEYOND_CORE}
    return "unknown" if cannot_tell else "did not happen"


def _is_met_by(expectation: Expectation, item: Evidence) -> bool:
    return expectation.id == item.check.requirement and expectation.is_about(item.scenario)
