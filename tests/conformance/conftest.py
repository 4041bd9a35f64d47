"""What the tests of the judge share: journals told as short stories, and what the oracle finds in them.

A story is a list of steps, each of a verb, plain words and options. Each begins one second after the one
before or `after=` seconds, and takes half a second or `took=`; `times=` does the same so often within its
second. Virtual time moves with the notifications, a minute each. `account=` names the account, `answer=` the
HTTP status, `fault=` the fault that struck, and `lost` says that the work was done all the same.

- `account services=HSS closed`: what is true of an account from now on; `named=` is its ID, `imsi=` its card.
- `event id=2 type=Account/New form=texts`: `form=extra` has a variable that nobody knows.
- `query`: both calls about an account, `query account` or `query sim` one of them, answered as PortaBilling
  would by what is true then; `imsi=` and the like say otherwise, `dead` stands for a dead session.
- `login`: a login at PortaBilling.
- `order HSS PCRF action=modify ref=b`: carries what is true, but for `imsi=` and the like.
- `notice HSS completed`: about the newest accepted order of its service, or `ref=`; in the same words it is
  the same one sent again, unless it has another `id=`; `at=` says when it occurred, in seconds.
- `status HSS 'OK ' in=json`: `known` says that a custom group is registered, `missing` that there is no such
  account, `url=nobody` that the URL names none, `message=` how long a message it has.
- `probe event malformed`, `probe notification unknown-order raw`: sent by the judge; `raw` is no HTTP.
- `stopped`, `started`, `sessions ended`, `quiet` are facts of the harness.
"""

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from conformance.oracle.case import Declared
from conformance.oracle.checks import Check
from conformance.oracle.judge import judge
from conformance.requirements import catalogue, consequences, requirement
from conformance.target import Features
from simulators.espf.core import STATUSES
from simulators.journal import Record
from simulators.portabilling.faults import BAD_PARAMS, SESSION_DEAD
from simulators.records import derived_account
from simulators.world import PREDEFINED_GROUPS

