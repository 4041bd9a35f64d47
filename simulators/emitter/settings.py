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

    Raises:
        EventError: a number is outside its range.
    """

    __pydantic_config__ = FORBID_UNKNOWN

    success: Success = "200"
    """Which answers take an event; by the letter 200 alone (S20)."""
    numbers: Numbers = "ints"
    """How ids are written: the type tables say ints, the examples quote them; `mixed` quotes all but
    `i_event`.
    """
    resend_interval: float = 60.0
    """Virtual seconds until an event that was not taken is sent again; assumed."""
    resend_limit: int = 100
    """Attempts in all; that there is a limit is documented, its value is not (S10)."""
    vocabulary: VocabularyName = "legacy"
    """What the handler at `events_url` is told in."""
    subscriptions: tuple[str, ...] = ()
    """Event types that it wants, for webhooks whole groups too; none means all (S7)."""
    release: Release = DEFAULT_RELEASE
    """Decides which events exist, and the names of renamed ones (S8)."""
    event_time: bool = False
    """Whether legacy events carry `event_time`; only receivers of NSPS's kind show it (S11)."""
    i_env: int | None = None
    """The `i_env` that legacy events carry, likewise; without it, none."""
    coalesce: bool = True
    """Whether only the latest of several queued events of certain types is processed (S5)."""
    rate: float | None = None
    """Events a virtual second and handler, evenly spaced, of which about 10 are documented (S2); without it,
    at once.
    """
    concurrency: int | None = None
    """Deliveries of one handler that may be unanswered at once; not public, and without it any number."""

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
