"""The command `espf-loadtest`: at which rate a provisioner falls behind, and what it loses."""

import sys
from pathlib import Path
from typing import Final, get_args

import click
from rich.console import Console

from conformance.about import about_run
from conformance.errors import ConformanceError
from conformance.report import make_folder
from conformance.smoke import tell_smoke_story
from conformance.target import load_target
from loadtests.arrivals import Shape
from loadtests.errors import LoadTestError, ReportError
from loadtests.generator import LOOPBACK, Sharing, check_reach, serve_master
from loadtests.report import print_load, write_load
from loadtests.run import Load, LoadOptions, run_load
from loadtests.scenarios import SCENARIOS, chosen
from loadtests.thresholds import crossed, read_thresholds
from simulators import __version__
from simulators.commands import INTERRUPTED, Commands
from simulators.errors import SimulatorError

MET: Final = 0
"""All thresholds were met."""
MISSED: Final = 1
"""One was missed, or a status was lost, wrong or doubled."""
UNSURE: Final = 2
"""The generator or the simulators were the bottleneck: it is not known."""
# Locust's own.
MASTER_PORT = 5557


class LoadTestCommands(Commands):
    """Commands whose mistakes end with the documented exit codes."""

    configuration_errors = (ConformanceError, LoadTestError, SimulatorError)


@click.group(
    cls=LoadTestCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__)
def main() -> None:
    """Load a provisioner before it goes live."""


@main.command("list")
def list_command() -> None:
    """Print the scenarios."""
    for scenario in SCENARIOS.values():
        arrivals = scenario.arrivals
        click.echo(
            f"{scenario.name:<11} {scenario.about} ({arrivals.rate:g} a second, {arrivals.duration:g} s)"
        )


@main.command("run")
@click.option("--target", required=True, help="A target file, or the name of a bundled one.")
@click.option("--scenario", "name", default="steady", type=click.Choice(list(SCENARIOS)), show_default=True)
@click.option(
    "--rate", type=click.FloatRange(0.01, 100_000), help="Events a second, in place of the scenario's."
)
@click.option("--duration", type=click.FloatRange(0.1, 1e6), help="Real seconds, in place of the scenario's.")
@click.option("--shape", type=click.Choice(get_args(Shape)), help="How events arrive, in place of the same.")
@click.option(
    "--processes", default=1, type=click.IntRange(1, 64), help="Generators that share the schedule."
)
@click.option(
    "--master", "is_master", is_flag=True, help="Wait for so many `espf-loadtest worker` to send it."
)
@click.option(
    "--master-host", default=LOOPBACK, show_default=True, help="The address at which they are awaited."
)
@click.option("--master-port", default=MASTER_PORT, type=click.IntRange(1, 65_535), show_default=True)
@click.option(
    "--thresholds", type=click.Path(path_type=Path), help="TOML: p95_event_to_status = 2.0, lost = 0, ..."
)
@click.option(
    "--drain", default=60.0, type=click.FloatRange(0.1, 1e6), help="Real seconds for what is unfinished."
)
@click.option("--seed", default=0, type=click.IntRange(0))
@click.option("--report-dir", default="load-reports", type=click.Path(path_type=Path), show_default=True)
def run_command(
    *,
    target: str,
    name: str,
    rate: float | None,
    duration: float | None,
    shape: Shape | None,
    processes: int,
    is_master: bool,
    master_host: str,
    master_port: int,
    thresholds: Path | None,
    drain: float,
    seed: int,
    report_dir: Path,
) -> None:
    """Load a provisioner, judge every status, and write load.json, load.html and Locust's own reports."""
    limits = read_thresholds(thresholds)
    scenario = chosen(name, rate=rate, duration=duration, shape=shape)
    path, file = load_target(target)
    sharing = Sharing(
        processes=processes, master_host=master_host, master_port=master_port if is_master else None
    )
    check_reach(file, sharing)
    make_folder(report_dir)
    tell_smoke_story(
        file, folder=path.parent, report_dir=report_dir, about=about_run(file, name=target, seed=0)
    )
    options = LoadOptions(scenario=scenario, report_dir=report_dir, sharing=sharing, drain=drain, seed=seed)
    try:
        load = run_load(file, beside=path.parent, options=options, console=Console(stderr=True))
        missed = crossed(limits, load.figures)
        print_load(load, missed, target=file.target.name, scenario=scenario, report_dir=report_dir)
        write_load(load, missed, target=file.target.name, scenario=scenario, report_dir=report_dir)
    except OSError as error:
        raise ReportError(f"{report_dir} cannot be written: {error.strerror}. Name another.") from error
    sys.exit(_exit_code(load, is_missed=bool(missed)))


def _exit_code(load: Load, *, is_missed: bool) -> int:
    if load.is_interrupted:
        return INTERRUPTED
    return MISSED if is_missed else UNSURE if load.figures.bottleneck else MET


@main.command("worker")
@click.option("--master-host", default=LOOPBACK, show_default=True)
@click.option("--master-port", default=MASTER_PORT, type=click.IntRange(1, 65_535), show_default=True)
def worker_command(*, master_host: str, master_port: int) -> None:
    """Send a share of the events of `espf-loadtest run --master`, on this machine or another."""
    sys.exit(serve_master(host=master_host, port=master_port))


if __name__ == "__main__":
    main()
