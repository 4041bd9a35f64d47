"""The documents are true: what they tell users to write and to type works."""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from conformance.expectations import load_expectations
from conformance.target import PLACEHOLDERS, load_target
from loadtests.thresholds import read_thresholds
from simulators.oms.plans import Plan
from simulators.stack import Stack

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONTRACT = (ROOT / "docs" / "bring-your-own-provisioner.md").read_text()
PAGES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
# What every provisioner has to be told, whatever its own names for it are.
NEEDED = {
    *("portabilling_url", "login", "password", "oms_url", "oms_token"),
    *("event_user", "event_password", "notify_url"),
}


def test_target_file_of_the_readme_is_valid(tmp_path: Path) -> None:
    """The example that users copy first has no mistakes."""
    example = tmp_path / "acme.toml"
    example.write_text(re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0])

    assert load_target(str(example))[1].target.name == "acme-provisioner"


def test_contract_names_all_that_the_judge_fills_in() -> None:
    """No placeholder is missing on the page, and none is invented."""
    assert set(re.findall(r"`\{(\w+)\}`", CONTRACT)) == PLACEHOLDERS


def worked_targets() -> dict[str, str]:
    """The target files that the page on the contract prints, by their names."""
    return dict(re.findall(r"^```toml\n# (\w+\.toml)\n(.*?)^```", CONTRACT, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", ["python.toml", "node.toml", "container.toml"])
def test_worked_target_is_valid(tmp_path: Path, name: str) -> None:
    """Who copies one has no mistakes in it, and hands over all that a provisioner needs to be told."""
    path = tmp_path / name
    path.write_text(worked_targets()[name])

    target = load_target(str(path))[1].target

    assert target.command
    assert set(re.findall(r"\{(\w+)\}", " ".join(target.env.values()))) >= NEEDED
    assert "{port}" in " ".join([*target.command, *target.env.values()])


def test_container_of_the_worked_targets_gets_every_variable(tmp_path: Path) -> None:
    """Docker passes on only what is named, and the container that is started is the one that is removed."""
    path = tmp_path / "container.toml"
    path.write_text(worked_targets()["container.toml"])

    target = load_target(str(path))[1].target

    passed_on = {value for option, value in pairwise(target.command) if option == "--env"}
    (name,) = (value for option, value in pairwise(target.command) if option == "--name")
    assert passed_on == set(target.env)
    assert target.kill[-1] == name


def sample(page: str, language: str, *, of: str) -> str:
    """The one block of a page, in a language, that says something."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (found,) = (block for block in blocks if of in block)
    return str(found)


def test_printed_thresholds_are_read(tmp_path: Path) -> None:
    """The page on the load test shows a file that `--thresholds` takes."""
    path = tmp_path / "limits.toml"
    path.write_text(sample("load-test-before-go-live.md", "toml", of="p95_event_to_status"))

    assert read_thresholds(path).kept_up == 40


def test_printed_expectations_are_read(tmp_path: Path) -> None:
    """The page on the contract shows a file that `--expect-fail` takes."""
    path = tmp_path / "known.toml"
    path.write_text(sample("bring-your-own-provisioner.md", "toml", of="[[expect]]"))

    assert [entry.id for entry in load_expectations(path)] == ["STATUS-MESSAGE"]


def test_printed_plan_is_possible() -> None:
    """The page on what goes wrong shows a plan that the OMS takes."""
    plan = Plan.model_validate_json(sample("plan-what-goes-wrong.md", "json", of="retrying"))

    assert (plan.outcome, plan.i_account) == ("failed", 189)


def _is_stored(stack: Stack, group: str, status: str) -> bool:
    return stack.espf.status_of(189, group) == status


def test_commands_of_the_readme_drive_a_stack(
    beside_reference: Callable[..., AbstractContextManager[Stack]],
) -> None:
    """Offline development as the README tells it: emit, advance ten minutes, see that HSS is OK."""
    commands = re.findall(r"^\.venv/bin/espf-simulators (.+)$", README, re.MULTILINE)
    wanted = {
        "emit": [("HSS", "IN_PROGRESS"), ("PCRF", "IN_PROGRESS")],
        "advance": [("HSS", "OK")],
        "statuses": [],
    }
    printed = []
    with beside_reference(clock="real") as stack:
        for command in commands:
            words = [
                sys.executable,
                "-m",
                "simulators",
                *command.split(),
                "--control",
                stack.addresses.control,
            ]
            printed.append(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
            for group, status in wanted.pop(command.split()[0]):
                reached = partial(_is_stored, stack, group, status)
                assert stack.journal.wait_until(reached, timeout=30)

    assert wanted == {}
    assert re.search(r"189 +HSS +OK", printed[-1])
    assert re.search(r"189 +PCRF +IN_PROGRESS", printed[-1])


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_between_documents_lead_somewhere(page: str) -> None:
    """A relative link names a file that exists, and a heading that it has."""
    text = (ROOT / "docs" / page).read_text()

    for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        target = ROOT / "docs" / (link or page)
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), f"{link}#{anchor}"


def test_index_lists_every_document() -> None:
    """Nobody has to look into the folder to find a page."""
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "README.md").read_text()))

    # `make prove` writes the proof, which is there only afterwards.
    assert set(PAGES) - {"README.md", "proof.md"} <= listed
