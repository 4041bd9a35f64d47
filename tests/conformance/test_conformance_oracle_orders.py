"""The oracle on the rules of orders: what they carry, how often they are made, what comes of trouble."""

from collections.abc import Callable
from typing import Any, Final

import pytest

Graded = Callable[..., set[str]]
Caught = Callable[..., set[str]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
TWO: Final = {"groups": {"HSS": ("HSS",), "PCRF": ("PCRF",)}}
CORE: Final = {"groups": {"CORE": ("HSS", "VoIP")}, "custom_groups": True}
ASKED: Final = ("account", "event", "query")
AFTER: Final = ("status HSS IN_PROGRESS", "notice HSS completed", "status HSS OK")
WHOLE: Final = (*ASKED, "order HSS", *AFTER)
CHANGE: Final = ("event id=2 type=Account/Product/Changed", "query")
BUSY: Final = "order HSS answer=503 fault=answer"
LOST: Final = "order HSS answer=0 lost"
PCRF_DONE: Final = ("notice PCRF completed", "status PCRF OK")
CLOSED: Final = ("account closed", "event id=3 type=Account/Status/Closed", "query")
CARD: Final = "account imsi=1 iccid=2"

LEGAL: Final[list[tuple[str, str, tuple[str, ...], dict[str, Any]]]] = [
    ("ORDER-CONTENT", "an account that needs none of the declared groups",
     ("account services=VoIP", *ASKED[1:]), ONE),
    ("ORDER-CONTENT", "more than is needed", ("account services=HSS", *ASKED[1:], "order HSS PCRF", *AFTER),
     ONE),
    ("ORDER-CONTENT", "one order for each service of a group",
     (*ASKED, "order HSS", "order VoIP", "notice VoIP completed", "notice HSS completed",
      "status CORE OK known"), CORE),
    ("ORDER-CONTENT", "an account that is closed by the time of its event",
     ("account closed", *ASKED[1:]), ONE),
    ("ORDER-CONTENT", "nothing can be had of the account", (*ASKED, "query answer=500"), ONE),
    ("ORDER-CONTENT", "its data before they changed",
     (*ASKED, CARD, "order HSS imsi=001010000000189 iccid=8900100000000000189", *AFTER), ONE),
    ("ORDER-CONTENT", "refused for good", (*ASKED, "order HSS answer=422", "status HSS FAILED"), ONE),
    ("ORDER-CONTENT", "closed before it was ordered", (*ASKED, *CLOSED), ONE),
    ("ORDER-CONTENT", "closed before it was asked about", (*ASKED[:2], *CLOSED[:2]), ONE),
    ("ORDER-CONTENT", "a service that no event tells of yet",
     ("account services=HSS", *ASKED[1:], "order HSS", *AFTER, "account services=HSS,PCRF"), TWO),
    ("ORDER-RETRY", "closed while the OMS failed, unasked", (*ASKED, BUSY, *CLOSED[:2]), ONE),
    ("ORDER-RETRY", "closed while the OMS failed", (*ASKED, BUSY, *CLOSED), ONE),
    ("ORDER-RETRY", "a service that is not needed any more",
     ("account services=HSS", *ASKED[1:], BUSY, "account services=VoIP", *CHANGE), ONE),
    ("ORDER-ONCE", "one order for each service",
     (*ASKED, "order PCRF", "order HSS", *AFTER, *PCRF_DONE), TWO),
    ("ORDER-ONCE", "repeated with its reference", (*ASKED, "order HSS", *WHOLE[3:]), ONE),
    ("ORDER-ONCE", "another one for another event",
     (*WHOLE, *CHANGE, "order HSS ref=b action=modify", "notice HSS completed"), ONE),
    ("ORDER-ONCE", "one for two events that waited together",
     (*ASKED[:2], "event id=2 type=Account/Product/Changed", *WHOLE[2:]), ONE),
    ("ORDER-ONCE", "another reference where the first one was not taken",
     (*ASKED, f"{BUSY} ref=a", "order HSS ref=b", *AFTER), ONE),
    ("ORDER-RETRY", "in one second", (*ASKED, BUSY, "order HSS", *AFTER), ONE),
    ("ORDER-RETRY", "in ten seconds, twice",
     (*ASKED, BUSY, f"{BUSY} after=10", "order HSS after=10", *AFTER), ONE),
    ("ORDER-RETRY", "after a hang", (*ASKED, "order HSS answer=0 fault=hang took=9", "order HSS after=10",
     *AFTER), ONE),
    ("ORDER-RETRY", "after a reset before the work",
     (*ASKED, "order HSS answer=0 fault=reset", "order HSS", *AFTER), ONE),
    ("ORDER-RETRY", "refused credentials, and too many",
     (*ASKED, "order HSS answer=401", "order HSS answer=429", "order HSS answer=408", "order HSS", *AFTER),
     ONE),
    ("ORDER-RETRY", "refused for good in the end",
     (*ASKED, BUSY, "order HSS answer=422", "status HSS FAILED"), ONE),
    ("ORDER-RETRY", "in two parts", (*ASKED, "order HSS PCRF answer=503", "order HSS", "order PCRF", *AFTER,
     *PCRF_DONE), TWO),
    ("ORDER-RETRY", "absorbed by the order for a change",
     (*ASKED, BUSY, *CHANGE, "order HSS ref=b", *AFTER), ONE),
    ("ORDER-RETRY", "when the event comes again",
     ("account", "event answer=500 took=2.5", "query", BUSY, "event", "query", *WHOLE[3:]), ONE),
    ("ORDER-REPLY-LOST", "repeated with its reference", (*ASKED, LOST, *WHOLE[3:]), ONE),
    ("ORDER-REPLY-LOST", "lost twice", (*ASKED, LOST, LOST, *WHOLE[3:]), ONE),
    ("ORDER-REPLY-LOST", "the notification tells that it was taken", (*ASKED, LOST, *AFTER[1:]), ONE),
    ("ORDER-REPLY-LOST", "another reference for a change",
     (*ASKED, LOST, *CHANGE, "order HSS ref=b", *AFTER), ONE),
    ("ORDER-REFUSED", "told as failed", (*ASKED, "order HSS answer=422", "status HSS FAILED"), ONE),
    ("ORDER-REFUSED", "tried a few times more",
     (*ASKED, *["order HSS answer=400"] * 3, "status HSS FAILED"), ONE),
    ("ORDER-REFUSED", "told as failed when ESPF takes it",
     (*ASKED, "order HSS answer=422", "status HSS FAILED answer=503 fault=answer", "status HSS FAILED"),
     ONE),
    ("ORDER-REFUSED", "another one was taken for a change",
     (*ASKED, "order HSS answer=422", "status HSS FAILED", *CHANGE, "order HSS ref=b", *AFTER), ONE),
    ("ORDER-REFUSED", "taken before, with its answer lost",
     (*ASKED, LOST, "order HSS answer=422", "notice HSS completed", "status HSS OK"), ONE),
    ("ORDER-REFUSED", "told as failed, which ESPF refuses for good",
     (*ASKED, "order HSS answer=422", "status HSS FAILED answer=404 fault=answer"), ONE),
    ("ORDER-REFUSED", "one service of a group",
     (*ASKED, "order HSS", "order VoIP answer=422", "notice HSS completed",
      "status CORE FAILED known"), CORE),
    ("ORDER-REFUSED", "one group of two",
     (*ASKED, "order HSS", "order PCRF answer=422", *AFTER, "status PCRF FAILED"), TWO),
]  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...], dict[str, Any]]]] = [
    ("ORDER-CONTENT", "imsi and iccid exchanged",
     (CARD, *ASKED[1:], "order HSS imsi=2 iccid=1", *AFTER), ONE),
    ("ORDER-CONTENT", "no order", ASKED, ONE),
    ("ORDER-CONTENT", "one service of two", (*ASKED, "order HSS", "notice HSS completed"), CORE),
    ("ORDER-CONTENT", "one group of two", WHOLE, TWO),
    ("ORDER-ONCE", "two references for one event", (*ASKED, "order HSS", "order HSS ref=b", *AFTER), ONE),
    ("ORDER-ONCE", "one service twice",
     (*ASKED, "order HSS PCRF", "order PCRF ref=b", *AFTER, *PCRF_DONE), TWO),
    ("ORDER-ONCE", "two for a change",
     (*WHOLE, *CHANGE, "order HSS ref=b", "order HSS ref=c", "notice HSS completed"), ONE),
    ("ORDER-RETRY", "given up after 503", (*ASKED, BUSY), ONE),
    ("ORDER-RETRY", "given up after a hang", (*ASKED, "order HSS answer=0 fault=hang"), ONE),
    ("ORDER-RETRY", "given up after a reset", (*ASKED, "order HSS answer=0 fault=reset"), ONE),
    ("ORDER-RETRY", "given up as failed after five tries", (*ASKED, *[BUSY] * 5, "status HSS FAILED"), ONE),
    ("ORDER-RETRY", "given up for want of credentials", (*ASKED, "order HSS answer=401"), ONE),
    ("ORDER-RETRY", "a deactivation given up",
     (*WHOLE, *CLOSED, "order HSS ref=b action=deactivate answer=503 fault=answer"), ONE),
    ("ORDER-RETRY", "half of it again", (*ASKED, "order HSS PCRF answer=503", "order HSS", *AFTER), TWO),
    ("ORDER-REPLY-LOST", "another reference", (*ASKED, LOST, "order HSS ref=b", *AFTER), ONE),
    ("ORDER-REFUSED", "nothing told", (*ASKED, "order HSS answer=422"), ONE),
    ("ORDER-REFUSED", "left under way", (*ASKED, "order HSS answer=404", "status HSS IN_PROGRESS"), ONE),
    ("ORDER-REFUSED", "told as OK", (*ASKED, "order HSS answer=422", "status HSS OK"), ONE),
    ("ORDER-REFUSED", "tried without end", (*ASKED, *["order HSS answer=409"] * 9), ONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [pytest.param(own, steps, options, id=f"{own}: {name}") for own, name, steps, options in LEGAL],
)
def test_legal_way_of_ordering_has_no_failure(
    graded: Graded, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """However an order comes to its end, it is right and not warned of."""
    assert graded(steps, **options) == set()
    assert own not in graded(steps, grade="warn", **options)


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [pytest.param(own, steps, options, id=f"{own}: {name}") for own, name, steps, options in ILLEGAL],
)
def test_illegal_way_of_ordering_is_caught(
    caught: Caught, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """What a provisioner orders wrongly is caught there, and beside it is only what follows."""
    assert caught(own, steps, **options) == {own}
