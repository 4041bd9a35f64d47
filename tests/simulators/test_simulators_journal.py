"""The journal: records open before their answer, bounded, queried, waited on, and kept in a file."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.journal import Exchange, Journal, load, save

PATIENCE = 10.0


def opened(journal: Journal, target: str = "/rest/Session/ping", **fields: Any) -> Exchange:
    """Open an exchange that nobody has answered."""
    return journal.open(
        source="provisioner",
        destination="portabilling",
        method="POST",
        target=target,
        headers={"Content-Type": "application/json"},
        body=b'{"params": {}}',
        **fields,
    )


def test_request_is_written_down_before_its_answer(journal: Journal) -> None:
    """An open record holds the request as it came, its virtual time, and no status."""
    exchange = opened(journal, "/rest/a%2Fb?x=1")

    (record,) = journal.records()

    assert (record.seq, exchange.seq, journal.last_seq) == (1, 1, 1)
    assert (record.kind, record.source, record.destination) == ("exchange", "provisioner", "portabilling")
    assert (record.method, record.target) == ("POST", "/rest/a%2Fb?x=1")
    assert (record.request_body, record.virtual_time) == ('{"params": {}}', 5.0)
    assert (record.status, record.duration) == (None, None)


def test_answer_completes_its_own_record(journal: Journal) -> None:
    """Status, headers, body and duration go to the exchange that they answer, whatever came meanwhile."""
    first = opened(journal)
    opened(journal)

    first.answered(status=500, headers={"Content-Type": "text/plain"}, body="no")

    answered, unanswered = journal.records()
    assert (answered.status, answered.response_body) == (500, "no")
    assert answered.response_headers == {"Content-Type": "text/plain"}
    assert answered.duration is not None
    assert answered.duration >= 0
    assert unanswered.status is None


def test_note_fills_in_what_the_exchange_is_about(journal: Journal) -> None:
    """Simulators add what they find out, and the rest of the record stays."""
    opened(journal, operation="order").note(i_account=189, detail={"services": ["HSS"]})

    (record,) = journal.records()

    assert (record.operation, record.i_account, record.detail) == ("order", 189, {"services": ["HSS"]})


def test_fact_is_a_record_of_the_harness(journal: Journal) -> None:
    """What the harness made true stands among the exchanges."""
    journal.fact("account", data={"i_account": 189, "id": "a"}, i_account=189)

    (record,) = journal.records()

    assert (record.kind, record.operation, record.i_account) == ("fact", "account", 189)
    assert record.detail == {"i_account": 189, "id": "a"}


def test_body_that_is_no_text_is_kept_readable(journal: Journal) -> None:
    """Bytes that are not UTF-8 are escaped, not lost."""
    journal.open(
        source="oms", destination="provisioner", method="POST", target="/", headers={}, body=b"a\xff"
    )

    assert journal.records()[0].request_body == "a\\xff"


def test_bound_pushes_out_the_oldest_and_counts_them(make_journal: Callable[..., Journal]) -> None:
    """A full journal keeps the newest records and says how many it dropped."""
    journal = make_journal(capacity=3)
    for _ in range(5):
        opened(journal)

    assert [record.seq for record in journal.records()] == [3, 4, 5]
    assert (journal.dropped, journal.last_seq) == (2, 5)


def test_change_of_a_dropped_record_is_ignored(make_journal: Callable[..., Journal]) -> None:
    """An answer that comes after its record was pushed out changes no other record."""
    journal = make_journal(capacity=2)
    dropped, kept, _ = (opened(journal) for _ in range(3))

    dropped.note(i_account=1)
    dropped.answered(status=200, headers={}, body="")
    kept.answered(status=201, headers={}, body="")

    assert [(record.seq, record.status, record.i_account) for record in journal.records()] == [
        (2, 201, None),
        (3, None, None),
    ]


@pytest.mark.parametrize(
    ("since", "seqs"), [(-1, [3, 4, 5]), (0, [3, 4, 5]), (2, [3, 4, 5]), (4, [5]), (5, []), (99, [])]
)
def test_records_since_are_those_above_the_number(
    make_journal: Callable[..., Journal], since: int, seqs: list[int]
) -> None:
    """Whoever reads on from the last number misses nothing that is left, and sees nothing twice."""
    journal = make_journal(capacity=3)
    for _ in range(5):
        opened(journal)

    assert [record.seq for record in journal.records(since=since)] == seqs


def test_wait_returns_what_is_there(journal: Journal) -> None:
    """What was seen before the wait began is given at once, the first that fits."""
    for target in ("/a", "/b", "/b"):
        opened(journal, target)

    found = journal.wait_for(lambda record: record.target == "/b", timeout=0)

    assert found is not None
    assert found.seq == 2


def test_wait_is_woken_by_a_record_and_by_its_answer(journal: Journal) -> None:
    """A wait ends as soon as what it waits for is written in another thread."""

    def talk() -> None:
        opened(journal).answered(status=204, headers={}, body="")

    thread = threading.Thread(target=talk)
    thread.start()

    found = journal.wait_for(lambda record: record.status == 204, timeout=PATIENCE)

    thread.join()
    assert found == journal.records()[0]


def test_wait_gives_up_at_the_deadline(journal: Journal) -> None:
    """None says that nothing that fits was seen, and records up to `since` do not count."""
    opened(journal)

    assert journal.wait_for(lambda record: record.status == 200, timeout=0.01) is None
    assert journal.wait_for(lambda _: True, timeout=0.01, since=1) is None


def test_saved_journal_is_read_back_equal(journal: Journal, tmp_path: Path) -> None:
    """A file holds every record with every field, one a line, whatever the texts contain."""
    opened(journal, "/\u2603\n\ud800", operation="order", i_event=7, order_id="o", reference="r").answered(
        status=200, headers={"X": "y"}, body="line\nline\u2028"
    )
    journal.fact("account", data={"i_account": 189, "services": None}, i_account=189, group="HSS")
    opened(journal, fault="delay", cause="test")
    path = tmp_path / "journal.jsonl"

    journal.save(path)

    assert load(path) == journal.records()
    assert len(path.read_text(encoding="utf-8").split("\n")) == 4


def test_some_records_can_be_saved_alone(journal: Journal, tmp_path: Path) -> None:
    """A story's own records make a journal of their own."""
    for _ in range(3):
        opened(journal)
    path = tmp_path / "journal.jsonl"

    save(journal.records(since=1), str(path))

    assert [record.seq for record in load(path)] == [2, 3]


def test_secret_is_masked_in_every_part_of_a_record(journal: Journal) -> None:
    """Neither headers nor bodies nor details hold a secret, and the same secret has the same mark in all."""
    exchange = journal.open(
        source="provisioner",
        destination="portabilling",
        method="POST",
        target="/",
        headers={"Authorization": "Bearer s3cret", "Content-Type": "application/json"},
        body=b'{"token": "s3cret"}',
        detail={"token": "s3cret", "status": "OK"},
    )
    exchange.answered(status=200, headers={"Set-Cookie": "s3cret"}, body='{"session_id": "s3cret"}')
    exchange.note(detail={"password": "s3cret", "status": "OK"})

    (record,) = journal.records()

    assert "s3cret" not in repr(record)
    mark = record.detail["password"]
    assert record.request_headers["Authorization"] == f"Bearer {mark}"
    assert record.response_headers["Set-Cookie"] == mark
    assert (record.request_body, record.response_body) == (
        f'{{"token": "{mark}"}}',
        f'{{"session_id": "{mark}"}}',
    )
    assert record.detail["status"] == "OK"
