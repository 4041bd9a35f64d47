"""The target as a process group of its own: started, waited for, ended with all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import requests

from conformance import keeper
from conformance.aging import aging_env
from conformance.errors import TargetError
from conformance.target import TargetFile, ca_file_of_target, fill, fill_url

# Real seconds between two questions whether a starting target is ready; nothing can be waited on.
READY_INTERVAL: Final = 0.02
LAST_WORDS: Final = 5
# Exit codes above it tell of a signal, as in a shell.
SIGNALLED: Final = 128


class TargetProcess:
    """A started target; `with` starts it, waits until it is ready, and ends it.

    With a `clock_file` it is started under libfaketime, which reads its time from there.
    """

    def __init__(
        self,
        file: TargetFile,
        *,
        folder: Path,
        values: Mapping[str, str],
        log: Path,
        clock_file: Path | None = None,
    ) -> None:
        self._file = file
        self._clock_file = clock_file
        self._folder = folder
        self._values = values
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
            await_ready(self._file, folder=self._folder, values=self._values, death=self.death)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask the process group to end, and make it end after `[timeouts] stop` real seconds."""
        process = self._process
        if process is None:
            return
        assert process.stdin  # noqa: S101 - it was started with a pipe
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(self._file.timeouts.stop + 1)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._process = None
        self._run_kill()

    def restart(self) -> None:
        """Kill the process group as a power cut does, and start the target again at the same port.

        Raises:
            TargetError: it did not start or was not ready in time.
        """
        process = self._process
        assert process  # noqa: S101 - it was started
        assert process.stdin  # noqa: S101 - with a pipe
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        self._run_kill()
        self._start()
        await_ready(self._file, folder=self._folder, values=self._values, death=self.death)

    def death(self) -> str | None:
        """A sentence about a target that ended by itself; None while it runs."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        lines = self._log.read_text(errors="replace").splitlines()[-LAST_WORDS:]
        words = "\n".join(f"  | {line}" for line in lines) or "  | (it said nothing)"
        signalled = f" (signal {code - SIGNALLED})" if code > SIGNALLED else ""
        name = self._file.target.name
        return f"{name} ended with exit code {code}{signalled}; its last words in {self._log}:\n{words}"

    def _run_kill(self) -> None:
        command = [fill(part, self._values) for part in self._file.target.kill]
        if not command:
            return
        limit = self._file.timeouts.stop
        try:
            subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=limit)  # noqa: S603 - the user's own
        except (OSError, subprocess.SubprocessError) as error:
            raise TargetError(
                f"The target's kill command failed: {error}. Mend `kill` in the target file."
            ) from error

    def _start(self) -> None:
        target = self._file.target
        command = [fill(part, self._values) for part in target.command]
        own = {name: fill(text, self._values) for name, text in target.env.items()}
        env = {**os.environ, **own}
        if self._clock_file:
            env |= aging_env(self._clock_file, python_path=env.get("PYTHONPATH", ""))
        keep = [sys.executable, "-I", "-S", keeper.__file__, str(self._file.timeouts.stop)]
        with _opened(self._log) as log:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own target
                [*keep, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=env,
                start_new_session=True,
            )


def await_ready(
    file: TargetFile, *, folder: Path, values: Mapping[str, str], death: Callable[[], str | None]
) -> None:
    """Wait until the target answers at its `ready_url`, or listens at its `events_url` where it has none.

    Raises:
        TargetError: it ended (`death` tells how), or was not ready within `[timeouts] ready`.
    """
    target, limit = file.target, file.timeouts.ready
    url = fill_url(target.ready_url or target.events_url, values)
    until = time.monotonic() + limit
    ca_file = ca_file_of_target(file, folder=folder)
    while not _answers(url, must_be_ok=target.ready_url is not None, ca_file=ca_file):
        if sentence := death():
            raise TargetError(f"{sentence}\nIt must stay up and answer at {url}.")
        if time.monotonic() > until:
            raise TargetError(
                f"{target.name} never became ready: GET {url} was not answered "
                f"{'2xx ' if target.ready_url else ''}within {limit:g} s. "
                "Check ready_url and events_url and the target's own log, or raise [timeouts] ready."
            )
        time.sleep(READY_INTERVAL)


def _answers(url: str, *, must_be_ok: bool, ca_file: str | None) -> bool:
    """Tell whether something serves this URL; where it must not be OK, any answer shows that it listens."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = ca_file or True
        try:
            response = session.get(url, timeout=1, allow_redirects=False)
        except requests.RequestException:
            return False
        return response.ok or not must_be_ok


def _opened(log: Path) -> BinaryIO:
    try:
        return log.open("ab")
    except OSError as error:
        raise TargetError(
            f"The target's log {log} cannot be written: {error.strerror}. Mend `log`."
        ) from error
