"""What the tests of the judge share: journals told as short stories, and what the oracle finds in them.

A story is a list of steps, each of a verb, plain words and options: `account services=HSS`,
`event answer=500`, `query`, `order HSS PCRF imsi=1`, `notice HSS completed`, `status HSS 'OK ' in=json`.
Steps are one second apart, and each takes half a second unless it says `took=`. Virtual time moves with the
notifications, a minute each. A notification is about the newest accepted order of its service, or `ref=`;
in the same words it is the same one sent again, unless it has another `id=`; `at=` says when it occurred, in
seconds. `fault=` names the fault that struck, `lost` says that the work was done all the same, `known` that
a custom group is registered, and `missing` that there is no such account. `stopped` and `started` are facts.
"""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from conformance.oracle.case import Declared
from conformance.oracle.checks import Check
from conformance.oracle.judge import judge
from conformance.target import Features
from simulators.espf.core import STATUSES
from simulators.journal import Record
from simulators.records import derived_account
from simulators.world import PREDEFINED_GROUPS

START: Final = 1_700_000_000.0
FORM: Final = "application/x-www-form-urlencoded"
ACTIONS: Final = {
    "activate": ("Account/New",),
    "modify": ("Account/Product/Changed",),
    "deactivate": ("Account/Status/Closed",),
}
GROUPS: Final = {"HSS": ("HSS",), "PCRF": ("PCRF",)}
LOST: Final = "lost"
FLAGS: Final = frozenset({LOST, "known", "missing"})
OPERATIONS: Final = {"notice": "notification"}


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
    virtual_time = START
    for seq, step in enumerate(steps, start=1):
        verb, *rest = shlex.split(step)
        words = [word for word in rest if "=" not in word and word not in FLAGS]
        options = dict(word.split("=", 1) for word in rest if "=" in word)
        options |= {flag: flag for flag in FLAGS & set(rest)}
        i_account = int(options.setdefault("account", "189"))
        virtual_time += 60 * (verb == "notice")
        fields: dict[str, Any] = {
            "kind": "exchange",
            "operation": OPERATIONS.get(verb, verb),
            "i_account": i_account,
            "method": "POST",
            "status": int(options.get("answer", 200)),
            "duration": float(options.get("took", 0.5)),
            "fault": _fault(options),
        }
        if verb == "status":
            fields |= _status(words, options, url_form=url_form)
        elif verb == "notice":
            fields |= _notice(words, options, told=told, now=virtual_time)
        else:
            fields |= VERBS[verb](words, options)
        told.append(Record(seq=seq, virtual_time=virtual_time, real_time=START + seq, **fields))
    return tuple(told)


def _fault(options: Mapping[str, str]) -> str | None:
    """The fault that struck, in the words of the weather."""
    effect = options.get("fault", "reset" if LOST in options else None)
    return effect and f"{effect}{' after the work' if LOST in options else ''} (plan 1)"


def _account(_words: list[str], options: Mapping[str, str]) -> dict[str, Any]:
    data = derived_account(int(options["account"])).model_dump(mode="json")
    services = options["services"].split(",") if "services" in options else None
    detail = {**data, "services": services, "id": options.get("named", data["id"])}
    return {"kind": "fact", "source": "harness", "destination": "harness", "detail": detail}


def _event(_words: list[str], options: Mapping[str, str]) -> dict[str, Any]:
    return {
        "source": "emitter",
        "destination": "provisioner",
        "i_event": int(options.get("id", options["account"])),
        "detail": {"event_type": options.get("type", "Account/New")},
    }


def _query(_words: list[str], _options: Mapping[str, str]) -> dict[str, Any]:
    return {
        "source": "provisioner",
        "destination": "portabilling",
        "operation": "Account/get_account_info",
    }


def _order(words: list[str], options: Mapping[str, str]) -> dict[str, Any]:
    account = derived_account(int(options["account"])).model_dump(mode="json")
    account |= {name: value for name, value in options.items() if name in {"msisdn", "imsi", "iccid"}}
    reference = options.get("ref", f"order-{options['account']}-{'-'.join(words)}")
    return {
        "source": "provisioner",
        "destination": "oms",
        "reference": reference,
        "order_id": f"oms-{reference}" if LOST in options or options.get("answer", "200") == "200" else None,
        "detail": {"action": options.get("action", "activate"), "account": account, "services": words},
    }


def _notice(
    words: list[str], options: Mapping[str, str], *, told: list[Record], now: float
) -> dict[str, Any]:
    service, state = words
    account = int(options["account"])
    reference = options.get("ref", _newest(told, service=service, account=account))
    name = options.get("id", f"{reference}-{service}-{state}")
    same = (notice.detail["occurred_at"] for notice in told if notice.detail.get("notification_id") == name)
    occurred_at = START + float(options["at"]) if "at" in options else next(same, now)
    return {
        "source": "oms",
        "destination": "provisioner",
        "reference": reference,
        "order_id": f"oms-{reference}",
        "detail": {
            "service": service,
            "state": state,
            "notification_id": name,
            "occurred_at": occurred_at,
        },
    }


def _newest(told: list[Record], *, service: str, account: int) -> str | None:
    """The reference of the order that decides a service."""
    taken = [
        record.reference
        for record in told
        if record.order_id and record.i_account == account and service in record.detail.get("services", ())
    ]
    return next(iter(reversed(dict.fromkeys(taken))), None)


def _status(words: list[str], options: Mapping[str, str], *, url_form: str) -> dict[str, Any]:
    """A status request and how ESPF answers it; `group=` gives a group that is no text, as JSON."""
    group, value = (json.loads(options["group"]), words[0]) if "group" in options else words
    written = options.get("in", "form")
    lost = options.get("url") == "nobody" or "missing" in options
    is_known = group in PREDEFINED_GROUPS or "known" in options
    taken = value.strip() in STATUSES and written != "garbage"
    answer = 404 if lost or not is_known else 200 if taken else 400
    answer = int(options.get("answer", answer))
    fields = {} if written == "garbage" else {"status": value, "group": group}
    fields |= {"message": "m" * int(options["message"])} if "message" in options else {}
    body = urlencode(fields) if written == "form" else json.dumps(fields)
    return {
        "source": "provisioner",
        "destination": "espf",
        "target": _status_target(options, url_form=url_form),
        "request_headers": {"Content-Type": "application/json" if written == "json" else FORM},
        "request_body": body,
        "status": answer,
        "i_account": None if lost else int(options["account"]),
        "group": group if is_known and written != "garbage" else None,
        "detail": {
            **fields,
            "body_fits_type": written in {"form", "json"},
            **({"stored": value.strip()} if answer == 200 or LOST in options else {}),
        },
    }


def _status_target(options: Mapping[str, str], *, url_form: str) -> str:
    account = derived_account(int(options["account"]))
    names = {
        "i_account": f"i/{account.i_account}",
        "id": quote(account.id, safe=""),
        "bare": account.id,
        "nobody": "i/1" if url_form == "i_account" else "1",
    }
    return f"/espf/v1/account/{options.get('path', names[options.get('url', url_form)])}/status"


def _fact(_words: list[str], _options: Mapping[str, str]) -> dict[str, Any]:
    return {"kind": "fact", "source": "harness", "destination": "harness", "i_account": None}


VERBS: Final = {
    "account": _account,
    "event": _event,
    "query": _query,
    "order": _order,
    "stopped": _fact,
    "started": _fact,
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
