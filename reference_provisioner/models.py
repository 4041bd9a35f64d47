"""The values that pass from one duty to the next; they are also what the store keeps between two steps."""

import enum

from pydantic import AwareDatetime, BaseModel, ConfigDict


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


class Value(BaseModel):
    """A value: it never changes once it is made."""

    model_config = ConfigDict(frozen=True)


class Event(Value):
    """A provisioning event that this provisioner handles."""

    i_event: int
    i_account: int
    action: Action


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
    action: Action
    subscriber: Subscriber
    services: tuple[str, ...]


class Report(Value):
    """What a notification says of one service of one order."""

    notification_id: str
    reference: str
    service: str
    status: Status
    occurred_at: AwareDatetime

    @property
    def age(self) -> tuple[float, bool]:
        """Orders the reports of one service: of the same instant, work under way came before its outcome."""
        return self.occurred_at.timestamp(), self.status is not Status.IN_PROGRESS


class StatusUpdate(Value):
    """A status that the ESPF is to store for one account and group."""

    reference: str
    i_account: int
    account_id: str
    group: str
    status: Status
