"""Plans of faults: at which point, to which of the exchanges there."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Self, TypedDict, get_args

from pydantic import Field, ValidationError, model_validator

from simulators.errors import WeatherError
from simulators.validation import Strict, mistakes
from simulators.weather.faults import Delay, Fault, Inbound, Outbound

# What the simulators send; at every other point they are asked.
OUTBOUND: Final = ("emitter/event", "oms/notification")

Number = Annotated[int, Field(ge=1)]
# As far as any fault lasts; a window without an end could not be shown as JSON.
Moment = Annotated[float, Field(ge=0, le=1e9)]


class Which(TypedDict, total=False):
    """Which exchanges at a point a plan strikes, by the names of its fields."""

    i_account: int | None
    group: str | None
    first: int | None
    nth: int | None
    every: int | None
    between: tuple[float, float] | None
    probability: float | None
    seed: int | None


class FaultPlan(Strict):
    """One fault, where it strikes, and which exchanges.

    `point` is a party and what is asked of it or what it sends: `espf/status`, `oms/order`,
    `portabilling/Account/get_account_info`, `emitter/event`, `oms/notification`; the beginning of such a
    name, as `espf`, stands for all that is asked there. It strikes the exchanges that fit `i_account` and
    `group` (for the OMS a service): of these the `first` so many, the `nth`, `every` so many, those
    `between` two times in virtual seconds since it was armed, and each with a `probability`. Where
    several are given, all must hold. A `seed` of its own makes its chance independent of the stack's.
    """

    point: str
    fault: Fault
    i_account: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    group: str | None = None
    first: Number | None = None
    nth: Number | None = None
    every: Number | None = None
    between: tuple[Moment, Moment] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: int | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        is_outbound = self.point in OUTBOUND
        possible: Any = Outbound if is_outbound else Inbound
        if not isinstance(self.fault, possible):
            there = ", ".join(kind.model_fields["effect"].default for kind in get_args(possible))
            raise ValueError(  # noqa: TRY004 - pydantic's
                f"effect {self.fault.effect!r} cannot happen at {self.point}: there it is one of {there}"
            )
        if is_outbound and isinstance(self.fault, Delay) and self.fault.after:
            raise ValueError(f"a delay at {self.point} is before it is sent: leave out after")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError(f"between is {self.between}: the earlier time stands first")
        return self

    def covers(self, point: str) -> bool:
        """Whether a point is the plan's, or one for which its point stands."""
        return point == self.point or (point.startswith(f"{self.point}/") and point not in OUTBOUND)

    def fits(self, point: str, about: Mapping[str, Any]) -> bool:
        """Whether an exchange is one of those that may be struck; `about` are the journal's fields of it."""
        is_meant = self.i_account in (None, about.get("i_account"))
        return is_meant and self.covers(point) and (self.group is None or self.group in _groups(about))

    def strikes(self, count: int, *, since_armed: float, draw: float) -> bool:
        """Whether the exchange of this number (from 1) is struck; `draw` is a chance from 0 to 1."""
        return (
            (self.first is None or count <= self.first)
            and (self.nth is None or count == self.nth)
            and (self.every is None or count % self.every == 0)
            and (self.between is None or self.between[0] <= since_armed <= self.between[1])
            and (self.probability is None or draw < self.probability)
        )


def read_plan(data: Any) -> FaultPlan:
    """Read a plan from what JSON or Python hold of one.

    Raises:
        WeatherError: it is not possible; every mistake is named with its value.
    """
    try:
        return FaultPlan.model_validate(data)
    except ValidationError as error:
        raise WeatherError(f"The fault plan is not possible: {'; '.join(mistakes(error))}.") from error


def _groups(about: Mapping[str, Any]) -> Iterator[Any]:
    """The groups, or services of the OMS, that an exchange is about."""
    detail = about.get("detail", {})
    yield from (about.get("group"), detail.get("group"), detail.get("service"))
    yield from detail.get("services", ())
