"""A sequence diagram as rows: the exchanges of one account in one scenario, the marked ones among them."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.journal import Record

# Who stands where, from left to right.
LANES: Final = ("emitter", "provisioner", "portabilling", "oms", "espf")
NAMES: Final = {
    "emitter": "ESPF events",
    "provisioner": "provisioner",
    "portabilling": "PortaBilling API",
    "oms": "OMS",
    "espf": "ESPF API",
    "harness": "the harness",
}
# Facts that delimit a scenario are no part of its story.
UNTOLD: Final = ("scenario", "end", "target", "run")
# A flood of requests must not make a page that no browser opens: rows at most, near a marked one, and the
# characters of a body.
ROWS: Final = 120
BEGINNING: Final = 30
NEIGHBOURS: Final = 3
BODY: Final = 8_000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One exchange or fact; `when` is the virtual time since the scenario began."""

    record: Record
    when: str
    real: str
    label: str
    answer: str
    sentence: str
    is_marked: bool

    @property
    def is_exchange(self) -> bool:
        """Whether an arrow is drawn for it."""
        return self.record.kind == "exchange"

    @property
    def lanes(self) -> tuple[int, int]:
        """From which lane to which its arrow goes."""
        return LANES.index(self.record.source), LANES.index(self.record.destination)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Rows that are left out, because there are too many."""

    count: int
    is_exchange: bool = False


def rows(
    records: Sequence[Record], *, i_account: int | None, marked: Collection[int]
) -> tuple[Row | Gap, ...]:
    """The rows of a scenario's records, as far as they concern an account; without one, all of them."""
    if not records:
        return ()
    concerned = [record for record in records if record.seq in marked or _concerns(record, i_account)]
    begun = records[0]
    told = [_row(record, begun, is_marked=record.seq in marked) for record in concerned]
    return tuple(_shortened(told)) if len(told) > ROWS else tuple(told)


def clipped(body: str) -> str:
    """A body as far as it is shown."""
    left = len(body) - BODY
    return body if left <= 0 else f"{body[:BODY]} ... and {left} more characters, see the journal"


def _concerns(record: Record, i_account: int | None) -> bool:
    if record.kind == "fact" and record.operation in UNTOLD:
        return False
    return i_account is None or record.i_account in {None, i_account}


def _shortened(told: Sequence[Row]) -> Iterator[Row | Gap]:
    marks = [index for index, row in enumerate(told) if row.is_marked][:BEGINNING]
    kept = set(range(BEGINNING)) | set(range(len(told) - NEIGHBOURS, len(told)))
    kept |= {near for mark in marks for near in range(mark - NEIGHBOURS, mark + NEIGHBOURS + 1)}
    left_out = 0
    for index, row in enumerate(told):
        if index not in kept:
            left_out += 1
            continue
        if left_out:
            yield Gap(count=left_out)
            left_out = 0
        yield row


def _row(record: Record, begun: Record, *, is_marked: bool) -> Row:
    label, answer = _label(record), _answer(record)
    whose = f"{NAMES[record.source]} to {NAMES[record.destination]}: "
    return Row(
        record=record,
        when=_duration(record.virtual_time - begun.virtual_time),
        real=f"{record.real_time - begun.real_time:.3f} s after the scenario began, in real time",
        label=label,
        answer=answer,
        sentence=f"{whose}{label}, {answer}" if record.kind == "exchange" else label,
        is_marked=is_marked,
    )


def _label(record: Record) -> str:
    """What was asked or told, in a few words."""
    detail = record.detail
    if record.kind == "fact":
        return _fact(record)
    words = {
        "event": [detail.get("event_type"), detail.get("probe"), detail.get("case")],
        "order": ["order", detail.get("action"), *_texts(detail.get("services"))],
        "notification": [detail.get("service"), detail.get("state"), detail.get("probe"), detail.get("case")],
        "status": [detail.get("group"), detail.get("status")],
    }.get(record.operation, [record.operation])
    return " ".join(str(word) for word in words if word) or f"{record.method} {record.target}"


def _fact(record: Record) -> str:
    detail = record.detail
    if record.operation == "step":
        return step(detail)
    if record.operation == "account":
        state = " (closed)" if detail.get("bill_status") == "C" else ""
        return f"account {record.i_account} is {detail.get('id')}{state}"
    return f"{record.operation} {json.dumps(detail)[:200]}"


def step(told: object) -> str:
    """A step of a story as words: its verb, then what it was told with."""
    if not isinstance(told, dict):
        return str(told)
    arguments = {name: value for name, value in told.items() if name != "verb"}
    shown = ", ".join(f"{name} {_plain(value)}" for name, value in arguments.items() if value is not None)
    return f"{told.get('verb', 'step')}: {shown}" if shown else str(told.get("verb", "step"))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _answer(record: Record) -> str:
    if record.status is None:
        return "not answered yet"
    return f"answered {record.status}" if record.status else "no answer"


def _duration(seconds: float) -> str:
    """Virtual time as days, hours, minutes and seconds; fractions only where there are any."""
    whole, fraction = divmod(max(seconds, 0.0), 1)
    minutes, second = divmod(int(whole), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    parts = f"{hour:02}:{minute:02}:{second:02}" + (f"{fraction:.3f}"[1:] if fraction >= 0.0005 else "")  # noqa: PLR2004 - half a millisecond
    return f"+{days}d {parts}" if days else f"+{parts}"
