"""Aging: a target under libfaketime, whose own clock moves with virtual time."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from conformance import aged_python
from conformance.errors import TargetError

LIBRARY: Final = "libfaketimeMT.so.1"
# Where Debian (one folder for each architecture) and others keep it.
PLACES: Final = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")


def aging_env(clock_file: Path, *, python_path: str = "") -> Mapping[str, str]:
    """The variables by which a dynamically linked program takes its time from a file.

    `python_path` is the PYTHONPATH that it would have else.

    Raises:
        TargetError: libfaketime is not installed.
    """
    library = next(_found(), None)
    if library is None:
        raise TargetError(
            f'clock = "faketime" needs {LIBRARY}, which is in none of {", ".join(PLACES)}: install it '
            "(on Debian the package faketime), or leave `clock` out."
        )
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock_file),
        # What libfaketime remembers of the file, it would tell for ten seconds more.
        "FAKETIME_NO_CACHE": "1",
        # Waits and time-outs are real ones; with a false monotonic clock Python's never end.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Else conditions that wait by it time out at once, and threads that share a lock turn in circles.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(aged_python.__file__).parent), python_path))),
    }


def _found() -> Iterator[Path]:
    for place in PLACES:
        yield from Path("/").glob(f"{place.removeprefix('/')}/{LIBRARY}")
