"""The rules about the provisioner as a whole: what it survives, what it keeps up with, whether it rests."""

from collections.abc import Iterator, Sequence

from conformance.oracle.case import Case, Declared, cases
from conformance.oracle.checks import Check, Subject, answer
from conformance.oracle.outcomes import allowed_final
from conformance.oracle.reading import REFUSALS, read_status
from conformance.oracle.trouble import STARTED, STOPPED
from simulators.journal import Record

# So many events at once are a burst; so many requests while nothing is to be done are no rest.
BURST = 20
RESTLESS = 20
# The fact with which a story begins to watch a target that has nothing to do.
QUIET = "quiet"


def whole_restart(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """WHOLE-RESTART: what was acknowledged before it was killed comes to its end."""
    stops = [record for record in records if record.operation == STOPPED]
    if not stops or not any(record.operation == STARTED for record in records):
        return
    for case in cases(records):
        taken = [event for event in case.events if declared.is_taken(event) and event.seq < stops[-1].seq]
        if taken:
            yield _final("WHOLE-RESTART", case, declared, taken)
            yield from _orders_known(case, stops[-1])


def _orders_known(case: Case, stop: Record) -> Iterator[Check]:
    """Check that no notification is refused because its order was forgotten."""
    for notice in case.notifications:
        order = case.order_of(notice)
        is_judged = notice.seq > stop.seq and case.is_healthy(notice) and not case.is_beside(notice)
        # Of one whose answer never came it may be told too early.
        if is_judged and order and order.answered and order.answered.seq < stop.seq:
            yield Subject(requirement="WHOLE-RESTART", i_account=case.i_account).check(
                holds=notice.status not in REFUSALS,
                expected=f"order {order.reference}, which was placed before it was killed, to be known",
                received=answer(notice),
                shown_by=[stop, notice],
            )


def whole_rate(records: Sequence[Record], declared: Declared) -> Iterator[Check]:
    """WHOLE-RATE: each event of a burst comes to its end."""
    told = [case for case in cases(records) if case.events and case.exists]
    if len(told) >= BURST:
        for case in told:
            yield _final("WHOLE-RATE", case, declared, case.events)


def whole_quiet(records: Sequence[Record], _declared: Declared) -> Iterator[Check]:
    """WHOLE-QUIET: with nothing to do it leaves its neighbours alone."""
    begun = next((record for record in records if record.operation == QUIET), None)
    if begun:
        asked = [record for record in records if record.seq > begun.seq and record.source == "provisioner"]
        yield Subject(requirement="WHOLE-QUIET", i_account=None).check(
            holds=len(asked) < RESTLESS,
            expected=f"fewer than {RESTLESS} requests in a moment with nothing to do",
            received=f"{len(asked)} requests",
            shown_by=asked[:3],
            otherwise="warn",
        )


def _final(requirement: str, case: Case, declared: Declared, shown_by: Sequence[Record]) -> Check:
    is_due = case.is_at_hand and any(event in shown_by for event in case.activating(declared))
    needed = set(case.needed_services(declared)) if is_due else set()
    groups = case.needed_groups(declared)
    wrong = [group for group in groups if _is_lost(case, declared, group)]
    missing = sorted(needed - case.decided_services)
    return Subject(requirement=requirement, i_account=case.i_account).check(
        holds=not wrong and not missing,
        expected="all services ordered, and the statuses that the facts allow",
        received=f"not ordered: {missing}; wrong: {[f'{group} {case.stored(group)}' for group in wrong]}",
        shown_by=shown_by,
    )


def _is_lost(case: Case, declared: Declared, group: str) -> bool:
    """Tell whether what is due was not even tried: that it was not taken, or undone, has other causes."""
    allowed = allowed_final(case, declared, group)
    tried = set(map(read_status, case.statuses_of(group)))
    return case.stored(group) not in allowed and not tried & set(allowed)
