"""A finished run, as all reports take it: what was tested, with what, and what came of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from conformance.about import About
from conformance.expectations import Expectation, Reckoning, reckon, utc_today
from conformance.scenario import Scenario
from conformance.search import Searched, searched
from conformance.target import Features
from conformance.verdict import Doubt, Evidence, Scope, Verdict, decide

STORIES: Final = "stories"


def conclude_run(
    scenarios: Iterable[Scenario],
    *,
    about: About,
    features: Features,
    expectations: Sequence[Expectation],
    blocked_by: str,
    journals: Mapping[str, Path],
    wall_seconds: float,
) -> "Run":
    """The verdict on scenarios that were told just now, or judged again from their journals.

    `blocked_by` says why no more of them were told.
    """
    # Workers end theirs in any order.
    told = tuple(sorted(scenarios, key=lambda scenario: (scenario.journal, scenario.first)))
    scope = Scope(only=about.only, profile=about.profile, blocked_by=blocked_by)
    verdict = decide(told, features, scope)
    return Run(
        about=about,
        features=features,
        verdict=verdict,
        reckoning=reckon(expectations, verdict, today=utc_today()),
        journals=journals,
        wall_seconds=wall_seconds,
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run; `journals` are the files of its scenarios' records, by the names that evidence uses."""

    about: About
    features: Features
    verdict: Verdict
    reckoning: Reckoning
    journals: Mapping[str, Path]
    wall_seconds: float

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What was told, in the order of the journals."""
        return self.verdict.scenarios

    @property
    def searched(self) -> tuple[Searched, ...]:
        """How many schedules of the small story were told, by their number of deviations."""
        return searched(self.scenarios, self.features)

    @property
    def virtual_seconds(self) -> float:
        """The virtual time that the scenarios lived through, all together."""
        return sum(scenario.result.virtual_seconds for scenario in self.scenarios)

    def scenario(self, found: Evidence | Doubt) -> Scenario:
        """The scenario in which something was found."""
        return next(
            scenario
            for scenario in self.scenarios
            if (scenario.name, scenario.journal) == (found.scenario, found.journal)
        )

    def story(self, found: Evidence | Doubt) -> str | None:
        """The file, within the report folder, of the story that shows it again; None where none was kept."""
        return f"{STORIES}/{story_name(found.scenario)}" if self.scenario(found).steps else None


def story_name(scenario: str) -> str:
    """A file name for a scenario that any shell and file system takes, and no two scenarios share."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", scenario.removeprefix("test_")).strip("-")
    mark = "" if plain == scenario.removeprefix("test_") else f"-{sha256(scenario.encode()).hexdigest()[:6]}"
    return f"{plain}{mark}.json"
