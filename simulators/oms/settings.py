"""What is assumed of the OMS, since no real one is documented: each a named setting."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from simulators.validation import FORBID_UNKNOWN


@dataclass(frozen=True, kw_only=True)
class OmsSettings:
    """How the OMS behaves.

    `dialect`: `simple`, or `module:Class` of your own. `notify_url`: where notifications go when an order
    names no address. `notify_interval` (virtual seconds) and `notify_limit`: a notification that is not
    taken is sent again, so often in all. `early`: how many real seconds an order's answer is held back
    for a notification that is to come before it. `seed` decides all that plans leave to chance.
    """

    __pydantic_config__ = FORBID_UNKNOWN

    dialect: str = "simple"
    notify_url: Annotated[str, Field(pattern=r"^(https?://.+)?$")] = ""
    notify_interval: Annotated[float, Field(ge=0, le=1e9)] = 60.0
    notify_limit: Annotated[int, Field(ge=1)] = 20
    early: Annotated[float, Field(ge=0, le=1e6)] = 0.5
    seed: int = 0
