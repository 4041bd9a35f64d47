"""The doctor: can this target be judged at all? Each finding says what is wrong with its set-up.

It looks at a journal alone, so that what it says of a run can be read there.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from conformance.oracle.reading import is_stored, is_success
from conformance.target import TargetFile
from simulators.journal import Record
from simulators.portabilling.faults import AUTH_FAILED, LOCKED_OUT, SESSION_DEAD

REFUSED_CREDENTIALS: Final = (401, 403)
# The last one is told to who sends wrong credentials with each call.
REFUSED_LOGINS: Final = frozenset({AUTH_FAILED, LOCKED_OUT, SESSION_DEAD})
NO_SUCH_PLACE: Final = (404, 405)
# A header is written in whole seconds, and an answer may take some.
CLOCK_TOLERANCE: Final = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with how a target was set up.

    `is_setup` tells a mistake of the set-up from what may as well be a fault of the provisioner itself.
    """

    what: str
    advice: str
    is_setup: bool

    def __str__(self) -> str:
        return f"{self.what} {self.advice}"


Examination = Callable[[Sequence[Record], TargetFile], Iterator[Finding]]


def diagnose(records: Sequence[Record], file: TargetFile) -> tuple[Finding, ...]:
    """What the journal of one documented story tells of a target's set-up; nothing where all is well."""
    exchanges = [record for record in records if record.kind == "exchange"]
    return tuple(finding for examine in EXAMINATIONS for finding in examine(exchanges, file))


def _events(exchanges: Sequence[Record], _file: TargetFile) -> Iterator[Finding]:
    """Whether the target takes events at its `events_url`, from a sender with the agreed credentials."""
    sent = [record for record in exchanges if record.operation == "event"]
    answers = {record.status for record in sent}
    url = sent[0].target if sent else ""
    if answers == {0}:
        yield _unreachable("events_url", sent[0])
    elif answers & set(REFUSED_CREDENTIALS):
        yield _setup(
            f"It refuses the event credentials at {url} ({_listed(answers)}).",
            "Hand {event_user} and {event_password} to it in [target.env]; ESPF sends them as Basic.",
        )
    elif answers == {400}:
        yield Finding(
            what=f"It refuses every event at {url} ({_listed(answers)}).",
            advice="Check the path of events_url, and that [features.actions] names its own event types.",
            is_setup=False,
        )
    elif answers & set(NO_SUCH_PLACE):
        yield _setup(
            f"It answers {_listed(answers)} to events at {url}.",
            "Check the path of events_url, and that [features.actions] names its own event types.",
        )


def _logins(exchanges: Sequence[Record], _file: TargetFile) -> Iterator[Finding]:
    """Whether PortaBilling knows who asks."""
    refused = [record for record in exchanges if _faultcode(record) in REFUSED_LOGINS]
    taken = any(is_success(record.status) for record in exchanges if record.destination == "portabilling")
    if refused and not taken:
        yield _setup(
            f"PortaBilling refused its login ({_faultcode(refused[0])}, record {refused[0].seq}).",
            "Hand {login} and {password}, or {login} and {api_token}, to it in [target.env].",
        )


def _tokens(exchanges: Sequence[Record], _file: TargetFile) -> Iterator[Finding]:
    """Whether the OMS knows who orders."""
    refused = [record for record in exchanges if record.destination == "oms" and record.status == 401]  # noqa: PLR2004 - unauthorized
    if refused and not _taken(exchanges, "oms"):
        yield _setup(
            f"The OMS refused its token (401, record {refused[0].seq}).",
            "Hand {oms_token} to it in [target.env]; the OMS takes it as Bearer.",
        )


