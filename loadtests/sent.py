"""What the generator sent: each attempt when it left and when it ended, and what the oracle sees of it."""

from dataclasses import dataclass
from pathlib import Path

from loadtests.spool import read_lines
from simulators.emitter.events import Message
from simulators.journal import Record


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An attempt to deliver an event; times are real seconds since 1970, `intended` that of the schedule.

    Each account has one event, whose `i_event` is the account's number. Without an answer `status` is 0, and
    `ended` the moment until which there was none.
    """

    i_account: int
    intended: float
    sent: float
    ended: float
    status: int
    attempt: int

    @property
    def lateness(self) -> float:
        """How much later than intended it left, in real seconds."""
        return self.sent - self.intended

    def record(self, seq: int, *, event_type: str) -> Record:
        """The record that the emitter's simulator would have written."""
        message = Message(
            i_event=self.i_account, event_type=event_type, variables={"i_account": self.i_account}
        )
        return Record(
            seq=seq,
            kind="exchange",
            virtual_time=self.sent,
            real_time=self.sent,
            source="emitter",
            destination="provisioner",
            operation="event",
            method="POST",
            request_body=message.body("ints").decode(),
            status=self.status,
            duration=self.ended - self.sent,
            i_account=self.i_account,
            i_event=self.i_account,
            detail={"event_type": event_type},
        )


def read_sent(path: Path, *, end: float) -> list[Sent]:
    """The attempts that the generator wrote down, in the order in which they left.

    What was not answered at the `end`, in real seconds since 1970, had no answer until then.
    """
    rows = {(row["i_account"], row["attempt"]): row for row in read_lines(path)}
    found = [row if row["ended"] else {**row, "ended": end, "status": 0} for row in rows.values()]
    return sorted((Sent(**row) for row in found), key=lambda one: one.sent)
