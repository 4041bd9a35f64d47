"""Starts a target, and ends its whole process group when its owner closes the pipe or dies, however it dies.

Run as a file by `process.py`: `keeper.py STOP_SECONDS COMMAND...`. It leads the process group; its exit
code is the command's.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    """Keep a command alive for as long as standard input stays open."""
    stop_seconds, command = float(sys.argv[1]), sys.argv[2:]
    # A handler, not SIG_IGN: the command must not inherit that SIGTERM is ignored.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the user's own target
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error.strerror}\n")
        return 127
    owner_gone = threading.Event()
    ending = threading.Thread(target=_end_with_owner, args=(child, stop_seconds, owner_gone), daemon=True)
    ending.start()
    code = child.wait()
    if owner_gone.is_set():
        ending.join()
    # As a shell says it: 128 and the number of the signal that killed it.
    return code if code >= 0 else 128 - code


def _end_with_owner(
    child: "subprocess.Popen[bytes]", stop_seconds: float, owner_gone: threading.Event
) -> None:
    # Not sys.stdin: a thread that waits inside its lock makes the interpreter abort at its end.
    while os.read(0, 1):
        pass
    owner_gone.set()
    os.killpg(0, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(stop_seconds)
    # Whatever the command started and left behind ends too, and this process with it.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
