"""The values that pass from one duty to the next; they are also what the store keeps between two steps."""

import enum
import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Action(enum.StrEnum):
    """What an event asks of the external system."""

    ACTIVATE = "activate"
    MODIFY = "modify"
    DEACTIVATE = "deactivate"


class Status(enum.StrEnum):
    """The provisioning statuses that the ESPF knows, letter for letter."""

    OK = "OK"
    IN_PROGRESS = "IN_PROGRESS"
    RETRY = "RETRY"
    FAILED = "FAILED"


# EVENT-VOCABULARY: two to four parts, as in Account/Service/Msg/QuotaExceeded (S22).
PARTS: Final = re.compile(r"[^/\s]+(/[^/\s]+){1,3}")


def _parted(text: str) -> str:
    if not PARTS.fullmatch(text):
        raise ValueError("Input should have two to four parts without blanks, as in Account/New")
    return text


EventType = Annotated[str, AfterValidator(_parted)]


class Value(BaseModel):
    """A value: it never changes once it is made."""

    model_config = ConfigDict(frozen=True)


class Event(Value):
    """A provisioning event that this provisioner handles.

    All that can be known of the order of events is `i_event`: it is the same each time an event is sent
    (S3, S4), and as the number of a queue entry (S10) it is taken to grow from one event to the next.
    Neither the order of arrival nor `event_time`, which is optional and in whole seconds (S11), tells more.
    """

    i_event: int
    i_account: int
    action: Action
    # What the older events asked for that it stands for.
    absorbed: frozenset[Action] = frozenset()

    def merged_with(self, other: "Event") -> "Event":
        """Return one event that stands for two of the same account, neither of which was ordered yet.

        It is the newer one; yet what was to be activated and then changed is still to be activated. However
        many are merged, in whatever order they come, the same is left to be done.
        """
        older, newer = sorted((self, other), key=lambda event: event.i_event)
        absorbed = older.absorbed | newer.absorbed | {older.action}
        is_new = newer.action is Action.MODIFY and Action.ACTIVATE in absorbed
        action = Action.ACTIVATE if is_new else newer.action
        return newer.model_copy(update={"action": action, "absorbed": absorbed})


class Subscriber(Value):
    """The subscriber data that an order carries; an account without a SIM card has no last three."""

    i_account: int
    id: str
    msisdn: str | None = None
    imsi: str | None = None
    iccid: str | None = None


class Order(Value):
    """What the external system is asked to do; its reference is the same each time it is sent."""

    reference: str
    i_event: int
    action: Action
    subscriber: Subscriber
    services: tuple[str, ...]


# Of two reports of the same instant, the one of the higher rank came later.
RANKS: Final[Mapping[Status, int]] = {
    Status.IN_PROGRESS: 0,
    Status.RETRY: 1,
    Status.FAILED: 2,
    Status.OK: 2,
}


class Report(Value):
    """What a notification says of one service of one order, named by its reference or by the OMS's own id."""

    notification_id: str
    reference: str | None
    order_id: str | None
    service: str
    status: Status
    occurred_at: AwareDatetime

    @property
    def age(self) -> tuple[float, int]:
        """Orders reports by the time of what they tell, seconds since 1970."""
        return self.occurred_at.timestamp(), RANKS[self.status]


class StatusUpdate(Value):
    """A status that the ESPF is to store for one account and group."""

    reference: str
    i_account: int
    account_id: str
    group: str
    status: Status
