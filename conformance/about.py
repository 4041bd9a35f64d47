"""What a run was: which target, with which settings and which seed; a fact in each of its journals."""

from datetime import UTC, datetime
from typing import Any, Literal

from conformance.requirements import Profile
from conformance.target import SimulatorOptions, TargetClock, TargetFile, Timeouts
from simulators import __version__
from simulators.validation import Strict

# How much is told: small tells nothing twice, normal tells what failed once more, to be sure.
Budget = Literal["small", "normal", "thorough"]


class About(Strict):
    """What a report says of a run before any verdict; `target_file` is the target as the user named it."""

    harness: str = __version__
    target: str
    target_version: str
    target_file: str
    target_clock: TargetClock = "wall"
    simulators: SimulatorOptions
    timeouts: Timeouts
    seed: int
    only: tuple[str, ...] = ()
    profile: Profile = "full"
    budget: Budget = "normal"
    started: datetime


def about_run(file: TargetFile, *, name: str, seed: int, **scope: Any) -> About:
    """What is to be said of a run that starts now with a target file, which the user called `name`.

    `scope` is `only`, `profile` and `budget`, where they are chosen.
    """
    return About(
        target=file.target.name,
        target_version=file.target.version,
        target_file=name,
        target_clock=file.target.clock,
        simulators=file.simulators,
        timeouts=file.timeouts,
        seed=seed,
        started=datetime.now(tz=UTC).replace(microsecond=0),
        **scope,
    )
