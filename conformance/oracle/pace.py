"""How fast a target goes from one step to the next, as its journal shows it."""

from conformance.oracle.case import Case
from conformance.oracle.reading import ended_at


def step_seconds(case: Case) -> float:
    """The real seconds from an account's first event to its first order, once nothing struck it any more.

    What was struck in between was held up by the harness, which says nothing about the target's own pace.
    """
    ordered = case.orders[0].real_time
    ends = [ended_at(record) for record in (*case.events, *case.queries) if record.fault]
    over = [end for end in ends if end is not None and end <= ordered]
    return ordered - max([case.events[0].real_time, *over])
