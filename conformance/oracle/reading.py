"""How the oracle reads single records: what was answered, what was stored, what a fault left of a message."""

from typing import Final

from simulators.journal import Record

# The answers that refuse a message.
REFUSED: Final = range(400, 500)
# What an order is answered that is refused for good; of the rest of 4xx these three mean to try again.
REFUSALS: Final = frozenset(REFUSED) - {401, 408, 429}
# Faults after which a message was not, or not as it was meant, with the one that it was sent to.
UNREADABLE: Final = frozenset({"drop", "truncate", "malformed"})
# Faults that change when or how often a message comes, and nothing else.
HARMLESS: Final = frozenset({"delay", "duplicate", "reorder"})
AFTER_THE_WORK: Final = " after the work"
BILL_STATUS: Final = '"bill_status":'
CLOSED: Final = f'{BILL_STATUS}"C"'


def is_success(status: int | None) -> bool:
    """Tell whether an answer took what was sent."""
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - the class of success


def is_probe(record: Record) -> bool:
    """Tell whether the judge itself sent this beside the ESPF and the OMS, to see how it is refused."""
    return bool(record.detail.get("probe"))


def ended_at(record: Record) -> float | None:
    """The real time of a record's answer; None while there is none."""
    return None if record.duration is None else record.real_time + record.duration


def was_answered_before(earlier: Record, later: Record) -> bool:
    """Tell whether an answer had come when a later request was sent."""
    ended = ended_at(earlier)
    return ended is not None and ended <= later.real_time


def effect(record: Record) -> str:
    """The effect of the fault that struck a record; empty where none did."""
    return (record.fault or "").partition(" ")[0]


def is_whole(record: Record) -> bool:
    """Tell whether a request and its answer passed as they were meant, whatever its time or number."""
    return effect(record) in {"", *HARMLESS}


def is_reached(record: Record) -> bool:
    """Tell whether the provisioner could read what it was sent, answered or not."""
    cut_off = effect(record) == "reset" and AFTER_THE_WORK not in (record.fault or "")
    return effect(record) not in UNREADABLE and not cut_off


def is_taken(notice: Record) -> bool:
    """Tell whether a notification was answered 2xx, so that it counts as heard."""
    return is_success(notice.status)


def is_accepted(order: Record) -> bool:
    """Tell whether the OMS took an order, also where its answer was lost after the work."""
    return order.order_id is not None


def is_told(record: Record) -> bool:
    """Tell whether the provisioner was told that its request was taken."""
    return is_success(record.status) and is_whole(record)


def is_stored(status: Record) -> bool:
    """Tell whether ESPF stored a status, also where its answer was lost after the work."""
    return "stored" in status.detail


def read_status(record: Record) -> str:
    """The status that a request means, blanks around it apart (those are STATUS-VALUES' concern)."""
    value = record.detail.get("status")
    return value.strip() if isinstance(value, str) else ""


def read_group(record: Record) -> str:
    """The group that a status request names; JSON may hold anything in its place."""
    value = record.detail.get("group")
    return value if isinstance(value, str) else ""


def is_showing(query: Record) -> bool:
    """Tell whether a reply says whether an account is closed."""
    return BILL_STATUS in query.response_body


def is_showing_closed(query: Record) -> bool:
    """Tell whether a reply says that an account is closed."""
    return CLOSED in query.response_body.replace(" ", "")


def occurred_at(notice: Record) -> float:
    """When that occurred which a notification tells, in virtual seconds."""
    told: float = notice.detail.get("occurred_at", notice.virtual_time)
    return told


def notification_id(notice: Record) -> str:
    """What tells a notification that is sent again from a new one."""
    return str(notice.detail.get("notification_id", notice.seq))
