"""Questions to the journal: which records fit, what changed, and what cannot be known any more."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from simulators.errors import EvictedError, SettingsError
from simulators.journal import Changes, Exchange, Journal
from simulators.questions import Where

PATIENCE = 10.0


def opened(journal: Journal, **fields: Any) -> Exchange:
    """Open an exchange that nobody has answered."""
    asked = {"source": "provisioner", "destination": "espf", "method": "POST", "target": "/espf/v1/a"}
    return journal.open(**{**asked, "headers": {}, "body": b"", **fields})


def answer(exchange: Exchange, status: int = 200) -> None:
    """Answer an exchange."""
    exchange.answered(status=status, headers={}, body="")


def seen(changes: Changes) -> list[tuple[int, int | None]]:
    """The number and the status of each record that changed."""
    return [(record.seq, record.status) for _, record in changes.records]


@pytest.fixture
def talk(journal: Journal) -> Journal:
    """A journal of a fact, an answered status update that weather struck, and an open order."""
    journal.fact("account", data={}, i_account=189)
    update = opened(journal, operation="status", i_account=189, group="HSS", detail={"status": "OK"})
    update.note(fault="plan 1: reset")
    answer(update, 500)
    opened(journal, operation="order", destination="oms", i_account=190, order_id="a-1", reference="r")
    return journal


@pytest.mark.parametrize(
    ("asked", "seqs"),
    [
        ({}, [1, 2, 3]),
        ({"kind": "fact"}, [1]),
        ({"source": "provisioner"}, [2, 3]),
        ({"destination": "oms"}, [3]),
        ({"operation": "status"}, [2]),
        ({"method": "POST", "target": "v1"}, [2, 3]),
        ({"status": 500}, [2]),
        ({"i_account": 189}, [1, 2]),
        ({"i_account": 189, "group": "HSS"}, [2]),
        ({"order_id": "a-1", "reference": "r"}, [3]),
        ({"i_event": 1}, []),
        ({"fault": "*"}, [2]),
        ({"fault": "plan 1: reset"}, [2]),
        ({"fault": "plan 2"}, []),
        ({"said": "OK"}, [2]),
        ({"said": "O"}, []),
        ({"answered": True}, [1, 2]),
        ({"answered": False}, [3]),
    ],
)
def test_record_fits_if_it_has_every_value(talk: Journal, asked: dict[str, Any], seqs: list[int]) -> None:
    """What a question does not name may be anything, and what it names must all be so."""
    assert [record.seq for record in talk.find(Where(**asked))] == seqs


@pytest.mark.parametrize("asked", [{"colour": "red"}, {"i_account": 0}, {"kind": "story"}, {"group": ""}])
def test_misspelt_question_is_refused(asked: dict[str, Any]) -> None:
    """A question that could fit nothing, or everything, by mistake is an error."""
    with pytest.raises(ValidationError):
        Where(**asked)


def test_question_about_dropped_records_has_no_answer(make_journal: Callable[..., Journal]) -> None:
    """Neither some nor none is said of records that are gone, and one above them is answered."""
    journal = make_journal(capacity=2)
    for i_account in (1, 2, 3):
        answer(opened(journal, i_account=i_account))

    with pytest.raises(EvictedError, match="up to number 1 were dropped, since the journal keeps 2"):
        journal.find(Where(i_account=3))
    with pytest.raises(EvictedError, match="Ask for those since 1"):
        journal.wait_for(Where(i_account=1), timeout=0)
    assert [record.seq for record in journal.find(Where(i_account=3), since=1)] == [3]


def test_wait_for_what_is_there_needs_no_dropped_records(make_journal: Callable[..., Journal]) -> None:
    """That something happened is known by one record of it, whatever else was dropped."""
    journal = make_journal(capacity=1)
    for i_account in (1, 2):
        opened(journal, i_account=i_account)

    found = journal.wait_for(Where(i_account=2), timeout=0)

    assert found is not None
    assert found.seq == 2


def test_records_dropped_during_a_wait_leave_no_answer(make_journal: Callable[..., Journal]) -> None:
    """A wait that began with nothing dropped still cannot say never."""
    journal = make_journal(capacity=1)
    thread = threading.Thread(target=lambda: [opened(journal, i_account=number) for number in (1, 2)])
    thread.start()
    thread.join()

    with pytest.raises(EvictedError):
        journal.wait_for(Where(i_account=9), timeout=0.01)


def test_journal_without_room_is_refused(make_journal: Callable[..., Journal]) -> None:
    """A journal that keeps nothing could answer nothing."""
    with pytest.raises(SettingsError, match="0 records keeps nothing"):
        make_journal(capacity=0)


def test_follower_sees_each_record_begin_and_end(journal: Journal) -> None:
    """A record comes when it is opened and when it is answered, in the order of these moments."""
    first, second = opened(journal), opened(journal)
    begun = journal.changes(after=0, limit=9)
    answer(second, 201)
    answer(first, 202)
    ended = journal.changes(after=begun.last, limit=9)

    assert (seen(begun), seen(ended)) == ([(1, None), (2, None)], [(2, 201), (1, 202)])
    assert seen(journal.changes(after=ended.last, limit=9)) == []


def test_late_follower_sees_each_record_once(journal: Journal) -> None:
    """What was answered long ago is shown as it is, and never as if it were still open."""
    answer(opened(journal), 200)
    opened(journal)
    journal.fact("account", data={})

    assert seen(journal.changes(after=0, limit=9)) == [(1, 200), (2, None), (3, None)]


def test_follower_reads_in_pieces(journal: Journal) -> None:
    """No piece is larger than asked for, and together they are everything."""
    for _ in range(5):
        opened(journal)
    read: list[int] = []
    after = 0
    for _ in range(3):
        piece = journal.changes(after=after, limit=2)
        read += [seq for seq, _ in seen(piece)]
        after = piece.last

    assert read == [1, 2, 3, 4, 5]


def test_slow_follower_is_told_how_much_it_missed(make_journal: Callable[..., Journal]) -> None:
    """What was dropped before it was read is counted, and what is left follows."""
    journal = make_journal(capacity=2)
    for _ in range(5):
        answer(opened(journal))

    changes = journal.changes(after=2, limit=99)

    assert changes.lost == 4
    assert seen(changes) == [(4, 200), (5, 200)]


def test_number_of_another_journal_begins_anew(journal: Journal) -> None:
    """A follower that was connected to an earlier stack misses nothing of this one."""
    opened(journal)

    assert seen(journal.changes(after=99, limit=9)) == [(1, None)]


def test_journal_behind_a_reset_knows_nothing_of_the_former(guard: threading.Condition) -> None:
    """What was before a reset is gone and not dropped, so questions about it are answered: nothing."""
    journal = Journal(guard=guard, now=lambda: 5.0, capacity=1, first_seq=8)
    opened(journal, i_account=1)

    assert [record.seq for record in journal.find(Where(i_account=1))] == [8]
    assert (seen(journal.changes(after=0, limit=9)), journal.changes(after=0, limit=9).lost) == (
        [(8, None)],
        0,
    )

    opened(journal, i_account=2)
    with pytest.raises(EvictedError, match="up to number 8 were dropped"):
        journal.find(Where(i_account=1), since=7)


def test_closed_journal_lets_nobody_wait(journal: Journal) -> None:
    """Whoever waits is woken when the journal is closed, and nobody waits afterwards."""
    waits = (
        lambda: journal.wait_for(lambda _: False, timeout=PATIENCE * 100),
        lambda: journal.changes(after=0, limit=9, timeout=PATIENCE * 100),
    )
    threads = [threading.Thread(target=wait) for wait in waits]
    for thread in threads:
        thread.start()

    journal.close()
    for wait in waits:
        wait()

    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
