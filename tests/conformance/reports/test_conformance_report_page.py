"""The page for people: whole, offline, readable without a script, and safe whatever a target sent."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from conformance.report_words import printable
from simulators.journal import Record

WRONG: Final = (
    "account",
    "event",
    "query",
    "order HSS PCRF",
    "status HSS OK",
    "notice HSS completed",
    "notice PCRF completed fault=lost",
)
STEPS: Final = ({"verb": "emit", "action": "activate", "account": "account 1"}, {"verb": "advance"})
HOSTILE: Final = (
    "<script>alert(1)</script>",
    "</pre></details><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    '" onload="alert(1)',
    "]]><!-- \x00\x1b[31m \x9b2J \u202egnp.exe \ud800 \ufffe",
    "&lt;b&gt; &amp;",
)


def parsed(page: str) -> ET.Element:
    """The page by a strict parser: one stray character of markup would end it."""
    return ET.fromstring(page.removeprefix(page.partition("<html")[0]))  # noqa: S314 - our own page


def texts(element: ET.Element) -> str:
    """All text below an element."""
    return " ".join("".join(element.itertext()).split())


def sections(page: ET.Element) -> Mapping[str, ET.Element]:
    """The findings by the requirement and number of their heading."""
    return {
        str(found.get("aria-labelledby")): found
        for found in page.iter("div")
        if found.get("class") == "finding"
    }


@pytest.fixture(name="page")
def _page(report: Callable[..., Any]) -> Callable[..., ET.Element]:
    """The page on one story; options are those of `report`."""

    def page(*lines: str, **options: Any) -> ET.Element:
        return parsed(report(lines or WRONG, **options).text("report.html"))

    return page


def test_failure_is_told_whole(page: Callable[..., ET.Element]) -> None:
    """Rule, source, what was expected and received, the proof, the story and the command are on the page."""
    whole = page(steps=STEPS)
    told = texts(sections(whole)["STATUS-NOT-EARLY-1"])
    for part in (
        "In the scenario “a story [i_account]”",
        "i_account 189, group HSS",
        "expected",
        "received",
        "of journal-main.jsonl",
        "emit: action activate, account account 1",
        "espf-conformance replay",
        "--target acme.toml",
    ):
        assert part in told
    assert "OK is never sent before the external system reported success" in texts(whole)
    assert "MUST, source P" in texts(whole)


def test_diagram_shows_every_exchange_of_the_account_in_order(page: Callable[..., ET.Element]) -> None:
    """Each exchange is a row with its virtual time, and opens to what went over the wire."""
    found = sections(page())["STATUS-NOT-EARLY-1"]
    rows = [item for item in found.iter("details")]
    spoken = [texts(item).split("record")[0] for item in rows]
    arrows = [texts(next(item.iter("svg"))) for item in rows]
    # The account is no exchange, and a query is two.
    assert len(rows) == len(WRONG)
    assert [time.split()[0] for time in spoken][-2:] == ["+00:01:00", "+00:02:00"]
    assert arrows[0] == "Account/New answered 200"
    assert arrows[-1] == "PCRF completed answered 200 (fault: lost (plan 1))"
    assert "Planned fault: lost (plan 1)" in texts(rows[-1])
    assert "i/189/status" in texts(rows[4])


def test_marked_records_are_open_and_named_in_words(page: Callable[..., ET.Element]) -> None:
    """What shows a failure is told by more than colour, and can be read without a click."""
    found = sections(page())["STATUS-NOT-EARLY-1"]
    marked = [item for item in found.iter("li") if item.get("class") == "marked"]
    assert marked
    assert all("shows it" in texts(item) for item in marked)
    assert all(details.get("open") for item in marked for details in item.iter("details"))
    assert sum("shows it" in texts(item) for item in found.iter("li")) == len(marked)


def test_arrows_have_words_for_those_who_hear_the_page(page: Callable[..., ET.Element]) -> None:
    """Every drawing is hidden from screen readers, and a sentence stands in its place."""
    whole = page()
    hidden = [drawing for drawing in whole.iter("svg") if drawing.get("aria-hidden") == "true"]
    headers = [part for part in whole.iter("div") if part.get("aria-hidden") == "true"]
    assert len(hidden) + len(headers) == len(list(whole.iter("svg")))
    spoken = [texts(part) for part in whole.iter("span") if part.get("class") == "unseen"]
    assert "OMS to provisioner: HSS completed, answered 200" in spoken


def test_page_can_be_walked_by_its_structure(page: Callable[..., ET.Element]) -> None:
    """It names its language, its landmarks and tables, and every link leads to something on it."""
    whole = page()
    ids = [element.get("id") for element in whole.iter() if element.get("id")]
    links = [str(link.get("href")) for link in whole.iter("a")]
    assert whole.get("lang") == "en"
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert [len(list(whole.iter(name))) for name in ("main", "nav", "h1", "title")] == [1, 1, 1, 1]
    assert all(table.find("caption") is not None for table in whole.iter("table"))
    assert all(cell.get("scope") for cell in whole.iter("th"))


def test_page_loads_nothing_and_runs_nothing(report: Callable[..., Any]) -> None:
    """The page works offline in a browser without scripts, and its policy forbids both."""
    text = report(WRONG).text("report.html")
    assert "default-src 'none'" in text
    assert re.findall(r"<script|<link|<img|<iframe|url\(|@import|\son\w+=|javascript:", text) == []
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', text) == []


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_content_is_only_text(report: Callable[..., Any], evil: str) -> None:
    """Whatever a target puts into bodies, headers, paths and fields is shown and never obeyed."""

    def spoilt(record: Record) -> Record:
        detail = {name: evil if isinstance(value, str) else value for name, value in record.detail.items()}
        return replace(
            record,
            target=evil,
            method=evil,
            cause=evil,
            fault=evil if record.operation == "query" else None,
            request_body=evil,
            response_body=evil,
            request_headers={evil: evil},
            detail=detail if record.operation == "status" else record.detail,
        )

    plain = parsed(report(WRONG).text("report.html"))
    done = report(WRONG, change=spoilt, steps=[{"verb": evil, evil: evil}], unsure=evil)
    page = parsed(done.text("report.html"))
    assert {element.tag for element in page.iter()} <= {element.tag for element in plain.iter()} | {"ol", "code"}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.text("report.html") + done.output)
    shown = " ".join(map(texts, sections(page).values()))
    assert printable(evil) in shown
    assert "49" not in shown.split()


def test_flood_makes_no_page_that_cannot_be_opened(page: Callable[..., ET.Element]) -> None:
    """Of thousands of exchanges those near the proof are shown, and the number of the others is told."""
    flood = ["query account"] * 3_000
    found = sections(page(*WRONG[:4], *flood, *WRONG[4:]))["STATUS-NOT-EARLY-1"]
    assert len(list(found.iter("details"))) < 120
    assert re.search(r"2\d\d\d more are left out here", texts(found))
    assert any(item.get("class") == "marked" for item in found.iter("li"))


def test_long_body_is_cut_with_a_word(report: Callable[..., Any]) -> None:
    """A body of megabytes is shown in part, and the reader is told where the rest is."""
    text = report(WRONG, change=lambda record: replace(record, request_body="x" * 1_000_000)).text("report.html")
    assert len(text) < 1_000_000
    assert "992000 more characters, see the journal" in text


def test_page_says_what_it_does_not_prove(page: Callable[..., ET.Element]) -> None:
    """Virtual delay ages nobody, and each requirement that was not tested is named with its reason."""
    limits = texts(page()).partition("What this does not prove")[2].partition("What this does not prove")[2]
    assert "Virtual delay does not age the provisioner" in limits
    assert "STATUS-GROUP-CUSTOM: the target does not declare custom-groups" in limits


def test_missing_journal_is_said(report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker left no journal, the findings stand, and the page says why there is no diagram."""
    monkeypatch.setattr("conformance.report_html.read_records", lambda _path: ())
    page = parsed(report(WRONG).text("report.html"))
    assert "The journal journal-main.jsonl is not there" in texts(sections(page)["STATUS-NOT-EARLY-1"])
