"""How much a web server of the simulators takes, and how long it waits for it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a server takes: bytes of a body and of a head, and real seconds for a request to arrive whole.

    `body` is far above any documented one: events are some 0.2 KB (S12), a message at most 4,000
    characters (S31). `lenient`: a URL as the Host is ignored, as in the documented example (P).
    """

    body: int = 1 << 20
    head: int = 1 << 16
    arrival: float = 10.0
    lenient: bool = True


DEFAULT_LIMITS: Final = Limits()
