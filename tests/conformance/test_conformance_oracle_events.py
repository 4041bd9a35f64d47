"""The oracle on the rules of events: how they are answered, what form they have, how often they come."""

from collections.abc import Callable
from typing import Final

import pytest

Graded = Callable[..., set[str]]
Caught = Callable[..., set[str]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
AFTER: Final = ("query", "order HSS", "status HSS IN_PROGRESS", "notice HSS completed", "status HSS OK")
WHOLE: Final = ("account", "event", *AFTER)
REFUSED: Final = "answer=503 fault=answer"
# While it works at the event, a neighbour is in trouble.
OPEN: Final = "event answer=503 took=2.5"
CHANGE: Final = "event id=2 type=Account/Product/Changed"
CREATED: Final = "type=Subscriber/Created"


def of(account: int, *steps: str) -> tuple[str, ...]:
    """Steps about an account."""
    return tuple(f"{step} account={account}" for step in steps)


TWO: Final = (*of(1, "account"), *of(2, "account"))
BOTH_DONE: Final = (*of(1, *AFTER), *of(2, *AFTER))
# Five events at once, more than a server of one thread holds.
CROWD: Final = tuple(step for number in (1, 2, 3, 4) for step in of(number, "account", "event took=20"))

LEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("EVENT-NUMBERS", "texts that come again", ("account", "event form=texts", *AFTER, "event form=texts")),
    ("EVENT-VOCABULARY", "another type that changes nothing",
     (*WHOLE, "event id=2 type=Subscriber/Created", "query")),
    ("EVENT-DUPLICATE", "a change after a redelivery",
     (*WHOLE, "event", "account imsi=1", CHANGE, "query", "order HSS ref=b", "status HSS IN_PROGRESS")),
    ("EVENT-ACK", "503 while PortaBilling fails, and done when it comes again",
     ("account", OPEN, f"query {REFUSED}", "query", "event", *AFTER)),
    ("EVENT-ACK", "503 while the OMS fails, and done when it comes again",
     ("account", OPEN, "query", f"order HSS {REFUSED}", "event", *AFTER)),
    ("EVENT-ACK", "503 while a session is dead",
     ("account", OPEN, "query dead", "query", "event", *AFTER)),
    ("EVENT-ACK", "503 while another account's order is refused credentials",
     (*TWO, *of(1, "event", "query", "order HSS answer=401"), *of(2, "event answer=503"),
      *of(1, *AFTER), *of(2, "event", *AFTER))),
    ("EVENT-ACK", "no answer while the OMS hangs",
     ("account", "event answer=0 took=9", "query", "order HSS answer=0 fault=hang took=9", "event after=9",
      *AFTER)),
    ("EVENT-ACK", "the event itself was cut off", ("account", "event answer=0 fault=reset", *WHOLE[1:])),
    ("EVENT-ACK", "it was down", ("account", "stopped", "event answer=0", "started", *WHOLE[1:])),
    ("EVENT-ACK", "it was killed amid its work",
     ("account", "event answer=0 took=1.5", "stopped", "started", *WHOLE[1:])),
    ("EVENT-ACK", "one of a crowd is left unanswered and comes again",
     (*CROWD, "account", "event answer=0 took=20", *(step for n in (1, 2, 3, 4) for step in of(n, *AFTER)),
      *WHOLE[1:])),
    ("EVENT-ACK", "500 at once, and done within the resend",
     ("account", "event answer=500 took=1.5", f"query {REFUSED}", "event took=9", *AFTER)),
    ("EVENT-ACK", "200 at once, and ten seconds between the tries of its query",
     ("account", "event", f"query {REFUSED}", f"query {REFUSED} after=10", "query after=10", *AFTER[1:])),
    ("EVENT-ACK", "not of a kind that it handles", (*WHOLE, "event id=2 type=Account/Other answer=500")),
    ("EVENT-VOCABULARY", "the other type", ("account", f"event {CREATED}", *AFTER)),
    ("EVENT-VOCABULARY", "a type that orders nothing", (*WHOLE, CHANGE, "query")),
    ("EVENT-VOCABULARY", "refused in trouble and done later",
     ("account", f"{OPEN} {CREATED}", f"query {REFUSED}", "query", f"event {CREATED}", *AFTER)),
    ("EVENT-VOCABULARY", "of an account whose data cannot be had",
     ("account", f"event {CREATED}", "query answer=500", "status HSS FAILED")),
    ("EVENT-VOCABULARY", "of an account that is closed by then",
     ("account closed", f"event {CREATED}", "query")),
    ("EVENT-VOCABULARY", "the other type too, of an account that is active by then",
     (*WHOLE, f"event id=2 {CREATED}", "query")),
    ("EVENT-NUMBERS", "digits, twice", ("account", "event form=texts", *AFTER, "event form=texts")),
    ("EVENT-NUMBERS", "digits, done before its answer was lost",
     ("account", "event form=texts answer=0 fault=reset took=9", *AFTER, "event form=texts")),
    ("EVENT-NUMBERS", "digits", ("account", "event form=texts", *AFTER)),
    ("EVENT-NUMBERS", "digits, and once more as numbers", ("account", "event form=texts", *AFTER, "event")),
    ("EVENT-EXTRA", "ignored", ("account", "event form=extra", *AFTER)),
    ("EVENT-RESEND", "taken when it comes the third time",
     ("account", OPEN, f"query {REFUSED}", OPEN, f"query {REFUSED}", "query", "event", *AFTER)),
    ("EVENT-RESEND", "200 in trouble, and finished later",
     ("account", "event took=2.5", f"query {REFUSED}", "query", *AFTER[1:])),
    ("EVENT-RESEND", "a broken one is refused",
     ("account", "event answer=400 fault=malformed", *WHOLE[1:])),
    ("EVENT-DUPLICATE", "the same status told again", (*WHOLE, "event", "status HSS OK")),
    ("EVENT-DUPLICATE", "asked again to no end", (*WHOLE, "event", "query")),
    ("EVENT-DUPLICATE", "500 while the first is unanswered",
     ("account", "event took=3.5", "event answer=500", *AFTER)),
    ("EVENT-DUPLICATE", "between two others",
     (*WHOLE, CHANGE, "query", "event", "order HSS ref=b action=modify", *AFTER[3:])),
    ("EVENT-DUPLICATE", "before a change that is under way",
     (*WHOLE, "event", CHANGE, "query", "order HSS ref=b action=modify", "status HSS IN_PROGRESS")),
    ("EVENT-DUPLICATE", "while a change waits for its order",
     (*WHOLE, CHANGE, "query", "event", "status HSS IN_PROGRESS", "order HSS ref=b action=modify")),
    ("EVENT-REORDER", "nothing ordered", ("account closed", "event", "query")),
    ("EVENT-REORDER", "it was closed when all was ordered",
     (*WHOLE, "account closed", "event id=3 type=Account/Status/Closed", "query",
      "order HSS ref=c action=deactivate", "notice HSS completed", "status HSS OK")),
    ("EVENT-REORDER", "closed between query and order",
     ("account", "event", "query", "account closed", *AFTER[1:])),
    ("EVENT-REORDER", "opened again", ("account closed", "event", "query", "account", "event id=2", *AFTER)),
    ("EVENT-REORDER", "closed before it was asked about", ("account", "event", "account closed", "query")),
    ("EVENT-CONCURRENT", "both done", (*TWO, *of(1, "event took=2.5"), *of(2, "event"), *BOTH_DONE)),
    ("EVENT-CONCURRENT", "one refused beside the other, and done when it comes again",
     (*TWO, *of(1, "event took=9"), *of(1, f"query {REFUSED}"), *of(2, "event answer=503"), *of(1, *AFTER),
      *of(2, "event", *AFTER))),
    ("EVENT-CONCURRENT", "a change that orders nothing",
     (*TWO, *of(1, "event took=2.5"), *of(2, "event type=Account/Product/Changed"), *of(1, *AFTER))),
    ("EVENT-CONCURRENT", "of an account that is closed by then",
     (*of(1, "account"), *of(2, "account closed"), *of(1, "event took=2.5"), *of(2, "event", "query"),
      *of(1, *AFTER))),
    ("EVENT-CONCURRENT", "one whose data cannot be had",
     (*TWO, *of(1, "event took=2.5"), *of(2, "event", "query answer=500"), *of(1, *AFTER))),
    ("EVENT-CONCURRENT", "of an account that is not there",
     (*of(1, "account", "event took=2.5"), *of(2, "event", "query"), *of(1, *AFTER))),
]  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("EVENT-ACK", "500 though the neighbours are well", ("account", "event answer=500", *AFTER)),
    ("EVENT-ACK", "500 after PortaBilling was well again",
     ("account", "event", f"query {REFUSED}", *AFTER, "event id=2 answer=500")),
    ("EVENT-ACK", "500 after it was ready again",
     ("account", "stopped", "started", "event answer=500", *AFTER)),
    ("EVENT-ACK", "500 though only another account's query fails",
     (*TWO, *of(1, "event", "query", f"query {REFUSED}", "query"), *of(1, *AFTER[1:]),
      *of(2, "event answer=500", *AFTER))),
    ("EVENT-ACK", "unanswered beside three others",
     (*CROWD[:6], "account", "event answer=0", *(step for n in (1, 2, 3) for step in of(n, *AFTER)), *AFTER)),
    ("EVENT-ACK", "204, which is no 200", ("account", "event answer=204", *AFTER)),
    ("EVENT-VOCABULARY", "refused", ("account", f"event {CREATED} answer=404")),
    ("EVENT-VOCABULARY", "taken and forgotten", ("account", f"event {CREATED}")),
    ("EVENT-VOCABULARY", "taken and forgotten when the account is opened again",
     (*WHOLE, "account closed", "event id=3 type=Account/Status/Closed", "query",
      "order HSS ref=c action=deactivate", *AFTER[3:], "account", f"event id=4 {CREATED}", "query")),
    ("EVENT-NUMBERS", "refused", ("account", "event form=texts answer=400")),
    ("EVENT-NUMBERS", "taken and forgotten", ("account", "event form=texts", "query")),
    ("EVENT-EXTRA", "refused", ("account", "event form=extra answer=400")),
    ("EVENT-EXTRA", "taken and forgotten", ("account", "event form=extra")),
    ("EVENT-RESEND", "refused for good while PortaBilling fails",
     ("account", "event answer=404 took=2.5", f"query {REFUSED}", "query")),
    ("EVENT-RESEND", "refused for good while the OMS fails",
     ("account", "event answer=422 took=2.5", "query", f"order HSS {REFUSED}", *AFTER[1:])),
    ("EVENT-RESEND", "never taken",
     ("account", OPEN, f"query {REFUSED}", *["event answer=503"] * 3)),
    ("EVENT-DUPLICATE", "refused", (*WHOLE, "event answer=409")),
    ("EVENT-DUPLICATE", "failed", (*WHOLE, "event answer=500")),
    ("EVENT-DUPLICATE", "refused beside the first",
     ("account", "event took=2.5", "event answer=409", *AFTER)),
    ("EVENT-DUPLICATE", "begun anew", (*WHOLE, "event", "query", "order HSS ref=b")),
    ("EVENT-DUPLICATE", "told anew", (*WHOLE, "event", "status HSS IN_PROGRESS", "status HSS OK")),
    ("EVENT-DUPLICATE", "told anew before a change",
     (*WHOLE, "event", "status HSS IN_PROGRESS", "status HSS OK", CHANGE, "query",
      "order HSS ref=b action=modify", *AFTER[2:])),
    ("EVENT-REORDER", "activated all the same", ("account closed", *WHOLE[1:])),
    ("EVENT-REORDER", "activated once more",
     (*WHOLE, "account closed", CHANGE, "query", "order HSS ref=b", *AFTER[3:])),
    ("EVENT-CONCURRENT", "one forgotten",
     (*TWO, *of(1, "event took=2.5"), *of(2, "event"), *of(1, *AFTER))),
    ("EVENT-CONCURRENT", "the first forgotten",
     (*TWO, *of(1, "event took=2.5"), *of(2, "event"), *of(2, *AFTER))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in LEGAL]
)
def test_legal_course_of_events_has_no_failure(graded: Graded, own: str, steps: tuple[str, ...]) -> None:
    """Trouble of any kind excuses what it makes impossible, and nothing warns of what is legal."""
    assert graded(steps, **ONE) == set()
    assert own not in graded(steps, grade="warn", **ONE)


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in ILLEGAL]
)
def test_illegal_course_of_events_is_caught(caught: Caught, own: str, steps: tuple[str, ...]) -> None:
    """What a provisioner makes wrongly of events is caught there, and beside it is only what follows."""
    assert caught(own, steps, **ONE) == {own}
