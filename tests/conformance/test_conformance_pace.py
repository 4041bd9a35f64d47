"""How fast a target goes, by which the judge knows when it has come to rest."""

from collections.abc import Callable

import pytest

from conformance.oracle.case import cases
from conformance.oracle.pace import step_seconds
from simulators.journal import Record

Told = Callable[..., tuple[object, tuple[Record, ...]]]


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        pytest.param(("event", "order HSS after=9"), 9.0, id="a slow target"),
        pytest.param(
            ("event", "query account answer=0 fault=hang took=8", "order HSS after=9"), 1.0,
            id="held up by the harness",
        ),
        pytest.param(
            ("event", "query account answer=503 fault=answer", "order HSS after=9"), 8.5,
            id="slow after a failure",
        ),
        pytest.param(
            ("event", "order HSS answer=503 fault=answer after=2", "order HSS after=9"), 2.0,
            id="an order that is struck",
        ),
    ],
)  # fmt: skip
def test_pace_is_that_of_the_target_alone(told: Told, steps: tuple[str, ...], seconds: float) -> None:
    """The time from the event to the first order counts, once nothing was struck any more."""
    _, records = told(("account", *steps))
    (case,) = cases(records)
    assert step_seconds(case) == pytest.approx(seconds)
