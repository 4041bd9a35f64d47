"""Judges a stretch of a journal: all rules over every account in it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check
from conformance.oracle.duty_1_events import event_ack, event_duplicate
from conformance.oracle.duty_2_data import data_query
from conformance.oracle.duty_3_orders import order_content, order_once
from conformance.oracle.duty_4_notices import notice_ack, notice_delay
from conformance.oracle.duty_5_statuses import (
    status_body,
    status_final,
    status_group,
    status_in_progress,
    status_mapping,
    status_not_early,
    status_url,
    status_values,
    url_check,
)
from simulators.journal import Record

RULES: Final[tuple[Callable[[Case, Declared], Iterator[Check]], ...]] = (
    event_ack,
    event_duplicate,
    data_query,
    order_content,
    order_once,
    notice_ack,
    notice_delay,
    status_values,
    status_mapping,
    status_in_progress,
    status_not_early,
    status_group,
    status_url,
    status_body,
    status_final,
)


def judge(records: Iterable[Record], declared: Declared) -> tuple[Check, ...]:
    """All checks that these records allow, in the order of the duties."""
    listed = tuple(records)
    found = [check for case in cases(listed) for rule in RULES for check in rule(case, declared)]
    return (*found, *_astray(listed, declared))


def _astray(records: Iterable[Record], declared: Declared) -> Iterator[Check]:
    """Status requests whose URL names no account belong to none, and so are judged by themselves."""
    for record in records:
        if record.operation == "status" and record.i_account is None:
            yield url_check(record, declared)
