"""The oracle on the provisioner as a whole: killed and started again, in a burst, and with nothing to do."""

from collections.abc import Callable
from typing import Final

import pytest

Graded = Callable[..., set[str]]
Caught = Callable[..., set[str]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
TOLD: Final = ("account", "event")
KILLED: Final = ("stopped", "started")
ORDERED: Final = ("query", "order HSS")
DONE: Final = ("notice HSS completed", "status HSS OK")
WHOLE: Final = (*TOLD, *ORDERED, *DONE)
MANY: Final = range(1, 21)


def of(account: int, *steps: str) -> tuple[str, ...]:
    """Steps about an account."""
    return tuple(f"{step} account={account}" for step in steps)


def burst(told: str = "event took=1.5", *, done: range = MANY) -> tuple[str, ...]:
    """Twenty accounts at once, and those that are done."""
    told_of = tuple(step for number in MANY for step in of(number, "account", told))
    return (*told_of, *(step for number in done for step in of(number, *ORDERED, *DONE)))


LEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("WHOLE-RESTART", "done afterwards", (*TOLD, *KILLED, *ORDERED, *DONE)),
    ("WHOLE-RESTART", "killed before it could answer",
     ("account", "event answer=0 took=1.5", *KILLED, "event", *ORDERED, *DONE)),
    ("WHOLE-RESTART", "killed amid its query",
     (*TOLD, "query account answer=0 took=1.5", *KILLED, *ORDERED, *DONE)),
    ("WHOLE-RESTART", "killed amid its order, and ordered once more with the reference",
     (*TOLD, "query", "order HSS answer=0 lost took=1.5", *KILLED, *ORDERED, *DONE)),
    ("WHOLE-RESTART", "killed amid its report", (*WHOLE[:-1], "status HSS OK answer=0 took=1.5 fault=reset",
     *KILLED, "status HSS OK")),
    ("ORDER-REPLY-LOST", "killed before the answer to its order came",
     (*TOLD, "query", "order HSS took=1.5", *KILLED, "order HSS", *DONE)),
    ("NOTICE-ACK", "killed before the answer to its order came, and notified before it asks again",
     (*TOLD, "query", "order HSS took=1.5", *KILLED, "notice HSS completed answer=404", "order HSS", *DONE)),
    ("WHOLE-RESTART", "killed twice", (*TOLD, *KILLED, "query", *KILLED, *ORDERED, *DONE)),
    ("WHOLE-RESTART", "notified while it was down",
     (*TOLD, *ORDERED, "stopped", "notice HSS completed answer=0", "started", *DONE)),
    ("WHOLE-RESTART", "told twice", (*WHOLE, *KILLED, "status HSS OK")),
    ("WHOLE-RESTART", "nothing notified yet", (*TOLD, *ORDERED, *KILLED)),
    ("WHOLE-RESTART", "a change that orders nothing",
     ("account", "event type=Account/Product/Changed", *KILLED, "query")),
    ("WHOLE-RESTART", "an account that is closed by then",
     ("account closed", "event", "query", *KILLED)),
    ("WHOLE-RESTART", "an account that is not there", ("event account=999", *KILLED, "query account=999")),
    ("WHOLE-RATE", "all done", burst()),
    ("WHOLE-RATE", "all at once, of which many come again",
     (*burst("event answer=0 took=30"), *(step for number in MANY for step in of(number, "event")))),
    ("WHOLE-RATE", "nothing notified yet", tuple(step for step in burst() if not step.startswith(DONE))),
    ("WHOLE-RATE", "changes that order nothing", burst("event type=Account/Product/Changed", done=range(0))),
    ("WHOLE-QUIET", "a few requests", (*WHOLE, "quiet", "query account times=19")),
    ("WHOLE-QUIET", "many requests before", (*WHOLE, "query times=30", "quiet")),
    ("WHOLE-QUIET", "what is sent to it", (*WHOLE, "quiet", "event times=30")),
]  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("WHOLE-RESTART", "the event is forgotten", (*TOLD, *KILLED)),
    ("WHOLE-RESTART", "the event is forgotten after its query", (*TOLD, "query", *KILLED)),
    ("WHOLE-RESTART", "the order is forgotten, and its notification refused",
     (*TOLD, *ORDERED, *KILLED, "notice HSS completed answer=404")),
    ("WHOLE-RESTART", "the notification is forgotten", (*WHOLE[:-1], *KILLED)),
    ("WHOLE-RESTART", "a change is forgotten amid its report",
     (*TOLD, *ORDERED, "notice HSS failed", "status HSS FAILED", "notice HSS retrying",
      "notice HSS completed", *KILLED)),
    ("WHOLE-RATE", "one is forgotten", burst(done=range(1, 20))),
    ("WHOLE-RATE", "all but a few are forgotten", burst(done=range(1, 5))),
    ("WHOLE-RATE", "one is not told", burst()[:-1]),
    ("WHOLE-QUIET", "asked without pause", (*WHOLE, "quiet", "query account times=20")),
    ("WHOLE-QUIET", "logged in without pause", (*WHOLE, "quiet", "login times=99")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in LEGAL]
)
def test_what_bears_trouble_has_no_failure(graded: Graded, own: str, steps: tuple[str, ...]) -> None:
    """Whoever comes to the right end, however late, is right and not warned."""
    assert graded(steps, **ONE) == set()
    assert own not in graded(steps, grade="warn", **ONE)


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in ILLEGAL]
)
def test_what_trouble_breaks_is_caught(caught: Caught, own: str, steps: tuple[str, ...]) -> None:
    """What is lost in a restart or a burst is caught there, and beside it is only what follows."""
    assert caught(own, steps, **ONE) == {own}
