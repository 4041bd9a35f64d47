"""The reports for programs, pipelines and the terminal: whole, to their schema, and without secrets."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest

from simulators.journal import Record
from simulators.masking import Masker

# HSS is told OK before the OMS said so, and PCRF is never told at all.
WRONG: Final = (
    "account",
    "event",
    "query",
    "order HSS PCRF",
    "status HSS OK",
    "notice HSS completed",
    "notice PCRF completed",
)
STEPS: Final = ({"verb": "emit", "action": "activate", "account": "account 1"}, {"verb": "advance"})
REPORTS: Final = ("conformance.json", "junit.xml", "report.html")


def evidence(report: Any, id_: str) -> list[dict[str, Any]]:
    """The evidence of one requirement."""
    entries = json.loads(report.text("conformance.json"))["requirements"]
    return next(entry["evidence"] for entry in entries if entry["id"] == id_)


@pytest.mark.parametrize("options", [{}, {"unsure": "an order"}, {"steps": STEPS}, {"only": ("EVENT-ACK",)}])
@pytest.mark.parametrize("lines", [WRONG, (), WRONG[:4]])
def test_json_report_keeps_to_its_schema(
    report: Callable[..., Any], lines: tuple[str, ...], options: dict[str, Any]
) -> None:
    """Whatever came of a run, programs find what the schema of the package promises, and nothing else."""
    schema = json.loads(files("conformance").joinpath("report.schema.json").read_text())
    told = json.loads(report(lines, **options).text("conformance.json"))
    jsonschema_rs.validator_for(schema).validate(told)


def test_evidence_names_where_it_stands(report: Callable[..., Any]) -> None:
    """A program finds the journal, the records, the scenario and the story of each failure."""
    done = report(WRONG, steps=STEPS)

    (found,) = evidence(done, "STATUS-NOT-EARLY")

    assert (done.code, found["journal"], found["scenario"]) == (1, "journal-main.jsonl", "test_a_story[i_account]")
    assert found["records"]
    story = json.loads(done.text(found["story"]))
    assert (story["scenario"], story["steps"]) == ("test_a_story[i_account]", list(STEPS))


def test_story_without_steps_is_not_promised(report: Callable[..., Any]) -> None:
    """No file is named, and no command printed, for what cannot be told again."""
    done = report(WRONG)
    assert {found["story"] for found in evidence(done, "STATUS-NOT-EARLY")} == {None}
    assert "espf-conformance replay" not in done.output


def test_terminal_tells_what_a_failure_is_and_how_to_see_it_again(report: Callable[..., Any]) -> None:
    """Each failure comes with its rule, its source, what was expected and received, records and command."""
    done = report(WRONG, steps=STEPS)
    part = done.output.split("STATUS-NOT-EARLY fail (MUST, source P)")[1].split("\n\n")[0]
    for told in ("OK is never sent before", "i_account 189, group HSS", "expected", "received", "shown by"):
        assert told in part
    (story,) = (done.folder / "stories").iterdir()
    assert f"espf-conformance replay {story} --target acme.toml" in part


def test_evidence_without_records_says_so_in_words(report: Callable[..., Any]) -> None:
    """Where an absence is the proof, the line has no empty list of records."""
    done = report(("account", "event"))
    assert any(found["records"] == [] for found in evidence(done, "ORDER-CONTENT"))
    assert "shown by  the absence of any record of it in journal-main.jsonl" in done.output
    assert "records  of" not in done.output


def test_why_holds_one_cause_and_counts_the_others(
    write_journal: Callable[..., Path], judge: Callable[..., Any]
) -> None:
    """The table gives the first cause in its own words, and says how many more there are."""
    done = judge(write_journal({"test_one": WRONG, "test_two": WRONG}))
    (row,) = (line for line in done.output.splitlines() if line.startswith("│ STATUS-NOT-EARLY"))
    assert row.rstrip(" │").endswith("(and 1 more)")
    assert row.count("completed was notified for nothing") == 1


def test_inconclusive_is_told_with_the_wait(report: Callable[..., Any]) -> None:
    """A reader learns what was waited for in vain, and nothing is claimed to have passed."""
    done = report(unsure="an order (waited 15 s)")
    assert done.code == 2
    assert "waited in vain for an order (waited 15 s)" in done.output
    assert "verdict: inconclusive" in done.output


def test_junit_has_real_children(report: Callable[..., Any]) -> None:
    """A failure and a skip are elements of their own, and what was expected and received is their text."""
    plain = ET.fromstring(report(WRONG).text("junit.xml"))  # noqa: S314 - our own file
    children = {case.get("name"): [child.tag for child in case] for case in plain.iter("testcase")}
    assert children["STATUS-NOT-EARLY"] == ["failure"]
    assert children["EVENT-ACK"] == []
    assert children["WHOLE-RESTART"] == ["skipped"]
    assert "expected  " in "".join(plain.itertext())


def test_expected_failure_is_reported_as_such(
    write_journal: Callable[..., Path], judge: Callable[..., Any], tmp_path: Path
) -> None:
    """Every report marks it, and one that did not happen is a failure of its own in junit.xml."""
    known = tmp_path / "known.toml"
    entry = '[[expect]]\nid = "{}"\nreason = "known"\nexpires = 2999-01-01\n'
    known.write_text("".join(map(entry.format, ("STATUS-NOT-EARLY", "STATUS-FINAL", "EVENT-ACK"))))

    done = judge(write_journal({"test_a": WRONG}), expect_fail=known)

    junit = ET.fromstring(done.text("junit.xml"))  # noqa: S314 - our own file
    children = {case.get("name"): [child.tag for child in case] for case in junit.iter("testcase")}
    told = json.loads(done.text("conformance.json"))
    assert done.code in {1, 7}
    assert children["STATUS-NOT-EARLY"] == ["skipped"]
    assert children["EVENT-ACK fails"] == ["failure"]
    assert {entry["id"]: entry["state"] for entry in told["expectations"]}["EVENT-ACK"] == "did not happen"
    assert "fail, expected" in done.output
    assert "as expected until 2999-01-01: known" in done.text("report.html")


def test_no_secret_is_in_any_report(report: Callable[..., Any]) -> None:
    """Credentials that the journal masked stay masked, and the target's environment is not told."""
    masker = Masker()

    def overheard(record: Record) -> Record:
        headers = masker.headers({"Authorization": "Bearer offline-token", "Cookie": "session=offline-cookie"})
        body = masker.body('{"password": "offline-only"}', content_type="application/json")
        return replace(record, request_headers=headers, response_headers=headers, request_body=body)

    done = report(WRONG, change=overheard, steps=STEPS)

    whole = "".join(map(done.text, REPORTS)) + done.output
    assert "***" in done.text("report.html")
    for secret in ("offline-token", "offline-cookie", "offline-only", "a-secret-of-the-target"):
        assert secret not in whole
