"""The command `espf-conformance`: judges a provisioner, and prints what the catalogue demands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from conformance.errors import ConformanceError
from conformance.explaining import as_explanation, as_list, as_page
from conformance.requirements import requirement
from simulators import __version__
from simulators.commands import Commands
from simulators.errors import SimulatorError

LOG_WIDTH: Final = 140
_PATH: Final[click.Path] = click.Path(path_type=Path)


class ConformanceCommands(Commands):
    """The same exit codes, for the judge's own errors too."""

    configuration_errors = (ConformanceError, SimulatorError)


@click.group(cls=ConformanceCommands)
@click.version_option(__version__)
def main() -> None:
    """Judge whether a provisioner does what the ESPF demands of it."""


def reporting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of all that end with a verdict."""
    options = (
        click.option("--strict", is_flag=True, help="A SHOULD that is not met, or a partial run, fails too."),
        click.option("--expect-fail", metavar="FILE", type=_PATH, help="TOML: failures that are known."),
        click.option("--report-dir", default=Path("reports"), show_default=True, type=_PATH),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@click.option("--target", required=True, help="A target file, or the name of a bundled one.")
@click.option("--only", multiple=True, metavar="ID", help="Judge this requirement; may be repeated.")
@click.option(
    "--profile",
    type=click.Choice(["core", "full"]),
    default="full",
    show_default=True,
    help="core leaves out trouble of the neighbours, restarts and load.",
)
@click.option(
    "--budget",
    type=click.Choice(["small", "normal", "thorough"]),
    default="normal",
    show_default=True,
    help="small tells nothing twice; else what failed is told once more, to be sure.",
)
@click.option(
    "-n", "workers", default=0, type=click.IntRange(0), help="Workers, each with its own stack and target."
)
@click.option("--seed", type=click.IntRange(0), help="The root of all chance; the report of a run names its.")
@reporting
def run(**options: Any) -> int:
    """Judge a provisioner and write conformance.json, junit.xml and report.html."""
    # Imported here: pytest and the simulators would make every other command slow to start.
    from conformance.runner import RunOptions, run_suite  # noqa: PLC0415

    return run_suite(RunOptions(**options), console=_console())


@main.command()
@click.argument("journals", metavar="JOURNAL...", nargs=-1, required=True, type=_PATH)
@reporting
def judge(journals: tuple[Path, ...], **options: Any) -> int:
    """Judge the saved journals of a run again: the same verdict, and the same reports."""
    from conformance.rejudge import judge_journals  # noqa: PLC0415 - as above

    return judge_journals(journals, **options, console=_console())


@main.command()
@click.argument("story", type=_PATH)
@click.option("--target", required=True, help="A target file, or the name of a bundled one.")
@reporting
def replay(story: Path, **options: Any) -> int:
    """Play a saved story again, with new accounts, and judge it: reports/stories holds those that failed."""
    from conformance.replay import replay_story  # noqa: PLC0415 - as above

    return replay_story(story, **options, console=_console())


def _console() -> Console:
    """A console; a log that is no terminal has no width of its own, and tables want some."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=LOG_WIDTH)


@main.command()
@click.option("--target", required=True, help="A target file, or the name of a bundled one.")
@click.option("--report-dir", default=Path("reports"), show_default=True, type=click.Path(path_type=Path))
def doctor(target: str, report_dir: Path) -> int:
    """Look whether a provisioner is set up to be judged: its address, its neighbours, its credentials."""
    from conformance.runner import examine  # noqa: PLC0415 - as above

    return examine(target, report_dir=report_dir, console=_console())


@main.command("list")
@click.option("--markdown", is_flag=True, help="The whole as a page, as docs/requirements.md has it.")
def list_requirements(*, markdown: bool) -> None:
    """List the requirements: id, level, profile and rule."""
    click.echo(as_page() if markdown else "\n".join(as_list()), nl=not markdown)


@main.command()
@click.argument("requirement_id", metavar="ID")
def explain(requirement_id: str) -> None:
    """Explain one requirement, and say what tests it."""
    click.echo("\n".join(as_explanation(requirement(requirement_id))))


if __name__ == "__main__":
    main()
