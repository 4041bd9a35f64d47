"""Judges a stretch of a journal: all rules over every account in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    status_url_astray,
    status_values,
)
from conformance.oracle.probes import probe_checks
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


# What concerns several accounts, or none.
RULES_OF_THE_WHOLE: Final[tuple[Callable[[Sequence[Record], Declared], Iterator[Check]], ...]] = (
    status_url_astray,
    probe_checks,
)


def judge(records: Iterable[Record], declared: Declared) -> tuple[Check, ...]:
    """All checks that these records allow: of each account in the order of the duties, then of the whole."""
    listed = tuple(records)
    found = [check for case in cases(listed) for rule in RULES for check in rule(case, declared)]
    return (*found, *(check for rule in RULES_OF_THE_WHOLE for check in rule(listed, declared)))
