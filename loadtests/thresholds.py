"""Thresholds: what a load must keep to, from a TOML file."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from loadtests.errors import LoadOptionError
from loadtests.figures import Figures
from simulators.validation import Strict, mistaken, mistakes

Seconds = Annotated[float, Field(gt=0)]
Number = Annotated[int, Field(ge=0)]

# A machine that is too small makes everything late, and loses nothing.
COUNTED: Final = frozenset({"lost", "wrong", "doubled"})


class Thresholds(Strict):
    """The most that is allowed; times are real seconds, and what is not named is not looked at."""

    p50_event_to_status: Seconds | None = None
    """From the moment an event was due to the last final status of a group: the median."""
    p95_event_to_status: Seconds | None = None
    """The same, for 95 of 100."""
    p99_event_to_status: Seconds | None = None
    """The same, for 99 of 100."""
    p95_answer: Seconds | None = None
    """From the moment an event was due to its answer, for 95 of 100."""
    p99_answer: Seconds | None = None
    """The same, for 99 of 100."""
    recovered_after: Seconds | None = None
    """From the last event until all is at its end."""
    kept_up: Seconds | None = None
    """The least rate that a ramp must reach, in events a second."""
    lost: Number = 0
    """Accounts whose last status never came."""
    wrong: Number = 0
    """Accounts of which something else went wrong."""
    doubled: Number = 0
    """Accounts that were ordered twice."""


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """A threshold that was not kept: its name, what was allowed and what was found."""

    name: str
    allowed: float
    found: float | None

    def __str__(self) -> str:
        """Say it in words."""
        found = "never" if self.found is None else f"{self.found:g}"
        return f"{self.name}: {found}, where {self.allowed:g} is allowed"


def read_thresholds(path: Path | None) -> Thresholds:
    """Read a file of thresholds; without one, nothing may be lost, wrong or doubled.

    Raises:
        LoadOptionError: the file cannot be read or has mistakes; all of them are named.
    """
    if path is None:
        return Thresholds()
    try:
        return Thresholds.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LoadOptionError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LoadOptionError(f"{path} is no TOML: {error}.") from error
    except ValidationError as error:
        raise LoadOptionError(mistaken(str(path), mistakes(error))) from error


def crossed(thresholds: Thresholds, found: Figures) -> tuple[Crossed, ...]:
    """The thresholds that were not kept.

    No time counts where the harness itself was too slow, and nothing at all where records are missing.
    """
    if found.missed_records:
        return ()
    kept = tuple(_crossed(thresholds, found))
    return tuple(one for one in kept if one.name in COUNTED) if found.bottleneck else kept


def _crossed(thresholds: Thresholds, found: Figures) -> Iterator[Crossed]:
    measured: dict[str, float | None] = {
        "p50_event_to_status": found.event_to_status.p50,
        "p95_event_to_status": found.event_to_status.p95,
        "p99_event_to_status": found.event_to_status.p99,
        "p95_answer": found.answered.p95,
        "p99_answer": found.answered.p99,
        "recovered_after": found.recovered_after,
        "lost": found.lost,
        "wrong": found.wrong,
        "doubled": found.doubled,
    }
    for name, value in measured.items():
        allowed = getattr(thresholds, name)
        if allowed is not None and (value is None or value > allowed):
            yield Crossed(name=name, allowed=allowed, found=value)
    if thresholds.kept_up is not None and (found.kept_up is None or found.kept_up < thresholds.kept_up):
        yield Crossed(name="kept_up", allowed=thresholds.kept_up, found=found.kept_up)
