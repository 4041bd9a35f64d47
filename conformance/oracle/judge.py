"""Judges a stretch of a journal: all rules over every account in it, and those over the whole of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from conformance.oracle import (
    duty_1_events,
    duty_2_data,
    duty_3_changes,
    duty_3_orders,
    duty_4_notices,
    duty_5_requests,
    duty_5_statuses,
    equivalence,
    whole,
)
from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check
from conformance.oracle.probes import probe_checks
from simulators.journal import Record

# Rules on one account; the docstring of each begins with the requirements that it judges.
RULES: Final[tuple[Callable[[Case, Declared], Iterator[Check]], ...]] = (
    duty_1_events.event_ack,
    duty_1_events.event_form,
    duty_1_events.event_resend,
    duty_1_events.event_duplicate,
    duty_1_events.event_reorder,
    duty_2_data.data_query,
    duty_2_data.data_fresh,
    duty_2_data.data_session_expiry,
    duty_2_data.data_fault,
    duty_2_data.data_not_found,
    duty_2_data.data_slow,
    duty_3_orders.order_content,
    duty_3_orders.order_once,
    duty_3_orders.order_retry,
    duty_3_orders.order_reply_lost,
    duty_3_orders.order_refused,
    duty_3_changes.order_change,
    duty_3_changes.order_close,
    duty_4_notices.notice_ack,
    duty_4_notices.notice_delay,
    duty_4_notices.notice_early,
    duty_4_notices.notice_duplicate,
    duty_4_notices.notice_reordered,
    duty_4_notices.notice_missing,
    duty_5_statuses.status_values,
    duty_5_statuses.status_mapping,
    duty_5_statuses.status_in_progress,
    duty_5_statuses.status_not_early,
    duty_5_statuses.status_group,
    duty_5_statuses.status_group_custom,
    duty_5_statuses.status_sequence,
    duty_5_statuses.status_final,
    duty_5_requests.status_url,
    duty_5_requests.status_body,
    duty_5_requests.status_auth,
    duty_5_requests.status_retry,
    duty_5_requests.status_refused,
    duty_5_requests.status_message,
    equivalence.status_url_equivalent,
)
# Rules on all records: what concerns several accounts, or none.
RULES_OF_THE_WHOLE: Final[tuple[Callable[[Sequence[Record], Declared], Iterator[Check]], ...]] = (
    duty_4_notices.notice_interleaved,
    duty_5_requests.status_url_astray,
    duty_1_events.event_concurrent,
    duty_2_data.data_sessions_ended,
    duty_2_data.data_fault_renewals,
    duty_2_data.data_not_found_ends,
    duty_2_data.data_session_reuse,
    whole.whole_restart,
    whole.whole_rate,
    whole.whole_quiet,
    probe_checks,
)


def judge(records: Iterable[Record], declared: Declared) -> tuple[Check, ...]:
    """All checks that these records allow: of each account in the order of the duties, then of the whole.

    What can only be told from several scenarios, `equivalence.compared` adds to the scenarios of a run.
    """
    listed = tuple(records)
    found = [check for case in cases(listed) for rule in RULES for check in rule(case, declared)]
    return (*found, *(check for rule in RULES_OF_THE_WHOLE for check in rule(listed, declared)))
