"""How the shell commands print what the control API tells: aligned columns for people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from simulators.clock import iso

BETWEEN: Final = "  "
# A line that is printed as it happens cannot wait for those that would widen its columns.
_LIVE: Final = "{seq:>6}  {time}  {who:<26}  {what:<12}  {i_account:>10}  {group:<8}  {said:<24}  {answer}"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a table, each column as wide as its widest cell."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield BETWEEN.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def pairs(values: Mapping[str, Any]) -> str:
    """Names and values in one cell."""
    return " ".join(f"{name}={_cell(value)}" for name, value in values.items())


def accounts(listed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Accounts, one a line."""
    names = ("i_account", "id", "msisdn", "imsi", "bill_status", "services")
    return table(names, ([account[name] for name in names] for account in listed))


def events(listed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Events, one a line."""
    rows = (
        (event["i_event"], event["event_type"], pairs(event["variables"]), event["fate"], _attempts(event))
        for event in listed
    )
    return table(("i_event", "event_type", "variables", "fate", "attempts"), rows)


def deliveries(event: Mapping[str, Any]) -> Iterator[str]:
    """The answered attempts to deliver an event, one a line."""
    rows = (
        (told["handler"], told["attempt"], iso(told["sent_at"]), told["status"] or "no answer")
        for told in event["deliveries"]
    )
    return table(("handler", "attempt", "sent_at", "status"), rows)


def orders(listed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Orders, one a line."""
    rows = (
        (
            order["order_id"],
            order["accepted_at"],
            order["request"]["account"]["i_account"],
            order["request"]["action"],
            order["request"]["reference"],
            pairs(order["states"]),
        )
        for order in listed
    )
    return table(("order_id", "accepted_at", "i_account", "action", "reference", "states"), rows)


def statuses(listed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Stored statuses, one a line."""
    names = ("stored_at", "i_account", "group", "status", "message")
    return table(names, ([report[name] for name in names] for report in listed))


def record(told: Mapping[str, Any]) -> str:
    """A record of the journal as one line: when, who to whom, about what, with which values and answer."""
    line = _LIVE.format(
        seq=told["seq"],
        time=iso(told["virtual_time"]),
        who=f"{told['source']} > {told['destination']}",
        what=told["operation"] or told["method"],
        i_account=_cell(told["i_account"]),
        group=_cell(told["group"]),
        said=_said(told),
        answer=_answer(told),
    )
    return line.rstrip()


def _said(told: Mapping[str, Any]) -> str:
    """The values that a record is about, as far as its simulator could read them."""
    detail = told["detail"]
    if told["kind"] == "fact":
        return "is there"
    said: Mapping[str, Iterable[Any]] = {
        "event": (detail.get("event_type"), told["i_event"]),
        "order": (detail.get("action"), detail.get("services")),
        "notification": (detail.get("service"), detail.get("state")),
        "status": (detail.get("status"),),
        "": (told["target"],),
    }
    return " ".join(map(_cell, said.get(told["operation"], ()))).strip()


def _answer(told: Mapping[str, Any]) -> str:
    if told["kind"] == "fact":
        return ""
    status = "..." if told["status"] is None else (told["status"] or "no answer")
    return f"{status}  ({told['fault']})" if told["fault"] else str(status)


def _attempts(event: Mapping[str, Any]) -> int:
    return sum(handler["attempts"] for handler in event["handlers"])


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
