"""The search: many schedules at a time, and where something is wrong, which of them is, told alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.scenario import Scenario
from conformance.schedules import Schedule
from conformance.small_story import tell_small_story
from conformance.story import Batch, MissedWaitError, Story

# So many schedules that fail, each alone, are enough: more would say the same.
ENOUGH: Final = 3
REQUIREMENTS: Final = ("STATUS-FINAL",)
OPEN: Final = "one of these schedules to fail alone, as they did together"

Tell = Callable[[Sequence[Schedule]], Scenario]
Tellable = Callable[..., Story]


class Search:
    """Tells schedules until enough of them failed."""

    def __init__(self) -> None:
        self._failed = 0

    def through(self, told: Sequence[Schedule], *, tell: Tell) -> Iterator[Scenario]:
        """Tell schedules together; where anything goes wrong, halve them until those that do are alone.

        `tell` tells some at the same time, and judges them.
        """
        if self._failed >= ENOUGH:
            return
        scenario = tell(told)
        yield scenario
        if scenario.went_wrong and len(told) > 1:
            half = len(told) // 2
            yield from self.through(told[:half], tell=tell)
            yield from self.through(told[half:], tell=tell)
        elif scenario.went_wrong:
            self._failed += 1


def name_of(told: Sequence[Schedule]) -> str:
    """What a story is called that tells these schedules."""
    if len(told) == 1:
        return f"test_small_story[{' and '.join(map(str, told[0]))}]"
    return f"test_small_story[{len(told)} schedules from {' and '.join(map(str, told[0]))}]"


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
    """The scenarios as they count: what failed together counts by what failed of it alone.

    Where nothing did, it is open, since the many may have been too many at a time.
    """
    alone = any(scenario.went_wrong for scenario in scenarios if scenario.batch.schedules == 1)
    return tuple(
        replace(
            scenario,
            result=replace(scenario.result, checks=(), unsure=None if alone else OPEN),
            batch=replace(scenario.batch, schedules=0),
        )
        if scenario.batch.schedules > 1 and scenario.went_wrong
        else scenario
        for scenario in scenarios
    )
