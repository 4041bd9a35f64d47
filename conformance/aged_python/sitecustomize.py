"""Mends `time.sleep` of Python 3.11 and newer under libfaketime 0.9.10, where it fails (its issue 426).

Python imports it by its name at start, because its folder is the first on PYTHONPATH.
"""

import importlib
import select
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def _sleep(seconds: Any) -> None:
    """Wait as `time.sleep` does, by a call that libfaketime leaves alone."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


def _import_the_one_behind() -> None:
    """Import the sitecustomize that this one hides, if there is one."""
    here = Path(__file__).parent
    sys.path[:] = [entry for entry in sys.path if Path(entry) != here]
    del sys.modules[__name__]
    with suppress(ImportError):
        importlib.import_module(__name__)


if __name__ == "sitecustomize":
    try:
        time.sleep(0)
    except OSError:
        time.sleep = _sleep
    _import_the_one_behind()
