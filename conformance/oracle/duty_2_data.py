"""The rules of duty 2: query the obligatory subscriber data via the PortaBilling API."""

from collections.abc import Iterator

from conformance.oracle.case import Case, Declared
from conformance.oracle.checks import Check, Subject, listed


def data_query(case: Case, _declared: Declared) -> Iterator[Check]:
    """DATA-QUERY: between the event and its order, PortaBilling was asked about the account."""
    subject = Subject(requirement="DATA-QUERY", i_account=case.i_account)
    for order in case.orders:
        first = min((event.seq for event in case.events), default=order.seq)
        asked = [query for query in case.queries if first < query.seq < order.seq]
        yield subject.check(
            holds=bool(asked),
            expected="a query about the account between its event and its order",
            received=listed([query.operation for query in asked]),
            shown_by=[order, *asked],
        )