def _calls(exchanges: Sequence[Record], file: TargetFile) -> Iterator[Finding]:
    """Whether the target reaches the simulators, one after the other as in a story."""
    if not any(record.operation == "event" and is_success(record.status) for record in exchanges):
        return
    name = file.target.name
    if not any(record.source == "provisioner" for record in exchanges):
        yield Finding(
            what=f"It took an event and called nobody: neither PortaBilling nor the OMS heard of {name}.",
            advice="Check by which variables of [target.env] it learns {portabilling_url} and {oms_url}, and "
            "whether the event types of [features.actions] are those that it handles.",
            is_setup=False,
        )
    elif not _asked(exchanges, "oms"):
        yield Finding(
            what="It asked PortaBilling and sent the OMS nothing.",
            advice="Check by which variable it learns {oms_url}; its own log may say more.",
            is_setup=False,
        )
    elif _taken(exchanges, "oms") and not _asked(exchanges, "espf"):
        yield Finding(
            what="It placed an order and reported no status.",
            advice="Check by which variable it learns {espf_url}; its own log may say more.",
            is_setup=False,
        )


def _notifications(exchanges: Sequence[Record], file: TargetFile) -> Iterator[Finding]:
    """Whether the target takes notifications where its orders ask for them."""
    sent = [record for record in exchanges if record.operation == "notification"]
    if sent and {record.status for record in sent} == {0}:
        yield _unreachable("notify_url", sent[0])
    elif sent and {record.status for record in sent} <= set(NO_SUCH_PLACE) and not _reported(exchanges):
        told = file.target.notify_url
        yield _setup(
            f"It answers {_listed({record.status for record in sent})} to notifications at {sent[0].target}.",
            f"Its orders name that address; notify_url is {told}: hand {{notify_url}} to it in [target.env].",
        )


def _clock(exchanges: Sequence[Record], file: TargetFile) -> Iterator[Finding]:
    """Whether the clock of a target that is to age follows the virtual one, as `Date` of its events does."""
    for record in exchanges if file.target.clock == "faketime" else ():
        theirs, ours = _date(record.response_headers), _date(record.request_headers)
        if record.operation == "event" and theirs and ours and abs(theirs - ours) > CLOCK_TOLERANCE:
            yield _setup(
                f"Its clock does not follow the virtual one: its answer to an event is of {theirs}, "
                f"and should be of {ours} (record {record.seq}).",
                "libfaketime does not reach static binaries, containers and other machines: leave `clock` "
                "out for those.",
            )
            return


EXAMINATIONS: Final[tuple[Examination, ...]] = (_events, _clock, _logins, _tokens, _calls, _notifications)


def _unreachable(setting: str, record: Record) -> Finding:
    told = record.response_body.removeprefix("no answer: ")
    heard = "no answer in time" if "timed out" in told else told[:200] or "no answer"
    return _setup(
        f"Nothing usable is heard from {record.target}: {heard}.",
        f"Check {setting}, its port and its path, and that what listens there speaks HTTP and answers within "
        "[timeouts] silence.",
    )


def _setup(what: str, advice: str) -> Finding:
    return Finding(what=what, advice=advice, is_setup=True)


def _asked(exchanges: Sequence[Record], party: str) -> bool:
    return any(record.destination == party for record in exchanges)


def _taken(exchanges: Sequence[Record], party: str) -> bool:
    return any(record.destination == party and is_success(record.status) for record in exchanges)


def _reported(exchanges: Sequence[Record]) -> bool:
    """Whether an outcome was reported, so that its notification was read."""
    return any(is_stored(record) and record.detail["stored"] in {"OK", "FAILED"} for record in exchanges)


def _date(headers: Mapping[str, str]) -> datetime | None:
    """The time that a `Date` header tells, where there is one that can be read."""
    written = next((text for name, text in headers.items() if name.lower() == "date"), "")
    try:
        return parsedate_to_datetime(written)
    except ValueError:
        return None


def _faultcode(record: Record) -> str:
    if record.destination != "portabilling" or is_success(record.status):
        return ""
    try:
        body: Any = json.loads(record.response_body)
    except ValueError:
        return ""
    return str(body.get("faultcode", "")) if isinstance(body, dict) else ""


def _listed(statuses: set[int | None]) -> str:
    return " and ".join(str(status) for status in sorted(status or 0 for status in statuses))
