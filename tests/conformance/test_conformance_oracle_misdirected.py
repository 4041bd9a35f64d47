"""Whose outcome a status reports: which group of the account, or which other account, it is about."""

from collections.abc import Callable
from typing import Final

import pytest

from conformance.oracle.case import Declared, cases
from conformance.oracle.misdirected import owner_of_misdirected, reports_of
from simulators.journal import Record

Told = Callable[..., tuple[Declared, tuple[Record, ...]]]
Steps = tuple[str, ...]

ORDERED: Final = ("account", "event", "query", "order HSS PCRF")
HSS_DONE: Final = "notice HSS completed"
OK: Final = "status HSS OK"
PCRF_DONE: Final = "notice PCRF completed"
ONE: Final = {"groups": {"HSS": ("HSS",)}}


def of(account: int, *steps: str) -> Steps:
    """Steps about an account."""
    return tuple(f"{step} account={account}" for step in steps)


TOLD: Final = ("account", "event", "query", "order HSS")
TWO: Final = (*of(1, *TOLD), *of(2, *TOLD))


@pytest.mark.parametrize(
    ("steps", "owners"),
    [
        pytest.param((HSS_DONE, "status HSS OK", PCRF_DONE, "status PCRF OK"), [None, None], id="its own"),
        pytest.param((HSS_DONE, "status PCRF OK"), ["HSS"], id="the other's success"),
        pytest.param((HSS_DONE, PCRF_DONE, "status PCRF OK", "status HSS OK"), [None, None], id="both late"),
        pytest.param(
            (HSS_DONE, "status HSS OK", PCRF_DONE, "status HSS OK"), [None, "PCRF"], id="told for the other"
        ),
        pytest.param(
            (HSS_DONE, "status HSS OK", PCRF_DONE, "status HSS OK", "status PCRF OK"),
            [None, None, None],
            id="told again beside the other's",
        ),
        pytest.param(
            (HSS_DONE, "status HSS OK answer=503", PCRF_DONE, "status HSS OK"), [None, None], id="tried again"
        ),
        pytest.param(("notice HSS failed", "status PCRF FAILED"), ["HSS"], id="the other's failure"),
        pytest.param(
            ("notice HSS failed", "status HSS FAILED", "status PCRF FAILED"),
            [None, None],
            id="a time limit beside the other's failure",
        ),
        pytest.param(
            ("status HSS FAILED", "notice HSS failed", "status PCRF FAILED"),
            [None, None],
            id="the other shows it already",
        ),
        pytest.param((HSS_DONE, "status HSS ok", "status PCRF FAILED"), [None, None], id="misspelt"),
        pytest.param((HSS_DONE, "status PCRF IN_PROGRESS"), [None], id="what tells of no outcome"),
    ],
)
def test_owner_is_the_group_that_never_got_its_report(
    told: Told, steps: Steps, owners: list[str | None]
) -> None:
    """A status is another group's where only the outcome of that group, which got no report, explains it."""
    declared, records = told((*ORDERED, *steps))
    (case,) = cases(records)
    statuses = [status for status in case.statuses if status.group]
    assert [owner_of_misdirected(case, declared, status) for status in statuses] == owners


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        pytest.param(
            (*of(1, HSS_DONE, "status HSS OK"), *of(2, HSS_DONE, "status HSS OK")), 0, id="their own"
        ),
        pytest.param((*of(1, HSS_DONE), *of(2, "status HSS OK")), 1, id="told of the other"),
        pytest.param((*of(1, HSS_DONE), *of(2, "status HSS OK", "status HSS OK")), 2, id="told twice"),
        pytest.param((*of(1, HSS_DONE), *of(2, "status HSS FAILED")), 0, id="a time limit"),
        pytest.param((*of(1, HSS_DONE), *of(2, HSS_DONE, "status HSS OK")), 0, id="not told at all"),
        pytest.param(
            (*of(2, HSS_DONE), *of(1, HSS_DONE, "status HSS OK"), *of(2, "status HSS OK")), 0, id="in turns"
        ),
        pytest.param(of(2, "status HSS OK"), 0, id="nothing that it could be of"),
    ],
)
def test_reports_of_an_account_are_found_among_those_of_another(told: Told, steps: Steps, count: int) -> None:
    """Only what its own account gives no ground for, and the first account lacks, is a report gone astray."""
    declared, records = told((*TWO, *steps), **ONE)
    one, two = cases(records)
    assert len(reports_of(one, two, declared, "HSS")) == count
