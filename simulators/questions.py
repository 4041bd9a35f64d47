"""What can be asked of a journal: which records are meant, by the values of their fields."""

from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.journal import Party, Record

# Stands for every fault.
ANY_FAULT: Final = "*"
Text = Annotated[str, Field(min_length=1)]


class Where(BaseModel):
    """Fits the records that have all the given values; `Where(operation="status", group="HSS")(record)`.

    `target` is found anywhere in a record's own. `said` is a value of its `detail`: a status, a state, a
    service or an event type. The fault `*` stands for any. `answered` tells exchanges
    that are over, and facts, from exchanges whose answer is still to come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["exchange", "fact"] | None = None
    source: Party | None = None
    destination: Party | None = None
    operation: Text | None = None
    method: Text | None = None
    target: Text | None = None
    status: Annotated[int, Field(ge=0, le=999)] | None = None
    i_account: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    group: Text | None = None
    i_event: Annotated[int, Field(ge=1)] | None = None
    order_id: Text | None = None
    reference: Text | None = None
    cause: Text | None = None
    fault: Text | None = None
    said: Text | None = None
    answered: bool | None = None

    def __call__(self, record: Record) -> bool:
        """Whether a record fits."""
        return (
            self.answered in (None, not record.is_open)
            and (self.target is None or self.target in record.target)
            and (self.said is None or self.said in record.detail.values())
            and (self.fault in (None, record.fault) or (self.fault == ANY_FAULT and record.fault is not None))
            and all(getattr(record, name) == wanted for name, wanted in self._equal.items())
        )

    @cached_property
    def _equal(self) -> dict[str, object]:
        names = Where.model_fields.keys() - {"answered", "target", "fault", "said"}
        return {name: wanted for name in names if (wanted := getattr(self, name)) is not None}

    @property
    def is_any(self) -> bool:
        """Whether every record fits."""
        return all(getattr(self, name) is None for name in Where.model_fields)
