"""Saved stories: what failed once fails again with new accounts, and passes where nothing is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FAULTY = Path(__file__).parent.parent / "mutants"
# The reference, which orders for its first account without having asked.
FORGETS_THE_FIRST = """
from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.query_subscriber import AccountInfo, PortaBilling, SimCardInfo

ASKED = []

class Forgetful(PortaBilling):
    def account(self, i_account):
        ASKED.append(i_account)
        return super().account(i_account) if i_account != ASKED[0] else AccountInfo(id="x")

    def sim_card(self, i_account):
        return super().sim_card(i_account) if i_account != ASKED[0] else SimCardInfo(imsi="1")

vars(provisioner)["PortaBilling"] = Forgetful
main()
"""


@pytest.mark.parametrize(
    ("mutant", "broken"),
    [("believes_the_last_news", "NOTICE-REORDERED"), ("orders_for_closed_accounts", "EVENT-REORDER")],
)
def test_saved_story_shows_the_fault_again_and_spares_the_reference(
    mutant: str, broken: str, run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Each story that a report keeps is played by one command, with the same finding on the same target."""
    target = write_target(FAULTY / f"{mutant}.py", forms='"i_account"')
    found = run_conformance(target, "--only", broken, "--budget", "small")
    (story,) = (found.report_dir / "stories").glob("*.json")

    again = run_conformance(target, command=("replay", str(story)))
    spared = run_conformance("reference", command=("replay", str(story)))

    assert again.verdict_of(broken) == found.verdict_of(broken) in {"fail", "warn"}
    assert again.code == found.code
    assert (spared.verdict_of(broken), spared.code) == ("pass", 0)


def test_story_that_cannot_be_played_is_refused(run_conformance: Callable[..., Any], tmp_path: Path) -> None:
    """A file of another edition, or with mistakes, ends with exit code 4 and a sentence for each."""
    story = tmp_path / "story.json"
    story.write_text('{"version": 2, "scenario": "x", "url_form": "name", "requirements": [], "steps": []}')

    run = run_conformance("reference", command=("replay", str(story)))

    assert run.code == 4
    for told in ("story.json has mistakes", "version", "url_form", "'name'"):
        assert told in run.errors


def test_what_comes_and_goes_is_told_again_and_inconclusive(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path], tmp_path: Path
) -> None:
    """A story that failed is told once more: as it passes then, nobody can tell, and the run says so."""
    program = tmp_path / "forgets_the_first.py"
    program.write_text(FORGETS_THE_FIRST)

    run = run_conformance(write_target(program, forms='"i_account"'), "--only", "DATA-QUERY")

    assert run.verdict_of("DATA-QUERY") == "inconclusive", run.output
    assert run.code == 2
    assert "failed in 1 of 2 tellings" in run.output
