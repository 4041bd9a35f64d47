"""The report pages of judge and load test in a real browser: offline, whole, and for everybody."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

MUTANT = Path(__file__).parents[2] / "mutants" / "ok_at_acceptance.py"
DEADLINE = 120
Open = Callable[[str], Page]
Look = Callable[[Page], list[str]]
Take = Callable[[Page, str], None]


@pytest.fixture(name="report")
def _report(run_conformance: Callable[..., Any], write_target: Callable[..., Path]) -> Path:
    """The page of a run that failed."""
    target = write_target(MUTANT, timeouts="hang = 0.5\nconverge = 1.0")
    run = run_conformance(target, "--only", "STATUS-NOT-EARLY")
    page: Path = run.report_dir / "report.html"
    return page


@pytest.fixture(name="load_report")
def _load_report(tmp_path: Path, marked_env: Mapping[str, str]) -> Path:
    """The folder with the reports of a load."""
    command = [sys.executable, "-m", "loadtests", "run", "--target", "reference", "--rate", "10"]
    options = ["--duration", "3", "--report-dir", str(tmp_path)]
    env = {**os.environ, **marked_env}
    subprocess.run([*command, *options], env=env, stdout=subprocess.DEVNULL, timeout=DEADLINE, check=False)
    return tmp_path


def test_report_shows_the_failure(
    report: Path, open_page: Open, complaints_of_axe: Look, take_picture: Take
) -> None:
    """What failed stands first, its exchange opens and shows the wire, and axe-core finds nothing."""
    page = open_page(report.as_uri())

    expect(page.get_by_role("heading", name="STATUS-NOT-EARLY: fail")).to_be_visible()
    marked = page.locator("li.marked details").first
    expect(marked).to_have_attribute("open", "open")
    expect(marked).to_contain_text("POST /espf/v1/account/")
    assert complaints_of_axe(page) == []
    take_picture(page, "report")


def test_load_page_shows_its_plots(
    load_report: Path, open_page: Open, complaints_of_axe: Look, take_picture: Take
) -> None:
    """The page of a load has its figures and four plots, each with its content in words."""
    page = open_page((load_report / "load.html").as_uri())

    plots = page.get_by_role("img")
    expect(plots).to_have_count(4)
    assert all("aria-label" in plot.evaluate("plot => plot.outerHTML") for plot in plots.all())
    figures = json.loads((load_report / "load.json").read_text())["figures"]
    expect(page.get_by_role("row").first).to_contain_text(f"{figures['intended']}, {figures['sent']}")
    assert complaints_of_axe(page) == []
    take_picture(page, "load")
