"""What a run was: which target, with which settings and which seed; a fact in each of its journals."""

from datetime import UTC, datetime

from conformance.target import SimulatorOptions, TargetFile, Timeouts
from simulators import __version__
from simulators.validation import Strict


class About(Strict):
    """What a report says of a run before any verdict; `target_file` is the target as the user named it."""

    harness: str = __version__
    target: str
    target_version: str
    target_file: str
    simulators: SimulatorOptions
    timeouts: Timeouts
    seed: int
    only: tuple[str, ...] = ()
    started: datetime


def about_run(file: TargetFile, *, name: str, seed: int, only: tuple[str, ...]) -> About:
    """What is to be said of a run that starts now with a target file, which the user called `name`."""
    return About(
        target=file.target.name,
        target_version=file.target.version,
        target_file=name,
        simulators=file.simulators,
        timeouts=file.timeouts,
        seed=seed,
        only=only,
        started=datetime.now(tz=UTC).replace(microsecond=0),
    )
