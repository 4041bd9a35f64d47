"""The clock of a provisioner that ages with virtual time: libfaketime reads it from a file."""

import time
from pathlib import Path


class AgedClock:
    """Real time and an offset, which grows with every step of virtual time and stands in a file.

    It never runs backwards, not even when the simulators are reset: between two steps it goes on as real
    time does, while virtual time stands still.
    """

    def __init__(self, file: Path, *, start: float) -> None:
        """Let it begin at `start`, in virtual seconds since 1970."""
        self._file = file
        self._offset = start - time.time()
        self._write()

    def now(self) -> float:
        """The provisioner's own time, in seconds since 1970."""
        return time.time() + self._offset

    def step(self, seconds: float) -> None:
        """Let the provisioner grow older at once."""
        self._offset += seconds
        self._write()

    def _write(self) -> None:
        # Replaced as a whole: the provisioner may ask for the time at any moment.
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._offset:+.6f}\n")
        new.replace(self._file)
