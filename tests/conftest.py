"""What all tests of the harness share: Hypothesis profiles, and a guard against what a test leaves behind."""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

# Real seconds for a thread that has been told to stop; a thread that ends sooner costs nothing.
GRACE: Final = 2.0


def _register_profiles() -> None:
    # Without a named parent, a profile inherits the one in force: Hypothesis's own `ci` wherever CI is set.
    base = settings(settings.get_profile("default"), deadline=None, print_blob=True)
    patient = [HealthCheck.too_slow]
    settings.register_profile("dev", base)
    settings.register_profile("ci", base, derandomize=True, suppress_health_check=patient)
    settings.register_profile("thorough", base, max_examples=2000, suppress_health_check=patient)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


_register_profiles()


def _child(stat: Path) -> str | None:
    try:
        found = re.match(r"(\d+) \((.*)\) \S (\d+) ", stat.read_text(errors="replace"), re.DOTALL)
    except OSError:  # It ended while the folder was read.
        return None
    return f"process {found[1]} ({found[2]})" if found and int(found[3]) == os.getpid() else None


def _children() -> set[str]:
    """Name the processes that this one started; a system without /proc shows none."""
    return {child for stat in Path("/proc").glob("[0-9]*/stat") if (child := _child(stat))}


def _still_runs(thread: threading.Thread) -> bool:
    thread.join(GRACE)
    return thread.is_alive()


def _watch() -> Iterator[None]:
    children, threads = _children(), set(threading.enumerate())
    yield
    new = [thread for thread in threading.enumerate() if thread not in threads and not thread.daemon]
    left = sorted(_children() - children) + [f"thread {thread.name}" for thread in new if _still_runs(thread)]
    if left:
        pytest.fail(
            f"Left behind: {', '.join(left)}. Whoever starts it ends it and waits for the end.", pytrace=False
        )


@pytest.fixture(autouse=True)
def _test_leaves_nothing_behind() -> Iterator[None]:
    yield from _watch()


@pytest.fixture(autouse=True, scope="session")
def _fixtures_leave_nothing_behind() -> Iterator[None]:
    """Cover what fixtures of a wider scope started before any test looked."""
    yield from _watch()
