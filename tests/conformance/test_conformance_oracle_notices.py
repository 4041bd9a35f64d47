"""The oracle on the rules of notifications: early, late, repeated, reordered, missing, or another's."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.requirements import catalogue, consequences

Graded = Callable[..., set[str]]

ORDERED: Final = ("account", "event", "query", "order HSS")
WORKING: Final = (*ORDERED, "status HSS IN_PROGRESS")
ONE: Final = {"groups": {"HSS": ("HSS",)}}
BOTH: Final = ("account", "event", "query", "order HSS PCRF")
FAILED_FIRST: Final = (*WORKING, "notice HSS failed", "status HSS FAILED", "notice HSS retrying")
DONE: Final = ("notice HSS completed", "status HSS OK")
EARLY: Final = ("account", "event", "query", "order HSS took=2.5")
# Two accounts whose notifications come in turns.
TWO: Final = tuple(f"{step} account={number}" for step in ORDERED for number in (189, 190))

LEGAL: Final[dict[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "early, refused and taken when it comes again": (
        (*EARLY, "notice HSS completed answer=404", "query", *DONE),
        ONE,
    ),
    "in the moment of the answer": (
        (*ORDERED, "notice HSS completed answer=404 after=0.55", *DONE),
        ONE,
    ),
    "refused right after its order's answer, and taken when it comes again": (
        (*ORDERED, "notice HSS completed answer=404 after=0.501", "query", *DONE),
        ONE,
    ),
    "early and taken at once": ((*EARLY, *DONE), ONE),
    "before the repeated order is answered": (
        (
            *ORDERED[:3],
            "order HSS answer=0 lost",
            "notice HSS completed answer=404",
            "order HSS",
            "notice HSS completed",
            "status HSS OK",
        ),
        ONE,
    ),
    "after the answer was lost, without a second order": (
        (*ORDERED[:3], "order HSS answer=0 lost", *DONE),
        ONE,
    ),
    "answered 500 while ESPF is in trouble, and taken when it comes again": (
        (
            *WORKING,
            "notice HSS completed answer=500 took=2.5",
            "status HSS OK answer=503 fault=answer",
            "query",
            *DONE,
        ),
        ONE,
    ),
    "unanswered while the provisioner is down": (
        (*WORKING, "stopped", "notice HSS completed answer=0", "started", *DONE),
        ONE,
    ),
    "dropped on its way": ((*WORKING, "notice HSS completed answer=0 fault=drop", *DONE), ONE),
    "lost for good, so that nothing was heard": (
        (*WORKING, "notice HSS completed answer=0 fault=drop"),
        ONE,
    ),
    "not readable and refused": (
        (*WORKING, "notice HSS completed answer=400 fault=malformed", *DONE),
        ONE,
    ),
    "repeated after its report": ((*WORKING, *DONE, "notice HSS completed", "status HSS OK"), ONE),
    "an old one repeated": ((*FAILED_FIRST, *DONE, "notice HSS failed"), ONE),
    "two copies at once, of which the second is refused": (
        (*WORKING, "notice HSS completed took=1.5", "notice HSS completed answer=409", "status HSS OK"),
        ONE,
    ),
    "all reversed": (
        (
            *WORKING,
            "notice HSS completed at=600",
            "status HSS OK",
            "notice HSS retrying at=400",
            "notice HSS failed at=200",
        ),
        ONE,
    ),
    "reversed, and told when all had come": (
        (
            *WORKING,
            "notice HSS completed at=600",
            "notice HSS retrying at=400",
            "notice HSS failed at=200",
            "status HSS OK",
        ),
        ONE,
    ),
    # It had not been heard yet when the older one came.
    "a newer one was refused in trouble, an older one was told": (
        (
            *WORKING,
            "notice HSS completed at=600 answer=500 took=2.5",
            "status HSS OK answer=0 fault=reset",
            "query",
            "notice HSS failed at=200",
            "status HSS FAILED",
            "notice HSS completed at=600",
            "status HSS OK",
        ),
        ONE,
    ),
    "nothing but work under way, and a time limit": (
        (*WORKING, "notice HSS in_progress", "status HSS FAILED"),
        ONE,
    ),
    "two accounts in turns": (
        (
            *TWO,
            "notice HSS completed account=190",
            "notice HSS failed account=189",
            "status HSS FAILED account=189",
            "status HSS OK account=190",
        ),
        ONE,
    ),
}

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...], dict[str, Any]]]] = [
    ("NOTICE-ACK", "refused before and after its order was answered",
     (*EARLY, "notice HSS completed answer=404", "query", "query", "notice HSS completed answer=404"), ONE),
    ("NOTICE-ACK", "refused long after its order's answer, though taken later",
     (*WORKING, "notice HSS completed answer=404", *DONE), ONE),
    ("NOTICE-ACK", "refused right after its order's answer, and for good",
     (*ORDERED, "notice HSS completed answer=404 after=0.501"), ONE),
    ("NOTICE-ACK", "refused after ESPF was well again",
     (*WORKING, "status HSS IN_PROGRESS answer=503 fault=answer", "status HSS IN_PROGRESS",
      "notice HSS completed answer=500"), ONE),
    ("NOTICE-ACK", "unanswered after it was ready again",
     (*WORKING, "stopped", "started", "notice HSS completed answer=0"), ONE),
    ("NOTICE-EARLY", "taken early and forgotten", (*EARLY, "notice HSS completed"), ONE),
    ("NOTICE-EARLY", "refused early, then taken and forgotten",
     (*EARLY, "notice HSS failed answer=404", "query", "notice HSS failed"), ONE),
    ("NOTICE-DELAY", "only what came early was told",
     ("account", "event", "query", "order HSS PCRF took=2.5", *DONE, "query", "notice PCRF completed"), {}),
    ("NOTICE-DUPLICATE", "refused when it comes again", (*WORKING, *DONE, "notice HSS completed answer=404"),
     ONE),
    ("NOTICE-DUPLICATE", "told anew when it comes again",
     (*FAILED_FIRST, *DONE, "notice HSS failed", "status HSS FAILED"), ONE),
    ("NOTICE-DUPLICATE", "told anew for a moment",
     (*FAILED_FIRST, *DONE, "notice HSS failed", "status HSS FAILED", "status HSS OK"), ONE),
    ("NOTICE-DUPLICATE", "it was of the order before",
     (*WORKING, *DONE, "event id=2 type=Account/Product/Changed", "query", "order HSS ref=b",
      "status HSS IN_PROGRESS", "notice HSS completed ref=order-189-HSS", "status HSS OK"), ONE),
    ("NOTICE-REORDERED", "told as it came",
     (*WORKING, "notice HSS completed at=600", "status HSS OK", "notice HSS failed at=200",
      "status HSS FAILED"), ONE),
    ("NOTICE-REORDERED", "told as it came, once",
     (*WORKING, "notice HSS completed at=600", "notice HSS failed at=200", "status HSS FAILED"), ONE),
    ("NOTICE-REORDERED", "retry told after success",
     (*WORKING, "notice HSS completed at=600", "status HSS OK", "notice HSS retrying at=400",
      "status HSS RETRY"), ONE),
    ("NOTICE-REORDERED", "success told after failure",
     (*WORKING, "notice HSS failed at=600", "status HSS FAILED", "notice HSS completed at=300",
      "status HSS OK"), ONE),
    ("NOTICE-MISSING", "OK for work under way", (*WORKING, "notice HSS in_progress", "status HSS OK"), ONE),
    ("NOTICE-MISSING", "OK for work under way, then done",
     (*WORKING, "notice HSS in_progress", "status HSS OK", "notice HSS completed"), ONE),
    ("NOTICE-MISSING", "OK because time has passed",
     (*BOTH, "notice PCRF completed", "status PCRF OK", "status HSS OK"), {}),
    ("NOTICE-INTERLEAVED", "success told of another account",
     (*TWO, "notice HSS completed account=189", "status HSS OK account=190"), ONE),
    ("NOTICE-INTERLEAVED", "failure told of another account",
     (*TWO, "notice HSS failed account=189", "status HSS FAILED account=190",
      "notice HSS completed account=190", "status HSS OK account=190"), ONE),
    ("NOTICE-INTERLEAVED", "both crossed",
     (*TWO, "notice HSS completed account=189", "status HSS OK account=190",
      "notice HSS failed account=190", "status HSS FAILED account=189"), ONE),
]  # fmt: skip


@pytest.mark.parametrize("name", LEGAL)
def test_legal_course_of_notifications_has_no_failure(graded: Graded, name: str) -> None:
    """However notifications come, a provisioner that does what it can never fails."""
    steps, options = LEGAL[name]
    assert graded(steps, **options) == set()


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [pytest.param(own, steps, options, id=f"{own}: {name}") for own, name, steps, options in ILLEGAL],
)
def test_illegal_course_of_notifications_fails_under_its_own_requirement(
    graded: Graded, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """What a provisioner makes wrongly of notifications fails there, and beside it only what follows."""
    failed = graded(steps, **options)
    assert own in failed
    assert failed - {own} <= consequences([own], among=catalogue())


@pytest.mark.parametrize(
    ("id_", "steps"),
    [
        ("NOTICE-EARLY", (*EARLY, *DONE)),
        ("NOTICE-DUPLICATE", (*WORKING, *DONE, "notice HSS completed")),
        (
            "NOTICE-REORDERED",
            (*WORKING, "notice HSS completed at=9", "status HSS OK", "notice HSS failed at=1"),
        ),
        ("NOTICE-MISSING", WORKING),
        ("NOTICE-INTERLEAVED", LEGAL["two accounts in turns"][0]),
    ],
)
def test_requirement_is_judged_where_its_facts_are_and_nowhere_else(
    graded: Graded, id_: str, steps: tuple[str, ...]
) -> None:
    """A requirement passes only where the journal shows what it is about."""
    passed = graded(steps, grade="pass", **ONE)
    assert id_ in passed
    assert id_ not in graded((*WORKING, *DONE), grade="pass", **ONE)
