"""How an installation's event emitter is set: what differs, is not public, or is documented as a choice."""

from dataclasses import dataclass
from typing import Final, Literal

from simulators.emitter.vocabulary import VocabularyName
from simulators.errors import EventError
from simulators.release import DEFAULT_RELEASE, Release
from simulators.validation import FORBID_UNKNOWN

Success = Literal["200", "any-2xx"]
Numbers = Literal["ints", "strings", "mixed"]

# Events per second; a slower emitter would send less than one event in a quarter of an hour.
SLOWEST: Final = 0.001


@dataclass(frozen=True, kw_only=True)
class EmitterSettings:
    """What differs between installations, or is not public; times are virtual seconds.

    `success`: which answers take an event; by the letter 200 alone (S20).
    `numbers`: the type tables say ints, the examples quote them (section 5, row 7); mixed quotes all ids
    but `i_event`.
    `resend_interval`, `resend_limit`: assumed; a limit exists, its value is not public (S10).
    `vocabulary`, `subscriptions`: those of the handler at the events URL; no subscription means all (S7).
    `release`: decides which events exist, and the names of renamed ones (S8).
    `event_time`, `i_env`: whether legacy events carry them; only receivers of NSPS's kind show them (S11).
    `coalesce`: whether only the latest of several queued events of certain types is processed (S5).
    `rate`: events per second on average and handler, evenly spaced; documented are about 10 (S2), and None,
    the default, does not wait. `concurrency`: how many deliveries of one handler may be unanswered at once;
    not public, so by default any number.

    Raises:
        EventError: a number is outside its range.
    """

    __pydantic_config__ = FORBID_UNKNOWN

    success: Success = "200"
    numbers: Numbers = "ints"
    resend_interval: float = 60.0
    resend_limit: int = 100
    vocabulary: VocabularyName = "legacy"
    subscriptions: tuple[str, ...] = ()
    release: Release = DEFAULT_RELEASE
    event_time: bool = False
    i_env: int | None = None
    coalesce: bool = True
    rate: float | None = None
    concurrency: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would never send, or never stop sending."""
        _at_least("resend_interval", self.resend_interval, 0)
        _at_least("resend_limit", self.resend_limit, 1)
        _at_least("rate", self.rate, SLOWEST)
        _at_least("concurrency", self.concurrency, 1)


def _at_least(name: str, value: float | None, least: float) -> None:
    # Not `value < least`: no comparison holds for NaN.
    if value is not None and not least <= value < float("inf"):
        raise EventError(f"{name} is {value}: a number from {least} on is required.")
