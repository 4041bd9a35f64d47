"""The catalogue in words: what `list` and `explain` print, and the page that is generated from it."""

from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.coverage import written, written_for
from conformance.explaining import as_explanation, as_list, as_page
from conformance.requirements import catalogue, requirement

PAGE: Final = Path(__file__).parents[2] / "docs" / "requirements.md"


def test_page_on_the_requirements_is_not_stale() -> None:
    """What the documents say of a requirement is what the catalogue and the suite say: run `make docs`."""
    assert PAGE.read_text(encoding="utf-8") == as_page()


def test_list_names_every_requirement_once_under_its_duty() -> None:
    """Each has a line with its level, its profile and its rule."""
    lines = [line.split() for line in as_list() if line.startswith("  ")]
    assert [line[:3] for line in lines] == [[e.id, e.level, e.profile] for e in catalogue().values()]


@pytest.mark.parametrize("id_", catalogue())
def test_explanation_says_all_that_the_catalogue_holds(id_: str) -> None:
    """Level, profile, source, when it applies, what is milder, what follows, and what tests it or why not."""
    entry = requirement(id_)
    text = "\n".join(as_explanation(entry))
    held = (entry.level, entry.profile, entry.source, entry.sentence, entry.milder, entry.not_tested)
    names = (*entry.features, *entry.implies, *(scenario.name for scenario in written_for(id_)))
    assert [part for part in (*held, *names) if part not in text] == []


def test_every_scenario_of_the_suite_stands_on_the_page() -> None:
    """Beside each requirement stand the scenarios that were written for it, with what they tell."""
    page = as_page()
    assert written()
    assert [one.name for one in written() if f"`{one.name}` of `{one.file}`: " not in page] == []
    assert [one.name for one in written() if not one.sentence] == []


def test_commands_print_them() -> None:
    """`list`, `list --markdown` and `explain` end well, and an unknown id is a sentence with exit code 4."""
    run = CliRunner().invoke
    assert run(main, ["list"]).output == "\n".join(as_list()) + "\n"
    assert run(main, ["list", "--markdown"]).output == as_page()
    assert "MUST" in run(main, ["explain", "EVENT-ACK"]).output
    unknown = run(main, ["explain", "EVENT-NONSENSE"])
    assert (unknown.exit_code, "is no requirement" in unknown.output) == (4, True)
