"""Plans of the OMS, as they stand in a world file: what becomes of an ordered service, and when."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from simulators.validation import Strict

# Thirty years are above any plan, and safely below the end of the clock.
Seconds = Annotated[float, Field(ge=0, le=1e9)]
# `silent`: nothing is ever told. `manual`: whoever drives the simulators says what becomes of it, and when.
Outcome = Literal["completed", "failed", "silent", "manual"]
State = Literal["in_progress", "retrying", "completed", "failed"]
FINAL: Final = ("completed", "failed")
LONGEST: Final = 1e9


class Uniform(Strict):
    """A delay anywhere between two bounds, in virtual seconds."""

    uniform: tuple[Seconds, Seconds]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform needs the lower bound first")
        return self

    def draw(self, chance: random.Random) -> float:
        """One delay."""
        return chance.uniform(*self.uniform)


class Lognormal(Strict):
    """A delay with a long tail: half are below `median` virtual seconds; `sigma` stretches the rest."""

    median: Annotated[float, Field(gt=0, le=1e9)]
    sigma: Annotated[float, Field(ge=0, le=10)] = 1.0

    def draw(self, chance: random.Random) -> float:
        """One delay."""
        return min(chance.lognormvariate(math.log(self.median), self.sigma), LONGEST)


def _kind_of_delay(value: Any) -> str:
    """Which kind is meant, so that a mistake is told of that kind alone."""
    if isinstance(value, dict | Uniform | Lognormal):
        is_uniform = isinstance(value, Uniform) or "uniform" in value
        return "uniform" if is_uniform else "lognormal"
    return "one_of" if isinstance(value, list | tuple) else "fixed"


# Fixed, one of a list, or from a distribution.
Delay = Annotated[
    Annotated[Seconds, Tag("fixed")]
    | Annotated[tuple[Seconds, ...], Field(min_length=1), Tag("one_of")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[Lognormal, Tag("lognormal")],
    Discriminator(_kind_of_delay),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A state of a task: when it occurs and when it is told, in virtual seconds after the order."""

    state: State
    occurs: float
    told: float


class Plan(Strict):
    """What becomes of an ordered service: the states on its way, its outcome, and how it is told.

    A plan holds for the tasks that fit all of `service`, `i_account`, `action` and `nth` that it names;
    `nth` counts the orders of an account from 1. `delay` is the time from the order to the outcome, in
    virtual seconds; `in_progress` and `retrying` are how often these states are told on the way, evenly
    spread. `copies` tells each state so many times; `reordered` tells all of them at the time of the last
    one, that one first, as if they overtook each other; `early` tells the outcome before the order itself
    is answered.
    """

    service: str | None = None
    i_account: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    action: Literal["activate", "modify", "deactivate"] | None = None
    nth: Annotated[int, Field(ge=1)] | None = None
    outcome: Outcome = "completed"
    message: str = ""
    delay: Delay = 600.0
    in_progress: Annotated[int, Field(ge=0, le=100)] = 0
    retrying: Annotated[int, Field(ge=0, le=100)] = 0
    copies: Annotated[int, Field(ge=1, le=100)] = 1
    reordered: bool = False
    early: bool = False

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.early and self.outcome not in FINAL:
            raise ValueError(f"an early plan tells its outcome at once, and {self.outcome} tells none")
        return self

    def fits(self, *, service: str, i_account: int, action: str, nth: int) -> bool:
        """Whether the plan holds for a task."""
        task = {"service": service, "i_account": i_account, "action": action, "nth": nth}
        return all(getattr(self, name) in (None, value) for name, value in task.items())

    def drawn_delay(self, chance: random.Random) -> float:
        """The time from the order to the outcome, in virtual seconds."""
        match self.delay:
            case Uniform() | Lognormal():
                return self.delay.draw(chance)
            case tuple():
                return chance.choice(self.delay)
            case fixed:
                return fixed

    def steps(self, chance: random.Random) -> list[Step]:
        """The states of a task, in the order in which they are told."""
        counts: Mapping[State, int] = {"in_progress": self.in_progress, "retrying": self.retrying}
        on_the_way = [state for state, count in counts.items() for _ in range(count)]
        delay = self.drawn_delay(chance)
        apart = delay / (len(on_the_way) + 1)
        steps = [
            Step(state=state, occurs=apart * place, told=apart * place)
            for place, state in enumerate(on_the_way, start=1)
        ]
        if self.outcome in ("completed", "failed"):
            steps.append(Step(state=self.outcome, occurs=delay, told=delay))
        if self.reordered and steps:
            return [replace(step, told=steps[-1].told) for step in reversed(steps)]
        return steps


class OmsWorld(Strict):
    """The OMS's part of a world.

    Of several plans that fit a task, the first one that is named in the file holds. `supersede`: a newer
    order for an account and service cancels what is still open of the older ones, of which nothing new is
    told then, though what was not taken is still sent again; without it each order is finished.
    """

    token: str
    plans: tuple[Plan, ...] = ()
    supersede: bool = False
