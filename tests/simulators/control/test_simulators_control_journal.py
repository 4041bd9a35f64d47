"""The journal over HTTP: asked, waited for, and honest about what it has dropped."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import ANY

import pytest
import requests
from flask import Flask

from simulators.control.journal import Slots, add_journal, add_stream
from simulators.control.reading import refuse_in_json
from simulators.journal import Journal, Record
from simulators.stack import Stack

PATIENCE = 10.0
Refused = Callable[[requests.Response, int], str]


@pytest.fixture
def small(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A stack whose journal keeps two records, and has dropped others."""
    with make_stack(journal_capacity=2) as stack:
        yield stack


def address(stack: Stack) -> str:
    """Where the journal is asked."""
    return f"{stack.addresses.control}/_sim/journal"


def seqs(answer: requests.Response) -> list[int]:
    """The numbers of the records in an answer."""
    return [record["seq"] for record in answer.json()["records"]]


def test_journal_is_read_from_a_number_on(stack: Stack, http: requests.Session) -> None:
    """Records are those of the stack's own journal, and reading them makes no new ones."""
    everything = http.get(address(stack)).json()
    rest = http.get(address(stack), params={"since": 2}).json()

    assert [Record(**record) for record in everything["records"]] == list(stack.journal.records())
    assert {**everything, "records": 3} == {"records": 3, "more": False, "dropped": 0, "last_seq": 3}
    assert [record["i_account"] for record in rest["records"]] == [191]


def test_long_journal_is_read_in_pieces(stack: Stack, http: requests.Session) -> None:
    """An answer has at most as many records as asked for, and says whether there are more."""
    first = http.get(address(stack), params={"limit": 2})
    second = http.get(address(stack), params={"limit": 2, "since": 2})

    assert (seqs(first), first.json()["more"]) == ([1, 2], True)
    assert (seqs(second), second.json()["more"]) == ([3], False)


def test_question_is_asked_by_the_names_of_the_fields(stack: Stack, http: requests.Session) -> None:
    """What a record shows is what it is found by."""
    http.get(f"{stack.addresses.portabilling}/nowhere")

    asked = {"kind": "exchange", "status": "404", "target": "where"}
    found = http.get(address(stack), params=asked)
    facts = http.get(address(stack), params={"operation": "account", "i_account": "190"})

    assert (seqs(found), seqs(facts)) == ([4], [2])


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"colour": "red"}, "colour: this key is not known"),
        ({"i_account": "x"}, "i_account: a number of digits alone"),
        ({"since": "-1"}, "since: a number of digits alone"),
        ({"limit": "0"}, "limit: "),
        ({"limit": "10001"}, "limit: "),
        ({"kind": "story"}, "kind: "),
        ({"answered": "1"}, "answered: true or false is required"),
        ({"group": ""}, "group: "),
        ({"wait": "-1"}, "wait: "),
        ({"wait": "61"}, "wait: "),
        ({"wait": "nan"}, "wait: "),
        ({"wait": "inf"}, "wait: "),
        ({"wait": "x"}, "wait: "),
        ([("group", "HSS"), ("group", "PCRF")], "group: give it once"),
    ],
)
@pytest.mark.parametrize("path", ["", "/stream"])
def test_misspelt_question_is_refused(  # noqa: PLR0917 - fixtures, which pytest passes by name
    stack: Stack, http: requests.Session, error: Refused, path: str, asked: Any, named: str
) -> None:
    """A question that means something else than it says gets no answer but the mistake."""
    if path and {"limit", "wait"} & dict(asked).keys():
        named = "this key is not known"

    assert named in error(http.get(f"{address(stack)}{path}", params=asked), 400)


def test_wait_ends_with_the_answered_record(stack: Stack, http: requests.Session) -> None:
    """A wait for an exchange lasts until it was answered, so that its status is there."""
    exchange = stack.journal.open(
        source="oms", destination="provisioner", method="POST", target="/", headers={}, body=b""
    )

    def answer() -> None:
        stack.journal.wait_until(lambda: False, timeout=0.05)
        exchange.answered(status=200, headers={}, body="")

    thread = threading.Thread(target=answer)
    thread.start()
    found = http.get(address(stack), params={"kind": "exchange", "wait": "30"}, timeout=PATIENCE).json()
    thread.join()

    assert [record["status"] for record in found["records"]] == [200]


def test_wait_for_an_open_record_can_be_asked_for(stack: Stack, http: requests.Session) -> None:
    """Whoever wants to see a request before its answer says so."""
    stack.journal.open(
        source="oms", destination="provisioner", method="POST", target="/", headers={}, body=b""
    )

    found = http.get(address(stack), params={"answered": "false", "wait": "30"}, timeout=PATIENCE)

    assert seqs(found) == [4]


def test_wait_without_a_record_ends_empty(stack: Stack, http: requests.Session) -> None:
    """After its time the answer is there, with nothing in it."""
    asked = {"operation": "status", "wait": "0.01"}

    assert seqs(http.get(address(stack), params=asked, timeout=PATIENCE)) == []


@pytest.mark.parametrize("wait", [0, 0.01])
def test_question_about_dropped_records_is_410(
    small: Stack, http: requests.Session, error: Refused, wait: float
) -> None:
    """Cannot be known is an answer of its own, with the number from which on it can."""
    asked = {"i_account": 7, "wait": wait}

    told = error(http.get(address(small), params=asked), 410)

    assert "records up to number 1 were dropped" in told
    assert seqs(http.get(address(small), params={**asked, "since": 1})) == []


def test_what_is_left_is_listed_with_the_count_of_what_is_not(small: Stack, http: requests.Session) -> None:
    """Without a question whatever is kept is shown, and a wait for what is kept is answered."""
    listed = http.get(address(small))
    waited = http.get(address(small), params={"i_account": 191, "wait": 30}, timeout=PATIENCE)

    assert (seqs(listed), listed.json()["dropped"], seqs(waited)) == ([2, 3], 1, [3])


def test_waits_leave_room_for_others(journal: Journal) -> None:
    """When all places are taken, who wants to wait or follow is told so, and short questions are answered."""
    app, slots = Flask("control"), Slots(1)
    refuse_in_json(app, surprises=[])
    add_journal(app, journal, slots)
    add_stream(app, journal, slots)
    client = app.test_client()

    with slots.taken():
        refused = [client.get(path) for path in ("/journal?wait=60", "/journal/stream")]
        answered = client.get("/journal")

    assert [(told.status_code, told.json) for told in refused] == [(503, {"error": ANY})] * 2
    assert "Too many requests wait or follow" in refused[0].text
    assert (answered.status_code, client.get("/journal?wait=0.01").status_code) == (200, 200)
