"""Proves the judge: each faulty provisioner is caught under its own requirement, each legal variant passes.

`python tests/prove.py [NAME...]` judges them and prints a table; that of all of them becomes docs/proof.md.
A faulty one is told the stories of its requirement and the search; it ends with 1 if any row is wrong.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from conformance.requirements import requirement
from conformance.search import PLAIN
from simulators.bundled import find

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parent / "docs" / "proof.md"
# They wait for most of the time; more would compete for the processors that the waits are measured on.
AT_A_TIME: Final = 4
LEGAL_AT_A_TIME: Final = 2
WORKERS: Final = "3"
IMPATIENT: Final = "\n[timeouts]\nhang = 1.0\nconverge = 3.0\n"
HEAD: Final = (
    "| variant | expected | found | seconds | deviations in the smallest story | its saved story |",
    "|---|---|---|---|---|---|",
)
WRONG: Final = " **wrong**"
GRADES: Final = {"MUST": "fail", "SHOULD": "warn"}
AGAIN: Final = "shows it again, spares the reference"
# Where all goes well, there may be nothing that the requirement speaks of.
SPARED: Final = frozenset({"pass", "not-tested"})
# Both forms are needed to tell, or a group that the reference does not have.
NOT_ALONE: Final = frozenset({"STATUS-URL-EQUIVALENT", "STATUS-GROUP-CUSTOM"})
NAMED: Final = re.compile(r"\(([A-Z-]+)\)")
SMALL_STORY: Final = re.compile(r"test_small_story\[(?!\d+ from )(.*)\]")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of judging one provisioner; `again` tells whether its saved story shows it once more."""

    name: str
    expected: str
    found: str
    seconds: float
    deviations: str = "-"
    again: str = "-"

    @property
    def is_right(self) -> bool:
        """Whether the judge said what it had to, and says it again."""
        return self.found == self.expected and self.again in {"-", AGAIN}

    def cells(self) -> tuple[str, ...]:
        """The row as texts."""
        mark = "" if self.is_right else WRONG
        return self.name, self.expected, self.found + mark, f"{self.seconds:.0f}", self.deviations, self.again


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A provisioner that was judged, its target file, and the folder of the reports."""

    target: Path
    folder: Path
    report: Any


def faulty(program: Path) -> Row:
    """Judge a faulty provisioner by the stories of its requirement, and by the search."""
    named = NAMED.search(program.read_text().splitlines()[0])
    broken = requirement(named[1] if named else "")
    started = time.monotonic()
    with _judged(program, "--only", broken.id, "--only", "STATUS-FINAL") as judged:
        grades = {broken.id: GRADES[broken.level]}
        own = [
            entry["id"]
            for entry in judged.report["requirements"]
            if entry["verdict"] in {"fail", grades.get(entry["id"])}
        ]
        return Row(
            name=program.stem,
            expected=broken.id,
            found=", ".join(own) or judged.report["verdict"],
            seconds=time.monotonic() - started,
            deviations=_smallest(judged.report, broken.id),
            again=_again(judged, broken.id),
        )


def legal(program: Path) -> Row:
    """Judge a legal variant by everything."""
    started = time.monotonic()
    with _judged(program, "-n", WORKERS) as judged:
        failed = [entry["id"] for entry in judged.report["requirements"] if entry["verdict"] == "fail"]
        return Row(
            name=program.stem,
            expected="conformant",
            found=", ".join(failed) or judged.report["verdict"],
            seconds=time.monotonic() - started,
        )


def _again(judged: Judged, broken: str) -> str:
    """Play the first saved story that showed the fault: it must show it again, and spare the reference."""
    (entry,) = (entry for entry in judged.report["requirements"] if entry["id"] == broken)
    stories = [item["story"] for item in entry["evidence"] if item["story"] and not item["follows_from"]]
    if not stories or broken in NOT_ALONE:
        return "-"
    story = str(judged.folder / stories[0])
    shown, spared = (
        _replayed(story, target, judged.folder, broken) for target in (judged.target, "reference")
    )
    is_right = shown == GRADES[requirement(broken).level] and spared in SPARED
    return AGAIN if is_right else f"no: {shown}, {spared}"


def _replayed(story: str, target: Path | str, folder: Path, broken: str) -> str:
    reports = folder / f"again-{Path(target).stem}"
    command = [sys.executable, "-m", "conformance", "replay", story, "--target", str(target)]
    done = subprocess.run(
        [*command, "--report-dir", str(reports)], capture_output=True, text=True, check=False
    )
    if not (reports / "conformance.json").exists():
        return f"exit code {done.returncode}"
    found = json.loads((reports / "conformance.json").read_text())["requirements"]
    return next(str(entry["verdict"]) for entry in found if entry["id"] == broken)


def _smallest(report: Any, broken: str) -> str:
    """The number of deviations in the smallest story of the search that failed by this requirement."""
    (entry,) = (entry for entry in report["requirements"] if entry["id"] == broken)
    own = [item["scenario"] for item in entry["evidence"] if not item["follows_from"]]
    names = [found[1] for found in map(SMALL_STORY.fullmatch, own) if found]
    counts = [0 if name == PLAIN else 1 + name.count(" and ") for name in names]
    return str(min(counts)) if counts else "a named scenario"


@contextmanager
def _judged(program: Path, *options: str) -> Iterator[Judged]:
    with tempfile.TemporaryDirectory() as folder:
        target, reports = Path(folder) / "target.toml", Path(folder) / "reports"
        target.write_text(_target(program))
        command = [sys.executable, "-m", "conformance", "run", "--target", str(target), *options]
        subprocess.run([*command, "--report-dir", str(reports)], capture_output=True, check=False)
        report = json.loads((reports / "conformance.json").read_text())
        yield Judged(target=target, folder=reports, report=report)


def _target(program: Path) -> str:
    own = program.with_suffix(".toml")
    lines = (own if own.exists() else find("targets", "reference")).read_text().splitlines()
    runner = "node" if program.suffix == ".mjs" else "{python}"
    command = f'command = ["{runner}", "{program}"]'
    text = "\n".join(command if line.startswith("command") else line for line in lines) + "\n"
    return text + (IMPATIENT if program.parent.name == "mutants" else "")


def _programs(folder: str, names: Sequence[str]) -> list[Path]:
    found = sorted(path for path in (HERE / folder).iterdir() if path.suffix in {".py", ".mjs"})
    return [path for path in found if not names or path.stem in names]


def _rows(names: Sequence[str]) -> Iterator[Row]:
    """Judge the faulty ones side by side, then the legal ones, each by several workers."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield from pool.map(faulty, _programs("mutants", names))
    with ThreadPoolExecutor(LEGAL_AT_A_TIME) as pool:
        yield from pool.map(legal, _programs("variants", names))


def _shown(rows: Iterable[Row], *, console: Console) -> Iterator[str]:
    """The lines of the table, each shown as soon as it is known."""
    cells = (row.cells() for row in rows)
    for line in chain(HEAD, (f"| {' | '.join(some)} |" for some in cells)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
        yield line


def main(names: Sequence[str]) -> int:
    """Judge all, or those of these names; gives the exit code."""
    started, console = time.monotonic(), Console()
    lines = list(_shown(_rows(names), console=console))
    judged, wrong = len(lines) - len(HEAD), sum(WRONG in line for line in lines)
    minutes = (time.monotonic() - started) / 60
    about = (
        f"{judged} provisioners judged, {wrong} rows wrong, in {minutes:.0f} minutes on "
        f"{datetime.now(tz=UTC):%Y-%m-%d}, with {os.cpu_count()} processors, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}."
    )
    console.print(f"\n{about}", markup=False, highlight=False, soft_wrap=True)
    if not names:
        table = "\n".join(lines)
        PAGE.write_text(f"# Proof of the judge\n\nWritten by `make prove`.\n\n{about}\n\n{table}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
