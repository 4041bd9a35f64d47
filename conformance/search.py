"""The search: many schedules at a time, and where something is wrong, which of them is, told alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.scenario import Scenario
from conformance.schedules import Exchange, Schedule, exchanges, number_of_schedules
from conformance.small_story import tell_small_story
from conformance.story import Batch, MissedWaitError, Story
from conformance.target import Features

# So many schedules that fail, each alone, are enough: more would say the same.
ENOUGH: Final = 3
REQUIREMENTS: Final = ("STATUS-FINAL",)
# A schedule without deviations.
PLAIN: Final = "as planned"
OPEN: Final = "one of these schedules to fail alone, as they did together"

Tell = Callable[[Sequence[Schedule]], Scenario]
Tellable = Callable[..., Story]


def exchanges_of(features: Features) -> tuple[Exchange, ...]:
    """The exchanges of the small story, told to a target that declares these features."""
    services = [service for listed in features.groups.values() for service in listed]
    return exchanges(services=services, groups=tuple(features.groups), restart=features.restart)


@dataclass(frozen=True, kw_only=True)
class Searched:
    """How many of the schedules with so many deviations were told."""

    deviations: int
    told: int
    possible: int

    def __str__(self) -> str:
        """Say it in words."""
        plural = "s" if self.deviations > 1 else ""
        return f"{self.told} of {self.possible} schedules with {self.deviations} deviation{plural}"


def searched(scenarios: Sequence[Scenario], features: Features) -> tuple[Searched, ...]:
    """What was told of the schedules with one, two and three deviations."""
    found = exchanges_of(features)
    return tuple(
        Searched(
            deviations=number,
            told=sum(told.batch.schedules for told in scenarios if told.batch.deviations == number),
            possible=number_of_schedules(found, deviations=number),
        )
        for number in (1, 2, 3)
    )


class Search:
    """Tells schedules until enough of them failed."""

    def __init__(self) -> None:
        self.failed = 0

    def through(self, told: Sequence[Schedule], *, tell: Tell) -> Iterator[Scenario]:
        """Tell schedules together; where anything goes wrong, halve them until those that do are alone.

        `tell` tells some at the same time, and judges them.
        """
        if self.failed >= ENOUGH:
            return
        scenario = tell(told)
        yield scenario
        if scenario.went_wrong and len(told) > 1:
            half = len(told) // 2
            yield from self.through(told[:half], tell=tell)
            yield from self.through(told[half:], tell=tell)
        elif scenario.went_wrong:
            self.failed += 1


def name_of(told: Sequence[Schedule]) -> str:
    """What a story is called that tells these schedules."""
    first = " and ".join(map(str, told[0])) or PLAIN
    return f"test_small_story[{first}]" if len(told) == 1 else f"test_small_story[{len(told)} from {first}]"


def tell_alone(make: Tellable, told: Sequence[Schedule]) -> tuple[Story, MissedWaitError | None]:
    """Tell schedules by a story that `make` begins; gives it, and the wait that it ended with."""
    batch = Batch(schedules=len(told), deviations=len(told[0]))
    story = make(name=name_of(told), requirements=REQUIREMENTS, batch=batch)
    try:
        tell_small_story(story, told)
    except MissedWaitError as error:
        return story, error
    return story, None


def settled(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """The scenarios as they count: what went wrong together counts by what went wrong of it alone.

    Where something failed together and nothing did alone, it is open. Who merely took too long had too much
    to do at the same time.
    """
    alone = any(scenario.failed for scenario in scenarios if scenario.batch.schedules == 1)
    return tuple(
        _excused(scenario, unsure=OPEN if scenario.failed and not alone else None)
        if scenario.batch.schedules > 1 and scenario.went_wrong
        else scenario
        for scenario in scenarios
    )


def _excused(scenario: Scenario, *, unsure: str | None) -> Scenario:
    """A scenario without its findings; its schedules count where they are told alone."""
    result = replace(scenario.result, checks=(), unsure=unsure)
    return replace(scenario, result=result, batch=replace(scenario.batch, schedules=0))
