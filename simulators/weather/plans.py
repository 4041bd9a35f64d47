"""Plans of faults: at which point, to which of the exchanges there."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from simulators.validation import Strict
from simulators.weather.faults import Fault, Inbound, Outbound

# What is asked of a simulator, where one has to choose; all methods of the JSON API besides.
INBOUND: Final = ("portabilling", "espf", "oms/order")
OUTBOUND: Final = ("emitter/event", "oms/notification")


class FaultPlan(Strict):
    """One fault, where it strikes, and which exchanges.

    `point` is a party and what is asked of it or what it sends: `espf/status`, `oms/order`,
    `portabilling/Account/get_account_info`, `emitter/event`, `oms/notification`; a party alone stands
    for all that is asked of it. It strikes all exchanges there that fit `i_account` and `group`, unless
    one of these says which: the `first` so many, the `nth`, `every` so many, those in a `window` of
    virtual seconds since it was armed, or each with a `probability`.
    """

    point: str
    fault: Fault
    i_account: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    group: str | None = None
    first: Annotated[int, Field(ge=1)] | None = None
    nth: Annotated[int, Field(ge=1)] | None = None
    every: Annotated[int, Field(ge=1)] | None = None
    window: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.point in OUTBOUND:
            possible: Any = Outbound
        elif any(self.point == known or self.point.startswith(f"{known}/") for known in INBOUND):
            possible = Inbound
        else:
            raise ValueError(
                f"point {self.point!r} does not exist: use {', '.join((*INBOUND, *OUTBOUND))}, "
                "or one operation such as espf/status or portabilling/Session/login"
            )
        if not isinstance(self.fault, possible):
            raise ValueError(f"effect {self.fault.effect!r} cannot happen at {self.point}")  # noqa: TRY004 - pydantic's
        chosen = (self.first, self.nth, self.every, self.window, self.probability)
        if len(chosen) - chosen.count(None) > 1:
            raise ValueError("only one of first, nth, every, window and probability can say which")
        if self.window and self.window[0] > self.window[1]:
            raise ValueError("window needs the earlier time first")
        return self

    def fits(self, point: str, about: Mapping[str, Any]) -> bool:
        """Whether an exchange is one of those that may be struck; `about` are the journal's fields of it."""
        if point != self.point and not point.startswith(f"{self.point}/"):
            return False
        return self.i_account in (None, about.get("i_account")) and self.group in (None, about.get("group"))

    def strikes(self, count: int, *, since_armed: float, draw: float) -> bool:
        """Whether the exchange of this number (from 1) is struck; `draw` is a chance from 0 to 1."""
        if self.first is not None:
            return count <= self.first
        if self.nth is not None:
            return count == self.nth
        if self.every is not None:
            return count % self.every == 0
        if self.window is not None:
            return self.window[0] <= since_armed <= self.window[1]
        return self.probability is None or draw < self.probability
