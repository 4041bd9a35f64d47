"""The oracle on the rules of statuses: after trouble, over several orders, by groups of one's own."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.oracle.case import Declared, cases
from conformance.oracle.checks import Check
from conformance.oracle.outcomes import is_settled
from conformance.requirements import catalogue, consequences
from simulators.journal import Record

Checks = Callable[..., tuple[Check, ...]]
Graded = Callable[..., set[str]]
Told = Callable[..., tuple[Declared, tuple[Record, ...]]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
OWN: Final = {"groups": {"IOT": ("IOT",)}, "custom_groups": True}
ORDERED: Final = ("account", "event", "query", "order HSS")
WORKING: Final = (*ORDERED, "status HSS IN_PROGRESS")
NEWS: Final = "notice HSS completed"
DONE: Final = (NEWS, "status HSS OK")
STRUCK: Final = "answer=503 fault=answer"
CHANGE: Final = ("event id=2 type=Account/Product/Changed", "query")
UNREAD: Final = (CHANGE[0], "query answer=500", "query answer=500")
CHANGED: Final = (*WORKING, *DONE, *CHANGE, "order HSS ref=b action=modify")
CLOSED: Final = ("event id=3 type=Account/Status/Closed", "query", "order HSS ref=c action=deactivate")
# The first order is superseded while it is open.
SUPERSEDED: Final = (*WORKING, *CHANGE, "order HSS ref=b action=modify")
UNTAKEN: Final = "order HSS ref=b action=modify answer=503"
UNHEARD: Final = "order HSS answer=503"
FAILED: Final = (*WORKING, "notice HSS failed", "status HSS FAILED")
# ESPF does not know the account (yet).
UNKNOWN: Final = "answer=404 fault=answer"
CUSTOM: Final = ("account", "event", "query", "order IOT")
LATE: Final = "notice HSS failed ref=order-189-HSS"

LEGAL: Final[dict[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "failed for a change whose data cannot be had": (
        (*WORKING, *DONE, CHANGE[0], "query answer=400", "status HSS FAILED"),
        ONE,
    ),
    "stored although the answer was lost": ((*WORKING, NEWS, "status HSS OK answer=0 lost"), ONE),
    "stored although the answer was lost, and sent again": (
        (*WORKING, NEWS, "status HSS OK answer=0 lost", "status HSS OK"),
        ONE,
    ),
    "tried until it is taken": (
        (*WORKING, NEWS, *[f"status HSS OK {STRUCK}"] * 9, "status HSS OK"),
        ONE,
    ),
    "replaced by a newer one before it was taken": (
        (*ORDERED, f"status HSS IN_PROGRESS {STRUCK}", *DONE),
        ONE,
    ),
    "an older one in flight while a newer one is taken": (
        (*ORDERED, NEWS, "status HSS OK took=1.5", "status HSS IN_PROGRESS", "status HSS OK"),
        ONE,
    ),
    "FAILED by a time limit, tried again after the outcome": (
        (*WORKING, f"status HSS FAILED {STRUCK}", NEWS, "status HSS FAILED", "status HSS OK"),
        ONE,
    ),
    "struck in the end while nothing was notified": ((*ORDERED, f"status HSS IN_PROGRESS {STRUCK}"), ONE),
    "a refused one tried five times": (
        (*WORKING, *DONE, *["status HSS OK answer=400 fault=answer"] * 5),
        ONE,
    ),
    "one that is refused for good and given up": (
        (*WORKING, NEWS, "status HSS OK answer=404 fault=answer"),
        ONE,
    ),
    "one of each notification, in words of its own": (
        (
            *ORDERED,
            *(
                step
                for number in range(1, 9)
                for step in (
                    f"notice HSS in_progress id={number}",
                    f"status HSS IN_PROGRESS {UNKNOWN} message={number}",
                )
            ),
        ),
        ONE,
    ),
    "a long message": ((*WORKING, NEWS, "status HSS OK message=4000"), ONE),
    "a change that is ordered": ((*CHANGED, "status HSS IN_PROGRESS", NEWS, "status HSS OK"), ONE),
    "a change that is ordered, without IN_PROGRESS": ((*CHANGED, NEWS, "status HSS OK"), ONE),
    "a change whose outcome is the one that is shown": ((*CHANGED, NEWS), ONE),
    "OK told again after a change was ordered": ((*CHANGED, "status HSS OK", NEWS), ONE),
    "a change that is silent": ((*CHANGED, "status HSS IN_PROGRESS"), ONE),
    "a change that comes to nothing": (
        (*WORKING, *DONE, *CHANGE, "status HSS IN_PROGRESS", "status HSS OK"),
        ONE,
    ),
    "a change whose data cannot be had": ((*WORKING, *DONE, *UNREAD, "status HSS FAILED"), ONE),
    "a change whose data cannot be had, and that is passed over": ((*WORKING, *DONE, *UNREAD), ONE),
    "a change whose data were to be had at last": (
        (*WORKING, *DONE, *UNREAD, "status HSS FAILED", "query", *CHANGED[-1:], *DONE),
        ONE,
    ),
    "RETRY of an order that is tried again": (
        (*ORDERED[:3], UNHEARD, "status HSS RETRY", "order HSS", "status HSS IN_PROGRESS", *DONE),
        ONE,
    ),
    "RETRY by what the external system says": (
        (*WORKING, "notice HSS retrying", "status HSS RETRY", *DONE),
        ONE,
    ),
    "RETRY after a failed status": (
        (*ORDERED, f"status HSS IN_PROGRESS {STRUCK}", "status HSS RETRY", *DONE),
        ONE,
    ),
    "RETRY after a time limit": ((*WORKING, "status HSS FAILED", "status HSS RETRY", *DONE), ONE),
    "a retry told as work under way": (
        (*FAILED, "notice HSS retrying", "status HSS IN_PROGRESS", *DONE),
        ONE,
    ),
    "FAILED at the acceptance, by a time limit": ((*ORDERED, "status HSS FAILED", *DONE), ONE),
    "a change that fails": (
        (*CHANGED, "status HSS IN_PROGRESS", "notice HSS failed", "status HSS FAILED"),
        ONE,
    ),
    "closed after a change": (
        (*CHANGED, NEWS, *CLOSED, "status HSS IN_PROGRESS", *DONE),
        ONE,
    ),
    "a superseded order's failure, told before and after": (
        (*SUPERSEDED, NEWS, "status HSS OK", f"{LATE} at=1"),
        ONE,
    ),
    # Nobody knows whether the external system still means it.
    "a superseded order's later failure is believed": (
        (*SUPERSEDED, NEWS, "status HSS OK", LATE, "status HSS FAILED"),
        ONE,
    ),
    "a superseded order's later failure is not believed": (
        (*SUPERSEDED, NEWS, "status HSS OK", LATE),
        ONE,
    ),
    "a failure that was on its way when a newer order was taken": (
        (*WORKING, "notice HSS failed", *CHANGE, "order HSS ref=b", "status HSS FAILED", *DONE),
        ONE,
    ),
    "an order that is refused for good": ((*ORDERED[:3], "order HSS answer=422", "status HSS FAILED"), ONE),
    "an order that is refused for good after IN_PROGRESS": (
        (*ORDERED[:3], "status HSS IN_PROGRESS", "order HSS answer=422", "status HSS FAILED"),
        ONE,
    ),
    "a change that is refused for good": (
        (*CHANGED[:-1], "order HSS ref=b answer=422", "status HSS FAILED"),
        ONE,
    ),
    "an order that is refused for a moment": (
        (*ORDERED[:3], "order HSS answer=429", "order HSS answer=401", *WORKING[3:], *DONE),
        ONE,
    ),
    "no such account": (("event account=999", "query account=999"), ONE),
    "no such account, told as failed": (
        ("event account=999", "query account=999", "status HSS FAILED account=999 missing"),
        ONE,
    ),
    "a group of one's own": (
        (*CUSTOM, "status IOT IN_PROGRESS known", "notice IOT completed", "status IOT OK known"),
        OWN,
    ),
    "a service that is needed from a change on": (
        (
            "account services=HSS", *WORKING[1:], "account services=HSS,VoIP", *DONE, *CHANGE,
            "order VoIP ref=b", "status HSS IN_PROGRESS", "notice VoIP completed", "status HSS OK",
        ),
        {"groups": {"HSS": ("HSS", "VoIP")}},
    ),
    "a group that is not needed any more": (
        ("account", *WORKING[1:3], "order HSS PCRF", "account services=HSS", *DONE, "notice PCRF failed"),
        {},
    ),
}  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...], dict[str, Any]]]] = [
    ("STATUS-AUTH", "given up", (*WORKING, NEWS, "status HSS OK answer=401"), ONE),
    ("STATUS-AUTH", "given up for want of a scope", (*WORKING, NEWS, "status HSS OK answer=403"),
     ONE),
    ("STATUS-AUTH", "denied for ever",
     (*WORKING, NEWS, *["status HSS OK answer=401"] * 3), ONE),
    ("STATUS-RETRY", "given up", (*WORKING, NEWS, f"status HSS OK {STRUCK}"), ONE),
    ("STATUS-RETRY", "given up after a reset", (*WORKING, NEWS, "status HSS OK answer=0 fault=reset"),
     ONE),
    ("STATUS-REFUSED", "without end", (*WORKING, *DONE, *["status HSS OK answer=400 fault=answer"] * 6), ONE),
    ("STATUS-REFUSED", "without end, in other words each time",
     (*WORKING, NEWS, *[f"status HSS OK {UNKNOWN} message={length}" for length in range(1, 60)]), ONE),
    ("STATUS-SEQUENCE", "a retry after the newer one",
     (*ORDERED, f"status HSS IN_PROGRESS {STRUCK}", *DONE, "status HSS IN_PROGRESS"), ONE),
    ("STATUS-SEQUENCE", "a retry after the newer one, which is told again",
     (*ORDERED, f"status HSS IN_PROGRESS {STRUCK}", *DONE, "status HSS IN_PROGRESS", "status HSS OK"), ONE),
    ("STATUS-SEQUENCE", "an old failure after the retry's success",
     (*WORKING, "notice HSS failed", f"status HSS FAILED {STRUCK}", "notice HSS retrying", *DONE,
      "status HSS FAILED"), ONE),
    ("STATUS-MESSAGE", "too long", (*WORKING, NEWS, "status HSS OK message=4001"), ONE),
    ("STATUS-MAPPING", "failure told as RETRY", (*WORKING, "notice HSS failed", "status HSS RETRY"), ONE),
    ("STATUS-MAPPING", "RETRY at the acceptance", (*ORDERED, "status HSS RETRY", *DONE), ONE),
    ("STATUS-MAPPING", "work under way told as RETRY",
     (*WORKING, "notice HSS in_progress", "status HSS RETRY", *DONE), ONE),
    ("STATUS-MAPPING", "a superseded order's failure told",
     (*SUPERSEDED, NEWS, "status HSS OK", f"{LATE} at=1", "status HSS FAILED"), ONE),
    ("ORDER-REFUSED", "OK all the same",
     (*ORDERED[:3], "order HSS answer=422", "status HSS OK"), ONE),
    ("STATUS-MAPPING", "a change said to fail though all went well",
     (*WORKING, *DONE, *CHANGE, "status HSS FAILED"), ONE),
    ("STATUS-NOT-EARLY", "at the acceptance of a change",
     (*CHANGED, "status HSS IN_PROGRESS", "status HSS OK", NEWS), ONE),
    ("STATUS-NOT-EARLY", "without any order", (*ORDERED[:3], "status HSS OK", "order HSS"), ONE),
    ("ORDER-REFUSED", "nothing told", (*ORDERED[:3], "order HSS answer=422"), ONE),
    ("STATUS-GROUP-CUSTOM", "used before it is registered",
     (*CUSTOM, "status IOT IN_PROGRESS", "notice IOT completed", "status IOT OK known"), OWN),
    ("STATUS-GROUP-CUSTOM", "never registered", (*CUSTOM, "notice IOT completed", "status IOT OK"), OWN),
]  # fmt: skip


@pytest.mark.parametrize("name", LEGAL)
def test_legal_course_of_statuses_has_no_failure(graded: Graded, name: str) -> None:
    """Whatever the facts allow passes: lost answers, superseded orders, refusals for good."""
    steps, options = LEGAL[name]
    assert graded(steps, **options) == set()


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [pytest.param(own, steps, options, id=f"{own}: {name}") for own, name, steps, options in ILLEGAL],
)
def test_illegal_course_of_statuses_fails_under_its_own_requirement(
    graded: Graded, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """What no fact allows fails there, and beside it only what follows."""
    failed = graded(steps, **options)
    assert own in failed
    assert failed - {own} <= consequences([own], among=catalogue())


@pytest.mark.parametrize(
    ("steps", "allowed"),
    [
        (ORDERED, "nothing or IN_PROGRESS or RETRY or FAILED"),
        ((*WORKING, *DONE), "OK"),
        ((*ORDERED[:3], "order HSS answer=422"), "FAILED"),
        (("account", "event", "query answer=500"), "nothing or FAILED"),
        ((*WORKING, *DONE, *UNREAD), "FAILED or OK"),
        ((*WORKING, *DONE, *CHANGE, UNTAKEN), "IN_PROGRESS or RETRY or FAILED or OK"),
        ((*WORKING, *DONE, *UNREAD, "query"), "OK"),
        ((*SUPERSEDED, NEWS, LATE), "FAILED or OK"),
        ((*WORKING, "notice HSS completed answer=500"), "nothing or IN_PROGRESS or RETRY or FAILED or OK"),
    ],
)
def test_final_status_may_be_any_that_the_facts_allow(
    checks: Checks, steps: tuple[str, ...], allowed: str
) -> None:
    """What is allowed in the end is a set: one status where the facts decide, several where they do not."""
    (final,) = (check for check in checks(steps, **ONE) if check.requirement == "STATUS-FINAL")
    assert final.expected == f"stored for HSS: {allowed}"


@pytest.mark.parametrize(
    ("target", "grade"),
    [
        ("PIN%201%2FA", "pass"),
        ("%50IN%201%2fA", "pass"),
        ("PIN+1%2FA", "fail"),
        ("PIN%201/A", "fail"),
        ("PIN%201%252FA", "fail"),
        ("PIN%201%2FA#", "fail"),
    ],
)
def test_account_id_is_encoded_as_the_standard_wants_it(checks: Checks, target: str, grade: str) -> None:
    """ESPF may understand more in its lenient reading, but an ID is right only as RFC 3986 writes it."""
    steps = ("account named='PIN 1/A'", f"status HSS IN_PROGRESS path={target}")
    found = checks(steps, url_form="id", **ONE)
    assert [check.grade for check in found if check.requirement == "STATUS-URL-ID"] == [grade]


def test_untaken_change_fails_without_breaking_more_than_its_order(graded: Graded) -> None:
    """FAILED after an order that the OMS never took is legal; that it was not tried again is not."""
    assert graded((*WORKING, *DONE, *CHANGE, UNTAKEN, "status HSS FAILED"), **ONE) == {"ORDER-RETRY"}


@pytest.mark.parametrize(
    ("steps", "settled"),
    [
        ((*DONE, *UNREAD, "status HSS FAILED"), True),
        ((*DONE, *CHANGE, UNTAKEN, "status HSS FAILED"), True),
        ((*DONE, *CHANGE, UNTAKEN, "status HSS IN_PROGRESS"), False),
    ],
)
def test_only_work_under_way_is_waited_for(told: Told, steps: tuple[str, ...], settled: bool) -> None:  # noqa: FBT001 - a value
    """What a provisioner says to have failed may be the end of it; what is under way is not."""
    declared, records = told((*WORKING, *steps), **ONE)
    (case,) = cases(records)
    assert is_settled(case, declared) == settled


def test_outcome_that_overtook_its_order_needs_no_progress_before(graded: Graded) -> None:
    """IN_PROGRESS is not missed where the outcome was there before the order's own answer."""
    early = ("account", "event", "query", "order HSS took=2.5", *DONE)
    assert graded(early, grade="warn", **ONE) == set()
