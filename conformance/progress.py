"""A progress bar while the suite runs, as a pytest plugin of the controller; a pipeline's log gets none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class ProgressBar:
    """Counts the scenarios that have ended, of those that were collected."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("scenarios", total=None)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn without workers how many scenarios there are."""
        if session.items:
            self._progress.update(self._task, total=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[Any]) -> None:
        """Learn from a worker how many scenarios there are: each collects them all."""
        self._progress.update(self._task, total=len(ids))

    def pytest_runtest_logfinish(self) -> None:
        """Count a scenario that has ended."""
        self._progress.advance(self._task)


@contextmanager
def progress_bar(console: Console) -> Iterator[ProgressBar]:
    """Show a bar below what is printed meanwhile, and take it away at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield ProgressBar(progress)