START: Final = 1_700_000_000.0
FORM: Final = "application/x-www-form-urlencoded"
ACTIONS: Final = {
    "activate": ("Account/New", "Subscriber/Created"),
    "modify": ("Account/Product/Changed",),
    "deactivate": ("Account/Status/Closed",),
}
GROUPS: Final = {"HSS": ("HSS",), "PCRF": ("PCRF",)}
CARD: Final = ("msisdn", "imsi", "iccid")
# The call by which either record of an account is asked for, and the fields of that record.
CALLS: Final = {
    "account": ("Account/get_account_info", "account_info", ("i_account", "id", "bill_status")),
    "sim": ("SIMCard/get_sim_card_info", "sim_card_info", ("i_account", *CARD)),
}
LOST: Final = "lost"
FLAGS: Final = frozenset({LOST, "known", "missing", "closed", "dead", "raw"})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a story, with the journal up to it."""

    words: tuple[str, ...]
    options: Mapping[str, str]
    told: Sequence[Record]
    now: float
    url_form: str

    @property
    def i_account(self) -> int:
        """The account that it is about."""
        return int(self.options["account"])

    @property
    def status(self) -> int:
        """The HTTP status of its answer."""
        return int(self.options.get("answer", 200))

    @property
    def overriding(self) -> dict[str, Any]:
        """The SIM data that it has in the place of the true ones."""
        return {name: value for name, value in self.options.items() if name in CARD}

    @property
    def truth(self) -> Mapping[str, Any] | None:
        """What is true of the account; None while there is none."""
        facts = (record for record in reversed(self.told) if record.operation == "account")
        return next((fact.detail for fact in facts if fact.i_account == self.i_account), None)


def declare(**options: Any) -> Declared:
    """What a target declares; `groups`, `custom_groups`, `url` and the fields of `Declared` may differ."""
    features = Features.model_validate(
        {
            "actions": ACTIONS,
            "groups": options.pop("groups", GROUPS),
            "custom-groups": options.pop("custom_groups", False),
            "url": options.pop("url", ("i_account",)),
        }
    )
    usual = {"url_form": "i_account", "reading": "lenient", "success": "200", "ack": 5.0}
    return Declared(features=features, **{**usual, **options})


def read(steps: Iterable[str], *, url_form: str) -> tuple[Record, ...]:
    """The journal of a story."""
    told: list[Record] = []
    now = real_time = START
    for text in steps:
        verb, *rest = shlex.split(text)
        now += 60 * (verb == "notice")
        options = dict(word.split("=", 1) for word in rest if "=" in word)
        options |= {flag: flag for flag in FLAGS & set(rest)}
        options.setdefault("account", "189")
        real_time += float(options.get("after", 1))
        words = tuple(word for word in rest if "=" not in word and word not in FLAGS)
        for _ in range(int(options.get("times", 1))):
            step = Step(words=words, options=options, told=tuple(told), now=now, url_form=url_form)
            for fields in VERBS[verb](step):
                moment = {"seq": len(told) + 1, "virtual_time": now, "real_time": real_time}
                told.append(Record(**{**moment, **_usual(step), **fields}))
    return tuple(told)


def _usual(step: Step) -> dict[str, Any]:
    """What a record has unless its verb says otherwise; the fault in the words of the weather."""
    effect = step.options.get("fault", "reset" if LOST in step.options else None)
    return {
        "kind": "exchange",
        "i_account": step.i_account,
        "method": "POST",
        "status": step.status,
        "duration": float(step.options.get("took", 0.5)),
        "fault": effect and f"{effect}{' after the work' if LOST in step.options else ''} (plan 1)",
    }


def _fact(operation: str, **fields: Any) -> dict[str, Any]:
    made = {"kind": "fact", "source": "harness", "destination": "harness", "operation": operation}
    return {**made, "i_account": None, "status": None, "duration": None, "fault": None, **fields}


def _account(step: Step) -> Iterator[dict[str, Any]]:
    data = derived_account(step.i_account).model_dump(mode="json") | step.overriding
    services = step.options["services"].split(",") if "services" in step.options else None
    data |= {"services": services, "id": step.options.get("named", data["id"])}
    data |= {"bill_status": "C"} if "closed" in step.options else {}
    yield _fact("account", i_account=step.i_account, detail=data)


def _event(step: Step) -> Iterator[dict[str, Any]]:
    event_type, form = step.options.get("type", "Account/New"), step.options.get("form")
    i_event = int(step.options.get("id", step.i_account))
    ids: dict[str, Any] = {"i_event": i_event, "i_account": step.i_account}
    if form == "texts":
        ids = {name: str(value) for name, value in ids.items()}
    extra = {"harness_extra": "of a later release"} if form == "extra" else {}
    yield {
        "source": "emitter",
        "destination": "provisioner",
        "operation": "event",
        "i_event": i_event,
        "request_body": json.dumps({"event_type": event_type, "variables": {**ids, **extra}}),
        "detail": {"event_type": event_type},
    }


def _query(step: Step) -> Iterator[dict[str, Any]]:
    for name in step.words or CALLS:
        operation, record, fields = CALLS[name]
        true = {**step.truth, **step.overriding} if step.truth else {}
        reply: dict[str, Any] = {record: {field: true[field] for field in fields}} if true else {}
        code = SESSION_DEAD if "dead" in step.options else BAD_PARAMS
        answer = 500 if "dead" in step.options else step.status
        bodies = {200: reply, 500: {"faultcode": code, "faultstring": "told by the story"}}
        yield {
            "source": "provisioner",
            "destination": "portabilling",
            "operation": operation,
            "status": answer,
            "response_body": json.dumps(bodies[answer]) if answer in bodies else "",
        }


def _login(_step: Step) -> Iterator[dict[str, Any]]:
    yield {
        "source": "provisioner",
        "destination": "portabilling",
        "operation": "Session/login",
        "i_account": None,
    }


def _order(step: Step) -> Iterator[dict[str, Any]]:
    true = step.truth or derived_account(step.i_account).model_dump(mode="json")
    account = {name: true[name] for name in ("i_account", "id", *CARD)} | step.overriding
    reference = step.options.get("ref", f"order-{step.i_account}-{'-'.join(step.words)}")
    is_taken = LOST in step.options or step.status == 200
    action = step.options.get("action", "activate")
    yield {
        "source": "provisioner",
        "destination": "oms",
        "operation": "order",
        "reference": reference,
        "order_id": f"oms-{reference}" if is_taken else None,
        "detail": {"action": action, "account": account, "services": list(step.words)},
    }


def _notice(step: Step) -> Iterator[dict[str, Any]]:
    service, state = step.words
    reference = step.options.get("ref", _newest(step, service=service))
    name = step.options.get("id", f"{step.i_account}-{reference}-{service}-{state}")
    same = (
        notice.detail["occurred_at"] for notice in step.told if notice.detail.get("notification_id") == name
    )
    at = START + float(step.options["at"]) if "at" in step.options else next(same, step.now)
    yield {
        "source": "oms",
        "destination": "provisioner",
        "operation": "notification",
        "reference": reference,
        "order_id": f"oms-{reference}",
        "detail": {"service": service, "state": state, "notification_id": name, "occurred_at": at},
    }


def _newest(step: Step, *, service: str) -> str | None:
    """The reference of the order that decides a service."""
    taken = [
        record.reference
        for record in step.told
        if record.operation == "order" and record.order_id and record.i_account == step.i_account
        if service in record.detail["services"]
    ]  # fmt: skip
    return next(iter(reversed(dict.fromkeys(taken))), None)


def _status(step: Step) -> Iterator[dict[str, Any]]:
    """A status request and how ESPF answers it; `group=` gives a group that is no text, as JSON."""
    options = step.options
    group, value = (json.loads(options["group"]), step.words[0]) if "group" in options else step.words
    written = options.get("in", "form")
    lost = options.get("url") == "nobody" or "missing" in options
    is_known = group in PREDEFINED_GROUPS or "known" in options
    taken = value.strip() in STATUSES and written != "garbage"
    answer = 404 if lost or not is_known else 200 if taken else 400
    answer = int(options.get("answer", answer))
    fields = {} if written == "garbage" else {"status": value, "group": group}
    fields |= {"message": "m" * int(options["message"])} if "message" in options else {}
    body = urlencode(fields) if written == "form" else json.dumps(fields)
    yield {
        "source": "provisioner",
        "destination": "espf",
        "operation": "status",
        "target": _status_target(step),
        "request_headers": {"Content-Type": "application/json" if written == "json" else FORM},
        "request_body": body,
        "status": answer,
        "i_account": None if lost else step.i_account,
        "group": group if is_known and written != "garbage" else None,
        "detail": {
            **fields,
            "body_fits_type": written in {"form", "json"},
            **({"stored": value.strip()} if answer == 200 or LOST in options else {}),
        },
    }


def _status_target(step: Step) -> str:
    account = derived_account(step.i_account)
    names = {
        "i_account": f"i/{account.i_account}",
        "id": quote(account.id, safe=""),
        "bare": account.id,
        "nobody": "i/1" if step.url_form == "i_account" else "1",
    }
    named = step.options.get("path", names[step.options.get("url", step.url_form)])
    return f"/espf/v1/account/{named}/status"


def _probe(step: Step) -> Iterator[dict[str, Any]]:
    operation, kind = step.words
    yield {
        "source": "emitter" if operation == "event" else "oms",
        "destination": "provisioner",
        "operation": operation,
        "detail": {"probe": kind, "case": "of the story", "is_http": "raw" not in step.options},
    }


def _made_true(verb: str) -> Callable[[Step], Iterator[dict[str, Any]]]:
    """A fact of the harness that is called by its verb and words."""

    def fact(step: Step) -> Iterator[dict[str, Any]]:
        yield _fact(" ".join([verb, *step.words]))

    return fact


VERBS: Final[Mapping[str, Callable[[Step], Iterator[dict[str, Any]]]]] = {
    "account": _account,
    "event": _event,
    "query": _query,
    "login": _login,
    "order": _order,
    "notice": _notice,
    "status": _status,
    "probe": _probe,
    **{verb: _made_true(verb) for verb in ("stopped", "started", "sessions", "quiet")},
}


@pytest.fixture(scope="session", name="checks")
def _checks() -> Callable[..., tuple[Check, ...]]:
    """All that the oracle finds in a story; options are those of `declare`."""

    def checks(steps: Iterable[str], **options: Any) -> tuple[Check, ...]:
        declared = declare(**options)
        return judge(read(steps, url_form=declared.url_form), declared)

    return checks


@pytest.fixture(scope="session", name="told")
def _told() -> Callable[..., tuple[Declared, tuple[Record, ...]]]:
    """What the target of a story declares, and the story's journal; options are those of `declare`."""

    def told(steps: Iterable[str], **options: Any) -> tuple[Declared, tuple[Record, ...]]:
        declared = declare(**options)
        return declared, read(steps, url_form=declared.url_form)

    return told


@pytest.fixture(scope="session", name="graded")
def _graded(checks: Callable[..., tuple[Check, ...]]) -> Callable[..., set[str]]:
    """The requirements that have a grade in a story, `fail` unless another is asked for."""

    def graded(steps: Iterable[str], *, grade: str = "fail", **options: Any) -> set[str]:
        return {check.requirement for check in checks(steps, **options) if check.grade == grade}

    return graded


@pytest.fixture(scope="session", name="caught")
def _caught(graded: Callable[..., set[str]]) -> Callable[..., set[str]]:
    """What fails and does not follow from a requirement, which itself may warn where it is a SHOULD."""

    def caught(own: str, steps: Sequence[str], **options: Any) -> set[str]:
        warned = graded(steps, grade="warn", **options) if requirement(own).level == "SHOULD" else set()
        failed = graded(steps, **options) | ({own} & warned)
        return failed - (consequences([own], among=catalogue()) - {own})

    return caught
