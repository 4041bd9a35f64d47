"""The oracle on what the judge itself sends: what a provisioner must refuse or pass over."""

from collections.abc import Callable
from typing import Final

import pytest

Graded = Callable[..., set[str]]
Caught = Callable[..., set[str]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
ORDERED: Final = ("account", "event", "query", "order HSS")
DONE: Final = ("notice HSS completed", "status HSS OK")
WHOLE: Final = (*ORDERED, *DONE)
UNTOLD: Final = "account account=7"
EFFECT: Final = ("query account=7", "order HSS account=7")
FORGED: Final = "probe event unauthorized account=7"
BROKEN: Final = "probe event malformed account=7"
STRANGE: Final = "probe event unknown-type account=7"
UNKNOWN: Final = "probe notification unknown-order"
AT_ONCE: Final = "status HSS FAILED after=0.6"
GARBAGE: Final = "probe notification malformed"

LEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("EVENT-AUTH", "401", (UNTOLD, f"{FORGED} answer=401")),
    ("EVENT-AUTH", "403, and asked about", (UNTOLD, f"{FORGED} answer=403", "query account=7")),
    ("EVENT-AUTH", "amid good events", (*ORDERED, "probe event unauthorized answer=401", *DONE)),
    ("EVENT-MALFORMED", "400", (UNTOLD, f"{BROKEN} answer=400")),
    ("EVENT-MALFORMED", "415", (UNTOLD, f"{BROKEN} answer=415")),
    ("EVENT-MALFORMED", "no answer to what is no HTTP", (UNTOLD, f"{BROKEN} answer=0 raw")),
    ("EVENT-MALFORMED", "amid good events", (*ORDERED, "probe event malformed answer=400", *DONE)),
    ("EVENT-UNKNOWN", "taken and passed over", (UNTOLD, STRANGE)),
    ("EVENT-UNKNOWN", "refused", (UNTOLD, f"{STRANGE} answer=404")),
    ("EVENT-UNKNOWN", "asked about", (UNTOLD, STRANGE, "query account=7")),
    ("NOTICE-UNKNOWN", "404", (*ORDERED, f"{UNKNOWN} answer=404", *DONE)),
    ("NOTICE-UNKNOWN", "taken and passed over", (*ORDERED, UNKNOWN, *DONE)),
    ("NOTICE-UNKNOWN", "a time limit of its own", (*ORDERED, UNKNOWN, "status HSS FAILED")),
    ("NOTICE-UNKNOWN", "late news of the order", (*ORDERED, UNKNOWN, "status HSS IN_PROGRESS", *DONE)),
    ("NOTICE-UNKNOWN", "a time limit of its own, and success after it",
     (*ORDERED, UNKNOWN, "status HSS FAILED", *DONE)),
    ("NOTICE-UNKNOWN", "a time limit of its own, after bad news and a retry",
     (*ORDERED, "notice HSS retrying", UNKNOWN, AT_ONCE, *DONE)),
    ("NOTICE-UNKNOWN", "refused for good at that time",
     (*ORDERED[:3], "order HSS answer=422", UNKNOWN, AT_ONCE)),
    ("NOTICE-UNKNOWN", "told at once what the next notification says",
     (*ORDERED, UNKNOWN, "notice HSS failed after=0.1", "status HSS FAILED after=0.1")),
    ("NOTICE-UNKNOWN", "the same told again", (*WHOLE, f"{UNKNOWN} answer=404", "status HSS OK")),
    ("NOTICE-MALFORMED", "passed over while its own report is on its way",
     (*ORDERED, f"{GARBAGE} answer=400", "status HSS IN_PROGRESS", *DONE)),
    ("NOTICE-MALFORMED", "400", (*ORDERED, f"{GARBAGE} answer=400", *DONE)),
    ("NOTICE-MALFORMED", "taken and passed over", (*ORDERED, GARBAGE, *DONE)),
    ("NOTICE-ANSWER", "404", (*ORDERED, f"{UNKNOWN} answer=404", f"{GARBAGE} answer=400")),
    ("NOTICE-ANSWER", "no answer to what is no HTTP", (*ORDERED, f"{GARBAGE} answer=0 raw")),
    ("NOTICE-ANSWER", "500 to what is no HTTP", (*ORDERED, f"{GARBAGE} answer=500 raw")),
]  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("EVENT-AUTH", "taken", (UNTOLD, FORGED)),
    ("EVENT-AUTH", "not refused as it should be", (UNTOLD, f"{FORGED} answer=404")),
    ("EVENT-AUTH", "failed", (UNTOLD, f"{FORGED} answer=500")),
    ("EVENT-AUTH", "refused and ordered", (UNTOLD, f"{FORGED} answer=401", *EFFECT)),
    ("EVENT-MALFORMED", "failed, so that it comes for ever", (UNTOLD, f"{BROKEN} answer=500")),
    ("EVENT-MALFORMED", "unanswered, so that it comes for ever", (UNTOLD, f"{BROKEN} answer=0")),
    ("EVENT-MALFORMED", "refused and ordered", (UNTOLD, f"{BROKEN} answer=400", *EFFECT)),
    ("EVENT-MALFORMED", "what is no HTTP is ordered", (UNTOLD, f"{BROKEN} answer=0 raw", *EFFECT)),
    ("EVENT-MALFORMED", "refused and told as failed",
     (UNTOLD, f"{BROKEN} answer=400", "status HSS FAILED account=7")),
    ("EVENT-UNKNOWN", "failed, so that it comes for ever", (UNTOLD, f"{STRANGE} answer=503")),
    ("EVENT-UNKNOWN", "ordered", (UNTOLD, STRANGE, *EFFECT)),
    ("NOTICE-UNKNOWN", "believed", (*ORDERED, UNKNOWN, "status HSS OK")),
    ("NOTICE-UNKNOWN", "refused and believed", (*ORDERED, f"{UNKNOWN} answer=404", "status HSS OK")),
    ("NOTICE-UNKNOWN", "believed rather than the OMS's own", (*WHOLE, UNKNOWN, "status HSS FAILED")),
    ("NOTICE-UNKNOWN", "believed at once", (*ORDERED, UNKNOWN, AT_ONCE)),
    ("NOTICE-UNKNOWN", "believed at once for a while", (*ORDERED, UNKNOWN, AT_ONCE, *DONE)),
    ("NOTICE-MALFORMED", "taken for a success before there is one",
     (*ORDERED, "status HSS IN_PROGRESS", GARBAGE, "status HSS OK", "notice HSS completed")),
    ("NOTICE-MALFORMED", "taken for a success", (*ORDERED, GARBAGE, "status HSS OK")),
    ("NOTICE-MALFORMED", "taken for a failure", (*WHOLE, f"{GARBAGE} answer=400", "status HSS FAILED")),
    ("NOTICE-ANSWER", "an unknown order fails", (*ORDERED, f"{UNKNOWN} answer=500")),
    ("NOTICE-ANSWER", "what cannot be read fails", (*ORDERED, f"{GARBAGE} answer=503")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in LEGAL]
)
def test_what_is_refused_or_passed_over_has_no_failure(
    graded: Graded, own: str, steps: tuple[str, ...]
) -> None:
    """Any documented answer will do, if nothing comes of the probe."""
    assert graded(steps, **ONE) == set()
    assert own in graded(steps, grade="pass", **ONE)
    assert own not in graded(steps, grade="warn", **ONE)


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in ILLEGAL]
)
def test_what_is_taken_for_good_is_caught(caught: Caught, own: str, steps: tuple[str, ...]) -> None:
    """A wrong answer to a probe, and whatever came of it, is caught there."""
    assert caught(own, steps, **ONE) == {own}


def test_malformed_event_that_is_taken_is_a_warning(graded: Graded) -> None:
    """200 ends a malformed event as well, yet 4xx is the better answer."""
    assert graded((UNTOLD, BROKEN), grade="warn", **ONE) == {"EVENT-MALFORMED"}
    assert graded((UNTOLD, BROKEN), **ONE) == set()
