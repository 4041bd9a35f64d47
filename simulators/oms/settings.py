"""What is assumed of the OMS, since no real one is documented: each a named setting."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from simulators.validation import FORBID_UNKNOWN


@dataclass(frozen=True, kw_only=True)
class OmsSettings:
    """How the OMS behaves."""

    __pydantic_config__ = FORBID_UNKNOWN

    dialect: str = "simple"
    """`simple`, or `module:Class` of your own: write-an-oms-dialect.md."""
    notify_url: Annotated[str, Field(pattern=r"^(https?://.+)?$")] = ""
    """Where notifications go when an order names no address."""
    notify_interval: Annotated[float, Field(ge=0, le=1e9)] = 60.0
    """Virtual seconds until a notification that is not taken is sent again."""
    notify_limit: Annotated[int, Field(ge=1)] = 20
    """Attempts in all."""
    early: Annotated[float, Field(ge=0, le=1e6)] = 0.5
    """Real seconds that an order's answer is held back for a notification that is to come before it."""
    seed: int = 0
    """Decides all that plans leave to chance."""
