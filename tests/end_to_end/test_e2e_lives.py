"""Lives of several accounts: a faulty provisioner is found out, by a story that can be played again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.bench import Bench, open_bench
from conformance.life import Lives, Profile
from conformance.scenario import Scenario, conclude
from conformance.story import Story, play
from conformance.target import load_target

SEED = 3
LIVES = 12
IMPATIENT = "hang = 0.5\nconverge = 1.0"
FAULTY = Path(__file__).parent.parent / "mutants" / "drops_changes.py"
Opened = Callable[..., Any]


@pytest.fixture(name="opened")
def _opened(write_target: Callable[..., Path], tmp_path: Path) -> Opened:
    """Start a target beside its simulators, a bundled one or the faulty one."""

    @contextmanager
    def start(name: str = "") -> Iterator[Bench]:
        path, file = load_target(name or str(write_target(FAULTY, timeouts=IMPATIENT)))
        with open_bench(file, folder=path.parent, url_form="i_account", report_dir=tmp_path) as bench:
            yield replace(bench, seed=SEED)

    return start


def tell(bench: Bench, *, smaller: int) -> Scenario:
    """The life that fails, of which so many more were told to make it smaller."""
    profile = Profile(lives=LIVES, steps=6, smaller=smaller)
    return Lives(bench, name="life", journal="a.jsonl", profile=profile).told()[-1]


def test_failing_life_is_made_smaller_and_spares_the_reference(opened: Opened) -> None:
    """What no single deviation shows is found by chance, cut down, and passes where nothing is wrong."""
    with opened() as bench:
        smallest = tell(bench, smaller=8)
    with opened("reference") as bench:
        story = Story(bench, name="again", requirements=())
        play(story, smallest.steps)
        spared = conclude(story, journal="b.jsonl")

    assert smallest.failed == {"ORDER-CHANGE"}
    assert "change_sim_card" in {step["verb"] for step in smallest.steps}
    assert not spared.went_wrong


def test_same_seed_finds_the_same_life_first(opened: Opened) -> None:
    """Who is given the seed of a run meets what that run met."""
    with opened() as bench:
        assert tell(bench, smaller=0).steps == tell(bench, smaller=0).steps
