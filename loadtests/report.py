"""Writes a load down: JSON for pipelines, a page with plots for people, a few lines for the terminal."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from rich.console import Console
from rich.table import Table

from conformance.oracle.checks import Check
from loadtests.figures import Figures
from loadtests.plots import bars, counted, plot
from loadtests.run import Load
from loadtests.scenarios import LoadScenario
from loadtests.spread import Spread
from loadtests.tally import WINDOW
from loadtests.thresholds import Crossed

SCHEMA: Final = 1
# So many failures are told one by one; all of them are counted.
SHOWN: Final = 20


def write_load(
    load: Load, missed: Sequence[Crossed], *, target: str, scenario: LoadScenario, report_dir: Path
) -> None:
    """Write load.json and load.html."""
    about = {"target": target, "scenario": scenario.name, "arrivals": asdict(scenario.arrivals)}
    found = {
        "schema": SCHEMA,
        **about,
        "verdict": verdict(load, missed),
        "accident": load.accident or None,
        "bottleneck": load.figures.bottleneck or None,
        "crossed": [asdict(one) for one in missed],
        "figures": asdict(load.figures),
        "failures": [_failure(check) for check in load.failures],
    }
    (report_dir / "load.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    page = (
        _environment()
        .get_template("load.html")
        .render(
            **about,
            verdict=verdict(load, missed),
            figures=load.figures,
            crossed=missed,
            failures=load.failures,
            accident=load.accident,
            rows=_rows(load.figures),
            plots=_plots(load.figures),
        )
    )
    (report_dir / "load.html").write_text(page, encoding="utf-8")


def print_load(
    load: Load, missed: Sequence[Crossed], *, target: str, scenario: LoadScenario, report_dir: Path
) -> None:
    """Print the figures, what was not kept, and the verdict."""
    console = Console()
    table = Table(title=f"{target} under the load {scenario.name}", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in _rows(load.figures):
        table.add_row(name, value)
    console.print(table)
    for check in load.failures[:SHOWN]:
        found = f"expected {check.expected}, received {check.received}"
        text = f"  {check.requirement} i_account {check.i_account}: {found}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    for one in missed:
        console.print(f"  threshold {one}", markup=False, highlight=False, soft_wrap=True)
    if load.accident:
        console.print(load.accident, markup=False, highlight=False, soft_wrap=True)
    if load.figures.bottleneck:
        console.print(
            f"The result does not count: {load.figures.bottleneck}.", highlight=False, soft_wrap=True
        )
    console.print(
        f"Open {report_dir / 'load.html'} in a browser for the plots.", highlight=False, soft_wrap=True
    )
    console.print(f"verdict: [bold]{verdict(load, missed)}[/]", highlight=False)


def verdict(load: Load, missed: Sequence[Crossed]) -> str:
    """What came of it, in a word or two."""
    if missed:
        return "not met"
    return "unknown, since the harness fell short" if load.figures.bottleneck else "met"


def _failure(check: Check) -> dict[str, Any]:
    names = ("requirement", "i_account", "group", "expected", "received")
    return {name: getattr(check, name) for name in names}


def _rows(found: Figures) -> list[tuple[str, str]]:
    rows = [
        ("events intended, sent", f"{found.intended}, {found.sent}"),
        ("events and notifications left late, p99", f"{_ms(found.lateness)} and {_ms(found.notified)}"),
        ("requests took the simulators but for faults, p99", _ms(found.served)),
        (f"the simulators had of a processor, in their busiest {WINDOW} s", f"{found.busy:.0%}"),
        ("answer from the moment it was due, p50 / p95 / p99", _spread(found.answered)),
        ("event to last status without the OMS, p50 / p95 / p99", _spread(found.event_to_status)),
        *((f"  of {group}", _spread(some)) for group, some in found.groups.items()),
        ("highest backlog", str(max((one.backlog for one in found.seconds), default=0))),
        ("all at their end after the last event", _seconds(found.recovered_after)),
        ("accounts lost, wrong, doubled", f"{found.lost}, {found.wrong}, {found.doubled}"),
        *((f"statuses of {group}", counted(statuses)) for group, statuses in found.statuses.items()),
    ]
    if found.kept_up is not None:
        rows.append(("kept up to", f"{found.kept_up:.0f} events a second"))
    return rows


def _ms(some: Spread) -> str:
    return f"{some.p99 * 1000:.0f} ms"


def _spread(some: Spread) -> str:
    return f"{some.p50:.2f} / {some.p95:.2f} / {some.p99:.2f} s"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _plots(found: Figures) -> list[tuple[str, Markup]]:
    arrivals = {
        "arrived": [one.arrived for one in found.seconds],
        "done": [one.done for one in found.seconds],
    }
    waits = {
        name: [getattr(one.event_to_status, name) for one in found.windows] for name in ("p50", "p95", "p99")
    }
    title = "Event to last status without the OMS, in seconds, by the moment at which the event was due"
    return [
        ("Events that arrived and came to their end, a second", plot(arrivals)),
        ("Backlog", plot({"open": [one.backlog for one in found.seconds]})),
        (title, plot(waits, every=WINDOW)),
        ("Last statuses by group", bars(found.statuses)),
    ]


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader("loadtests"), PackageLoader("simulators.console", "static")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
