"""A scenario that was told: what it did and what came of it, as workers hand it to the controller."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.oracle.checks import Check
from conformance.story import NO_BATCH, Batch, MissedWaitError, Result, Story
from conformance.target import UrlForm


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scenario that ran: its name, what it was written for, and what came of it.

    `journal` is the file in the report folder that holds its exchanges, `first` to `last` their numbers,
    `steps` what it did, so that it can be told again, `batch` how many schedules of the small story it was.
    """

    name: str
    url_form: UrlForm
    journal: str
    first: int
    last: int
    requirements: tuple[str, ...]
    result: Result
    steps: tuple[Mapping[str, Any], ...] = ()
    batch: Batch = NO_BATCH

    @property
    def failed(self) -> frozenset[str]:
        """The requirements that failed in it."""
        return frozenset(check.requirement for check in self.result.checks if check.grade == "fail")

    @property
    def went_wrong(self) -> bool:
        """Whether anything failed, or could not be told."""
        return bool(self.failed or self.result.unsure)

    def to_json(self) -> str:
        """Write it down, so that a worker can hand it to the controller."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Scenario":
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        result = fields.pop("result")
        checks = tuple(
            Check(**{**check, "records": tuple(check["records"])}) for check in result.pop("checks")
        )
        fields["batch"] = Batch(**fields["batch"])
        requirements, steps = tuple(fields.pop("requirements")), tuple(fields.pop("steps"))
        return cls(**fields, requirements=requirements, steps=steps, result=Result(**result, checks=checks))


def conclude(story: Story, *, journal: str, missed: MissedWaitError | None = None) -> Scenario:
    """Judge a story that was told to its end, or to a wait in vain; `journal` names the file of it."""
    result = story.conclude(missed=missed)
    return Scenario(
        name=story.name,
        url_form=story.url_form,
        journal=journal,
        first=story.first,
        last=story.last,
        requirements=story.requirements,
        result=result,
        steps=story.steps,
        batch=story.batch,
    )
