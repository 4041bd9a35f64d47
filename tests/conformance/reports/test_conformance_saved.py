"""Saved journals: they are judged as in the run, what is gone leaves doubt, and no other file is taken for one."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.errors import JournalError
from conformance.scenario import Scenario
from conformance.requirements import catalogue
from conformance.saved import judge_again, read_journals

STORY: Final = (
    "account",
    "event",
    "query",
    "order HSS PCRF",
    "notice HSS completed",
    "status HSS OK",
    "notice PCRF completed",
)
LATE: Final = (*STORY, "status PCRF OK")


def rewrite(path: Path, *, keep: Callable[[dict[str, Any]], bool]) -> Path:
    """Leave out lines of a journal."""
    lines = [line for line in path.read_text().splitlines() if keep(json.loads(line))]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def failed(told: Scenario) -> list[str]:
    """The requirements that failed in a scenario."""
    return [check.requirement for check in told.result.checks if check.grade == "fail"]


def test_scenarios_are_told_apart_by_their_facts(write_journal: Callable[..., Path]) -> None:
    """Each stretch between a `scenario` and its `end` is one scenario, judged by its own records alone."""
    (journal,) = read_journals([write_journal({"test_one": LATE, "test_two": STORY}, steps=[{"verb": "x"}])])

    one, two = judge_again(journal)

    assert (one.name, two.name, one.steps) == ("test_one", "test_two", ({"verb": "x"},))
    assert (one.first, one.last, two.first) == (3, 14, 15)
    assert (failed(one), failed(two)) == ([], ["NOTICE-DELAY", "STATUS-FINAL"])
    assert (one.result.virtual_seconds, one.result.wall_seconds) == (7200.0, 0.5)


def test_journal_from_before_a_setting_is_judged(write_journal: Callable[..., Path]) -> None:
    """What an older journal does not tell of its target is as it usually is."""
    path = write_journal({"test_one": LATE})
    records = [json.loads(line) for line in path.read_text().splitlines()]
    told = [record["detail"].pop("early") for record in records if record["operation"] == "target"]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))

    (journal,) = read_journals([path])

    assert told == [0.5]
    assert journal.declared.early == 0.5
    assert [failed(one) for one in judge_again(journal)] == [[]]


def test_wait_in_vain_is_remembered(write_journal: Callable[..., Path]) -> None:
    """What the run could not tell, a journal cannot tell either, unless something failed."""
    (journal,) = read_journals([write_journal({"test_one": LATE, "test_two": STORY}, unsure="an order")])
    assert [told.result.unsure for told in judge_again(journal)] == ["an order", None]


@pytest.mark.parametrize("gone", [6, 11])
def test_gap_leaves_all_in_doubt(write_journal: Callable[..., Path], gone: int) -> None:
    """Where a record is missing nothing is judged: what is gone may have shown that all was well, or not."""
    path = rewrite(write_journal({"test_one": LATE}), keep=lambda record: record["seq"] != gone)
    (journal,) = read_journals([path])
    (told,) = judge_again(journal)
    assert (told.result.checks, told.result.unsure) == ((), "1 record(s) that are missing between 3 and 13")
    assert set(told.requirements) == {id_ for id_, entry in catalogue().items() if not entry.not_tested}


def test_scenario_that_was_cut_off_is_a_doubt(write_journal: Callable[..., Path]) -> None:
    """A scenario without its end proves nothing of what it was written for."""
    path = rewrite(write_journal({"test_one": LATE}), keep=lambda record: record["operation"] != "end")
    (journal,) = read_journals([path])
    (told,) = judge_again(journal)
    assert (told.result.unsure, told.requirements) == ("the end of the scenario", ("EVENT-ACK",))


def test_dropped_beginning_is_inconclusive(
    write_journal: Callable[..., Path], judge: Callable[..., Any]
) -> None:
    """A journal that dropped records leaves every requirement in doubt, whatever it still shows."""
    path = write_journal({"test_one": LATE, "test_two": LATE})
    facts = [line for line in path.read_text().splitlines() if json.loads(line)["seq"] < 3]
    rewrite(path, keep=lambda record: record["seq"] > 12)
    # As the bench does: what the journal is about is written down once more.
    path.write_text(path.read_text() + "".join(f"{line}\n" for line in facts))

    done = judge(path)

    assert done.code == 2, done.output
    assert "waited in vain for 12 record(s) that the journal dropped" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no journal of a run: it holds no fact target and no fact run"),
        ("root:x:0:0\n", "line 1 is no record (it is no JSON object)"),
        ('{"seq": 1}\n', "line 1 is no record (it has no kind)"),
        ("[1]\n", "line 1 is no record (it is no JSON object)"),
        ('{"colour": "red"}\n', "1 of its fields are not a record's"),
        ('{"seq": "one"}\n', "its seq is of another type"),
    ],
)
def test_other_file_is_no_journal(tmp_path: Path, text: str, told: str) -> None:
    """What is no journal is refused with the first reason, and its content is not repeated."""
    path = tmp_path / "other.txt"
    path.write_text(text)
    with pytest.raises(JournalError, match=re.escape(told)) as caught:
        read_journals([path])
    assert "x:0:0" not in str(caught.value)


def test_what_is_no_text_is_no_journal(tmp_path: Path) -> None:
    """A folder, a missing file and a binary one are told with what they are."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, told in (("", "Is a directory"), ("none", "No such file"), ("binary", "it is no text")):
        with pytest.raises(JournalError, match=told):
            read_journals([tmp_path / name])


def test_journals_of_two_runs_are_not_mixed(write_journal: Callable[..., Path], tmp_path: Path) -> None:
    """A verdict is one run's: journals of another are refused."""
    one = write_journal({"test_one": LATE}).rename(tmp_path / "one.jsonl")
    other = write_journal({"test_one": LATE}, only=("EVENT-ACK",))
    with pytest.raises(JournalError, match="come from different runs"):
        read_journals([one, other])


@pytest.mark.parametrize(
    ("operation", "sentence"), [("target", "it holds no fact target"), ("run", "it holds no fact run")]
)
def test_journal_without_its_run_is_refused(
    write_journal: Callable[..., Path], operation: str, sentence: str
) -> None:
    """A journal of other simulators says nothing of a target, so it cannot be judged."""
    path = write_journal({"test_one": LATE})
    rewrite(path, keep=lambda record: record["operation"] != operation)
    path.write_text(path.read_text().replace('"seq": 2', '"seq": 1'))
    with pytest.raises(JournalError, match=sentence):
        read_journals([path])


def test_story_that_was_left_out_is_no_scenario(write_journal: Callable[..., Path]) -> None:
    """A story for which the target declares too little says nothing, as in the run."""
    path = write_journal({"test_one": LATE, "test_two": STORY})
    path.write_text(path.read_text().replace('"unsure": null', '"left_out": "no such feature"', 1))
    (journal,) = read_journals([path])
    assert [told.name for told in judge_again(journal)] == ["test_two"]
