"""When a provisioner's neighbours were in trouble or it was down itself, as a journal shows it."""

from collections.abc import Callable
from math import inf
from typing import Final

import pytest

from conformance.oracle.trouble import troubles
from simulators.journal import Record

Told = Callable[..., tuple[object, tuple[Record, ...]]]
Stretches = list[tuple[float, float]]

BUSY: Final = "answer=503 fault=answer"
ASKED: Final = ("account", "event", "query account")
FOUR: Final = tuple(f"event account={number} took=9" for number in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("steps", "stretches"),
    [
        pytest.param((*ASKED, "order HSS", "status HSS OK"), [], id="all is well"),
        pytest.param((f"query account {BUSY}", "query account"), [(1, 2.5)], id="until it is well again"),
        pytest.param((f"query account {BUSY}",) * 3, [(1, inf)], id="never well again"),
        pytest.param(
            (f"order HSS {BUSY}", f"order HSS {BUSY} after=10", "order HSS after=10"),
            [(1, 21.5)],
            id="all tries are one stretch",
        ),
        pytest.param(
            (f"status HSS OK {BUSY}", "query account", "order HSS", "status HSS OK"),
            [(1, 4.5)],
            id="another neighbour's answer ends nothing",
        ),
        pytest.param(
            (f"query account {BUSY} account=1", "query account account=2", "query account account=1"),
            [(1, 3.5)],
            id="another account's answer ends nothing",
        ),
        pytest.param(("query account dead", "login", "query account"), [(1, 3.5)], id="a dead session"),
        pytest.param(("status HSS OK answer=401", "status HSS OK"), [(1, 2.5)], id="credentials refused"),
        pytest.param(("order HSS answer=0 lost", "order HSS"), [(1, 2.5)], id="the answer was lost"),
        pytest.param(("query account fault=delay took=9",), [(1, 10)], id="a late answer ends it itself"),
        pytest.param(("query account fault=slow took=9",), [(1, 10)], id="a slow answer ends it itself"),
        pytest.param(("query account fault=truncate", "query account"), [(1, 2.5)], id="half an answer"),
        pytest.param(("query account answer=500", "status hss OK"), [], id="its own mistakes are none"),
        pytest.param(
            ("event answer=0 fault=drop", "notice HSS failed fault=delay"), [], id="what it is sent"
        ),
        pytest.param(("stopped", "event answer=0", "started"), [(1, 3)], id="it was down"),
        pytest.param(("stopped", "stopped", "started", "started"), [(1, 3)], id="stopped twice"),
        pytest.param(("stopped", "started", "stopped"), [(1, 2), (3, inf)], id="down in the end"),
        pytest.param((*FOUR, "query account"), [], id="four events at once are no crowd"),
        pytest.param((*FOUR, "event took=2"), [(1, 13)], id="five are"),
        pytest.param((*FOUR, "event answer=0 took=20"), [(1, 25)], id="until the last is answered"),
        pytest.param((*FOUR, "event after=9"), [], id="five in turns are none"),
        pytest.param(
            tuple("probe event malformed took=9" for _ in range(9)), [], id="what the judge sends is none"
        ),
    ],
)
def test_trouble_lasts_from_the_first_struck_request_to_the_next_one_taken(
    told: Told, steps: tuple[str, ...], stretches: Stretches
) -> None:
    """A stretch is of one neighbour and account, of the provisioner itself, or of a crowd of events."""
    _, records = told(("account account=7", *steps))
    begin = records[0].real_time
    assert [(stretch.begin - begin, stretch.end - begin) for stretch in troubles(records)] == stretches


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(("notice HSS completed took=5",), (), id="begun before"),
        pytest.param((), ("notice HSS completed after=0",), id="sent in it"),
    ],
)
def test_trouble_touches_what_shares_a_moment_with_it(
    told: Told, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """A message is touched if any of its time lies in a stretch."""
    _, records = told((*before, f"query account {BUSY}", *after, "query account"))
    (stretch,) = troubles(records)
    assert all(stretch.touches(record) for record in records)


def test_trouble_does_not_touch_what_came_before_or_after(told: Told) -> None:
    """A message that was answered before, or sent after, met no trouble."""
    notice = "notice HSS completed"
    _, records = told((notice, f"query account {BUSY}", "query account", notice))
    (stretch,) = troubles(records)
    assert [stretch.touches(record) for record in records] == [False, True, True, False]
