"""The oracle on the rules of subscriber data: what is asked for, how fresh it is, what comes of faults."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from conformance.oracle.case import Declared
from conformance.oracle.judge import judge
from simulators.journal import Record

Graded = Callable[..., set[str]]
Caught = Callable[..., set[str]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
TOLD: Final = ("account", "event")
ORDERED: Final = (*TOLD, "query", "order HSS")
AFTER: Final = ("order HSS", "status HSS IN_PROGRESS", "notice HSS completed", "status HSS OK")
WHOLE: Final = (*TOLD, "query", *AFTER)
CHANGE: Final = "event id=2 type=Account/Product/Changed"
MODIFY: Final = "order HSS ref=b action=modify"
CHANGED_DONE: Final = ("notice HSS completed", "status HSS OK")
# The account gets another SIM card; what was true of the first one.
OTHER_CARD: Final = "account imsi=1 iccid=2"
OLD_CARD: Final = "imsi=001010000000189 iccid=8900100000000000189"
REFUSED: Final = "answer=503 fault=answer"
SIX: Final = tuple(f"event id={number}" for number in range(1, 7))
FAULT: Final = "query account answer=500"
# The session was made for another account, which is done.
OTHER: Final = ("login", *(f"{step} account=7" for step in ("account", "event", "query", *AFTER)))
NOBODY: Final = "account=999"

LEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("DATA-SLOW", "the other call showed it closed meanwhile",
     ("account closed", *TOLD[1:], "query sim answer=0 fault=hang", "query account")),
    ("DATA-SLOW", "another worker went on with the same event",
     (*TOLD, "query", "query sim answer=0 fault=hang", *AFTER)),
    ("DATA-QUERY", "tried again under another reference beside another event",
     (*TOLD, "query", "order HSS ref=a answer=503 fault=answer", CHANGE, *AFTER)),
    ("DATA-QUERY", "one round of queries for two orders",
     ("account services=HSS", *TOLD[1:], "query", "order VoIP", *AFTER)),
    ("DATA-QUERY", "one round for two events that waited together",
     (*TOLD, CHANGE, "query", *AFTER)),
    ("DATA-QUERY", "asked before the second event, answered after it",
     (*WHOLE, "query took=2.5", CHANGE, MODIFY, *CHANGED_DONE)),
    ("DATA-QUERY", "repeated orders without another query",
     (*TOLD, "query", f"order HSS {REFUSED}", "order HSS after=10", *AFTER)),
    ("DATA-FRESH", "the new card", (*WHOLE, OTHER_CARD, CHANGE, "query", MODIFY, *CHANGED_DONE)),
    ("DATA-FRESH", "the card changed between the query and the order",
     (*TOLD, "query", OTHER_CARD, f"order HSS {OLD_CARD}", *AFTER[1:])),
    ("DATA-FRESH", "the card changed between the tries of the order",
     (*TOLD, "query", f"order HSS {REFUSED}", OTHER_CARD, f"order HSS {OLD_CARD}", *AFTER[1:])),
    ("DATA-FRESH", "the card changed while the query was under way",
     (*TOLD, "query account", "query sim took=2.5", OTHER_CARD, f"order HSS {OLD_CARD}", *AFTER[1:])),
    ("DATA-SESSION-EXPIRY", "renewed and asked again",
     (*TOLD, "query dead", "login", "query", *AFTER)),
    ("DATA-SESSION-EXPIRY", "the event fails and is done when it comes again",
     ("account", "event answer=500 took=2.5", "query dead", "login", "event", "query", *AFTER)),
    ("DATA-SESSION-EXPIRY", "no session at all", ("sessions ended", *WHOLE)),
    ("DATA-SESSION-EXPIRY", "dead twice, ten seconds apart",
     (*TOLD, "query account dead", "query account dead after=10", "login", "query after=10", *AFTER)),
    ("DATA-SESSION-EXPIRY", "a change that orders nothing after all sessions were ended",
     (*WHOLE, "sessions ended", CHANGE, "query")),
    ("DATA-SESSION-EXPIRY", "an event that it does not handle after all sessions were ended",
     ("account", "sessions ended", "event type=Account/Other")),
    ("DATA-SESSION-EXPIRY", "of an account that is closed by then",
     ("account closed", "sessions ended", "event", "query dead", "login", "query")),
    ("DATA-FAULT", "told as failed", (*TOLD, "query answer=500", "status HSS FAILED")),
    ("DATA-FAULT", "nothing told", (*TOLD, "query answer=500")),
    ("DATA-FAULT", "done when the fault is over",
     (*TOLD, "query answer=500 fault=answer", "query answer=500 fault=answer after=10", "query after=10",
      *AFTER)),
    ("DATA-FAULT", "many tries in a second, then done",
     (*TOLD, "query account answer=500 fault=answer times=19", "query", *AFTER)),
    ("DATA-FAULT", "told as failed, and done when the fault is over",
     (*TOLD, "query answer=500", "status HSS FAILED", "query after=10", *AFTER)),
    ("DATA-NOT-FOUND", "taken, and nothing done", (f"event {NOBODY}", f"query {NOBODY}")),
    ("DATA-NOT-FOUND", "refused", (f"event {NOBODY} answer=404", f"query {NOBODY}")),
    ("DATA-NOT-FOUND", "told as failed",
     (f"event {NOBODY}", f"query {NOBODY}", f"status HSS FAILED missing {NOBODY}")),
    ("DATA-NOT-FOUND", "tried again by the ESPF, then given up",
     (f"event {NOBODY} answer=503 took=1.5", f"query {NOBODY} {REFUSED}", f"event {NOBODY}",
      f"query {NOBODY}")),
    ("DATA-FAULT", "a login for each event, tried again",
     (*TOLD, *["login", f"{FAULT} after=10"] * 4, "login", "query", *AFTER)),
    ("DATA-FAULT", "two logins by two more workers",
     (*TOLD, FAULT, "login", f"{FAULT} after=10", "login", "query after=10", *AFTER)),
    ("DATA-FAULT", "logins for another account between",
     ("account account=7", "event account=7", *TOLD, *[FAULT, "login", "query account=7"] * 4, "query",
      *AFTER, "order HSS account=7", *(f"{step} account=7" for step in AFTER[1:]))),
    ("DATA-FAULT", "a session that died between",
     (*TOLD, *[FAULT, "login"] * 2, "query account dead", "login", FAULT, "login", "query", *AFTER)),
    ("DATA-FAULT", "tried again with one session",
     (*TOLD, *[f"{FAULT} after=10"] * 4, "query", *AFTER)),
    ("DATA-NOT-FOUND", "tried twenty times",
     (f"event {NOBODY}", *[f"query {NOBODY} after=0.1"] * 20)),
    ("DATA-NOT-FOUND", "tried many times, then given up",
     (f"event {NOBODY}", f"query {NOBODY} times=50", *WHOLE)),
    ("DATA-SLOW", "asked again after a hang",
     (*TOLD, "query answer=0 fault=hang took=9", "query after=10", *AFTER)),
    ("DATA-SLOW", "asked again after a reset in the middle",
     (*TOLD, "query account", "query sim answer=0 fault=reset", "query sim", *AFTER)),
    ("DATA-SLOW", "asked again after half an answer",
     (*TOLD, "query fault=truncate", "query", *AFTER)),
    ("DATA-SLOW", "a late answer is taken", (*TOLD, "query fault=delay took=30", "order HSS after=31",
      *AFTER[1:])),
    ("DATA-SLOW", "the event fails and is done when it comes again",
     ("account", "event answer=500 took=2.5", "query answer=0 fault=hang", "event", "query", *AFTER)),
    ("DATA-SESSION-REUSE", "a login for each of five workers",
     (*WHOLE, *SIX, *["login"] * 5)),
    ("DATA-SESSION-REUSE", "credentials with each call", (*WHOLE, *SIX)),
    ("DATA-SESSION-REUSE", "few events", (*WHOLE, *SIX[:4], *["login"] * 5)),
    ("DATA-SESSION-REUSE", "logins that failed", (*WHOLE, *SIX, *["login answer=500"] * 9, "login")),
]  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...]]]] = [
    ("DATA-QUERY", "not at all", (*TOLD, *AFTER)),
    ("DATA-QUERY", "after the order", (*TOLD, "order HSS", "query", *AFTER[1:])),
    ("DATA-QUERY", "before the event", ("account", "query", "event", *AFTER)),
    ("DATA-QUERY", "about another account alone",
     (f"account {NOBODY}", *TOLD, f"query {NOBODY}", *AFTER)),
    ("DATA-QUERY", "not again for the change", (*WHOLE, CHANGE, MODIFY, *CHANGED_DONE)),
    ("DATA-FRESH", "the old card",
     (*WHOLE, OTHER_CARD, CHANGE, "query", f"{MODIFY} {OLD_CARD}", *CHANGED_DONE)),
    ("DATA-FRESH", "the card was not asked for again",
     (*WHOLE, OTHER_CARD, CHANGE, "query account", f"{MODIFY} {OLD_CARD}", *CHANGED_DONE)),
    ("DATA-FRESH", "a card that is nobody's", (*TOLD, "query", "order HSS imsi=7", *AFTER[1:])),
    ("DATA-FRESH", "another account's card",
     (*TOLD, "query", "account account=190", "query account=190", "order HSS imsi=001010000000190",
      *AFTER[1:])),
    ("DATA-SESSION-EXPIRY", "the event is lost", (*TOLD, "query dead", "login")),
    ("DATA-SESSION-EXPIRY", "the event is lost, and another one asks for the rest",
     (*TOLD, "query sim dead", "login", "query account")),
    ("DATA-SESSION-EXPIRY", "never renewed", (*TOLD, *["query dead"] * 5)),
    ("DATA-SESSION-EXPIRY", "nothing is done after all sessions were ended",
     ("account", "sessions ended", "event")),
    ("DATA-FAULT", "twenty tries in less than a second, but in two by the clock",
     (*TOLD, "query account answer=500 fault=answer times=10 after=0.9",
      "query account answer=500 fault=answer times=10 after=0.2", "query", *AFTER)),
    ("DATA-FAULT", "asked again without pause",
     (*TOLD, "query account answer=500 fault=answer times=20", "query", *AFTER)),
    ("DATA-FAULT", "asked again without pause and without end",
     (*TOLD, "query answer=500 times=100", "status HSS FAILED")),
    ("DATA-FAULT", "taken for a dead session",
     (*TOLD, *[f"{FAULT} after=10", "login"] * 3, "query", *AFTER)),
    ("DATA-FAULT", "taken for a dead session after another account",
     (*OTHER, *TOLD, *[FAULT, "login"] * 3, "query", *AFTER)),
    ("DATA-NOT-FOUND", "asked for again for ever",
     (*[f"event {NOBODY} answer=500", f"query {NOBODY}"] * 3,)),
    ("DATA-NOT-FOUND", "taken, and asked for again for ever",
     (f"event {NOBODY}", f"query {NOBODY} times=500")),
    ("DATA-NOT-FOUND", "asked for again for ever beside others",
     (f"event {NOBODY}", *[f"query {NOBODY} after=0.1"] * 9, *WHOLE, *[f"query {NOBODY} after=0.1"] * 12)),
    ("DATA-NOT-FOUND", "ordered", (f"event {NOBODY}", f"query {NOBODY}", f"order HSS {NOBODY}")),
    ("DATA-NOT-FOUND", "told as OK", (f"event {NOBODY}", f"query {NOBODY}", f"status HSS OK {NOBODY}")),
    ("DATA-SLOW", "the event is lost after a hang", (*TOLD, "query answer=0 fault=hang")),
    ("DATA-SLOW", "the event is lost after a reset",
     (*TOLD, "query account", "query sim answer=0 fault=reset")),
    ("DATA-SLOW", "half an answer is believed",
     (*TOLD, "query account", "query sim fault=truncate", "status HSS FAILED")),
    ("DATA-SESSION-REUSE", "a login for each event", (*WHOLE, *SIX[:5], *["login"] * 6)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in LEGAL]
)
def test_legal_way_of_asking_has_no_failure(graded: Graded, own: str, steps: tuple[str, ...]) -> None:
    """Whoever asks in time and never gives an event up for a fault is right, and is not warned."""
    assert graded(steps, **ONE) == set()
    assert own not in graded(steps, grade="warn", **ONE)


@pytest.mark.parametrize(
    ("own", "steps"), [pytest.param(own, steps, id=f"{own}: {name}") for own, name, steps in ILLEGAL]
)
def test_illegal_way_of_asking_is_caught(caught: Caught, own: str, steps: tuple[str, ...]) -> None:
    """What a provisioner asks for wrongly is caught there, and beside it is only what follows."""
    assert caught(own, steps, **ONE) == {own}


@pytest.mark.parametrize(("later", "failed"), [("***0000000a", set()), ("***0000000b", {"DATA-FAULT"})])
def test_worker_whose_session_is_used_again_did_not_give_it_up(
    told: Callable[..., tuple[Declared, tuple[Record, ...]]], later: str, failed: set[str]
) -> None:
    """Each worker may have a session of its own: only one that is never used again was taken for dead."""
    declared, records = told((*TOLD, *[FAULT, "login"] * 3, "query", *AFTER), **ONE)
    first = "***0000000a"
    marked = [
        replace(
            record, request_headers={"Authorization": f"Bearer {first if record.status == 500 else later}"}
        )
        for record in records
    ]
    assert {check.requirement for check in judge(marked, declared) if check.grade == "fail"} == failed
