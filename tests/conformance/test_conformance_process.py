"""Targets as processes: started, waited for, and ended with all that they started."""

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from werkzeug.exceptions import NotFound

from conformance import keeper, ports
from conformance.errors import TargetError
from conformance.ports import reserved_port
from conformance.process import TargetProcess, await_ready
from conformance.target import Target, TargetFile, Timeouts
from simulators.wire.recorder import WebServer
from simulators.wire.tls import throw_away_authority

# Real seconds within which a process that was ended must be gone; nothing waits so long.
DEADLINE: Final = 20.0
# Answers `GET /204` with 204, and ends when asked for `/exit`; first it writes its number.
SERVER: Final = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(7)
        self.send_response(int(self.path[1:]))
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
print("pid", os.getpid(), flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
PAUSE: Final = "import os, signal; print('pid', os.getpid(), flush=True); signal.pause()"
# Its child tells its number first, so that both have told theirs when the target is ready.
WITH_CHILD: Final = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {PAUSE!r}], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), end="", flush=True)
{SERVER}"""
DEAF: Final = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SERVER}"
OWNER: Final = """
import pathlib, signal, sys
from conformance.process import TargetProcess
from conformance.target import Target, TargetFile, Timeouts
from simulators.wire.tls import throw_away_authority
from simulators.wire.recorder import WebServer
text, folder, port = sys.argv[1:]
file, folder = TargetFile.model_validate_json(text), pathlib.Path(folder)
with TargetProcess(file, folder=folder, values={"port": port}, log=folder / "log"):
    print("ready", flush=True)
    signal.pause()
"""


@pytest.fixture(name="port")
def _port() -> Iterator[int]:
    """A port for the target."""
    with reserved_port("127.0.0.1") as port:
        yield port


@pytest.fixture(name="start")
def _start(tmp_path: Path, port: int) -> Callable[..., TargetProcess]:
    """Prepares a target that runs Python code; options are the keys of a target file's `[target]`."""

    def start(code: str, timeouts: Mapping[str, float] | None = None, **keys: Any) -> TargetProcess:
        file = target_file(code, timeouts=timeouts, **keys)
        return TargetProcess(file, folder=tmp_path, values={"port": str(port)}, log=tmp_path / "log")

    return start


def target_file(code: str, *, timeouts: Mapping[str, float] | None = None, **keys: Any) -> TargetFile:
    """The file of a target that runs Python code with its port as the argument."""
    address = "http://127.0.0.1:{port}"
    target = {
        "name": "made-up",
        "command": ("{python}", "-c", code, "{port}"),
        "events_url": f"{address}/404",
        "notify_url": f"{address}/404",
        "ready_url": f"{address}/200",
    }
    limits = {"ready": DEADLINE, "stop": DEADLINE, **(timeouts or {})}
    return TargetFile.model_validate({"target": {**target, **keys}, "timeouts": limits})


def written_pids(log: Path, *, count: int) -> list[int]:
    """The numbers that processes wrote into the log, which they do before the target is ready."""
    pids = [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("pid ")]
    assert len(pids) == count
    return pids


def watch(resources: ExitStack, pids: list[int]) -> list[int]:
    """Handles on running processes by which their end can be waited for, whoever their parent is."""
    handles = [os.pidfd_open(pid) for pid in pids]
    for handle in handles:
        resources.callback(os.close, handle)
    return handles


def all_end(handles: list[int]) -> bool:
    """Wait until these processes have ended."""
    return all(select.select([handle], [], [], DEADLINE)[0] for handle in handles)


def has_ended(handles: list[int]) -> bool:
    """Tell whether these processes have ended already."""
    return all(select.select([handle], [], [], 0)[0] for handle in handles)


def test_target_is_ready_when_started(start: Callable[..., TargetProcess], port: int) -> None:
    """Inside the `with`, the target answers and lives."""
    with start(SERVER) as target:
        assert requests.get(f"http://127.0.0.1:{port}/204", timeout=DEADLINE).status_code == 204
        assert target.death() is None


def test_target_is_gone_when_closed(start: Callable[..., TargetProcess], tmp_path: Path, port: int) -> None:
    """Behind the `with`, its process has ended and its port is free."""
    with ExitStack() as resources:
        with start(SERVER):
            handles = watch(resources, written_pids(tmp_path / "log", count=1))
        assert has_ended(handles)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def test_target_may_be_closed_twice(start: Callable[..., TargetProcess]) -> None:
    """A target that has been ended stays ended, and its end is no death of its own."""
    with start(SERVER) as target:
        target.close()
        target.close()
        assert target.death() is None


def test_environment_and_folder_are_the_target_file_s(
    start: Callable[..., TargetProcess], tmp_path: Path, port: int
) -> None:
    """The target runs in its file's folder, with the harness's environment and its own settings filled in."""
    say = "import os; print(os.getcwd(), os.environ['ADDRESS'], 'PATH' in os.environ, flush=True)\n"
    with start(say + SERVER, env={"ADDRESS": "127.0.0.1:{port}"}):
        first = (tmp_path / "log").read_text().splitlines()[0]
    assert first == f"{tmp_path} 127.0.0.1:{port} True"


def test_target_that_dies_at_once_is_quoted(start: Callable[..., TargetProcess]) -> None:
    """A target that ends instead of getting ready is told with its exit code and its last words."""
    code = "import sys; [print('word', n) for n in range(9)]; sys.exit('PORT is missing')"
    with pytest.raises(TargetError) as told, start(code):
        pass
    lines = str(told.value).splitlines()
    assert "made-up ended with exit code 1; its last words in " in lines[0]
    assert lines[1:-1] == [*(f"  | word {n}" for n in range(5, 9)), "  | PORT is missing"]


def test_silent_death_is_told_as_such(start: Callable[..., TargetProcess]) -> None:
    """A target that ends without a word is told so, with the signal that ended it."""
    with (
        pytest.raises(TargetError, match=r"exit code 137\b.*\n  \| \(it said nothing\)"),
        start("import os; os.kill(os.getpid(), 9)"),
    ):
        pass


def test_target_that_never_gets_ready_is_told_and_ended(
    start: Callable[..., TargetProcess], tmp_path: Path
) -> None:
    """A target that does not answer within `[timeouts] ready` is refused, and nothing of it is left."""
    with (
        pytest.raises(
            TargetError, match=r"made-up never became ready: GET .* not answered 2xx within 0\.5 s"
        ),
        start(PAUSE, timeouts={"ready": 0.5}),
    ):
        pass
    (pid,) = written_pids(tmp_path / "log", count=1)
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


def test_unhealthy_target_is_not_ready(start: Callable[..., TargetProcess], port: int) -> None:
    """Where there is a `ready_url`, it must be answered 2xx."""
    with (
        pytest.raises(TargetError, match="never became ready"),
        start(SERVER, ready_url=f"http://127.0.0.1:{port}/503", timeouts={"ready": 0.5}),
    ):
        pass


def test_any_answer_shows_that_a_target_listens(start: Callable[..., TargetProcess]) -> None:
    """Without a `ready_url`, any answer at the `events_url` will do, since only POST has a meaning there."""
    with start(SERVER, ready_url=None) as target:
        assert target.death() is None


def test_running_target_is_awaited(start: Callable[..., TargetProcess], port: int) -> None:
    """A target that the harness did not start is waited for in the same way."""
    file = target_file(SERVER)
    with start(SERVER):
        await_ready(file, folder=Path(), values={"port": str(port)}, death=lambda: None)


def test_target_that_takes_https_is_awaited_with_its_own_ca(tmp_path: Path) -> None:
    """Its certificate is verified, so that readiness does not stand for a stranger at its address."""
    with (
        throw_away_authority() as authority,
        WebServer(NotFound(), host="127.0.0.1", port=0, tls=authority.context) as server,
    ):
        url = f"https://localhost:{server.port}/"
        target = {"name": "a", "events_url": url, "notify_url": url}
        trusting = TargetFile(target=Target(**target, ca_file=str(authority.ca_file)))
        distrusting = TargetFile(target=Target(**target), timeouts=Timeouts(ready=0.5))

        await_ready(trusting, folder=tmp_path, values={}, death=lambda: None)
        with pytest.raises(TargetError, match="never became ready"):
            await_ready(distrusting, folder=tmp_path, values={}, death=lambda: None)


def test_death_of_a_running_target_is_noticed(start: Callable[..., TargetProcess], port: int) -> None:
    """A target that ends by itself later has its exit code told."""
    with start(SERVER) as target:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/exit", timeout=DEADLINE)
        assert target._process
        target._process.wait(DEADLINE)
        assert "made-up ended with exit code 7" in str(target.death())


def test_command_that_is_not_there_is_told(start: Callable[..., TargetProcess]) -> None:
    """A command that cannot be started is told by its name with the system's reason."""
    with (
        pytest.raises(
            TargetError, match=r"exit code 127\b.*\n  \| \./nowhere cannot be started: No such file"
        ),
        start("", command=("./nowhere",)),
    ):
        pass


def test_whole_process_group_ends(start: Callable[..., TargetProcess], tmp_path: Path) -> None:
    """What a target started ends with it."""
    with ExitStack() as resources:
        with start(WITH_CHILD):
            handles = watch(resources, written_pids(tmp_path / "log", count=2))
        assert all_end(handles)


def test_deaf_target_is_killed(start: Callable[..., TargetProcess], tmp_path: Path) -> None:
    """A target that ignores SIGTERM is killed after `[timeouts] stop`."""
    with ExitStack() as resources:
        with start(DEAF, timeouts={"stop": 0.2}):
            handles = watch(resources, written_pids(tmp_path / "log", count=1))
        assert all_end(handles)


def test_kill_command_runs_at_the_end(start: Callable[..., TargetProcess], tmp_path: Path, port: int) -> None:
    """Where ending the process group is not enough, the target file's `kill` runs too, filled in."""
    note = "import sys; open('killed', 'w').write(sys.argv[1])"
    with start(SERVER, kill=("{python}", "-c", note, "made-up-{port}")):
        assert not (tmp_path / "killed").exists()
    assert (tmp_path / "killed").read_text() == f"made-up-{port}"


@pytest.mark.parametrize("code", [SERVER, DEAF], ids=["obedient", "deaf"])
def test_target_ends_when_its_owner_is_killed(
    tmp_path: Path, port: int, code: str, pytestconfig: pytest.Config
) -> None:
    """The target's group ends although its owner got no chance to end it."""
    text = target_file(code, timeouts={"stop": 0.2}).model_dump_json(by_alias=True)
    command = [sys.executable, "-c", OWNER, text, str(tmp_path), str(port)]
    root = pytestconfig.rootpath
    with (
        ExitStack() as resources,
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as owner,
    ):
        resources.callback(owner.kill)
        assert owner.stdout
        assert owner.stdout.readline() == "ready\n"
        handles = watch(resources, written_pids(tmp_path / "log", count=1))
        owner.kill()
        assert all_end(handles)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("raise SystemExit(5)", 5), ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL)],
)
def test_keeper_ends_with_the_command_s_code(code: str, expected: int) -> None:
    """The keeper's exit code is its command's, and after a signal that of a shell."""
    command = [sys.executable, keeper.__file__, "1", sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.wait(DEADLINE) == expected


def test_command_may_end_by_a_signal_of_its_own(start: Callable[..., TargetProcess], tmp_path: Path) -> None:
    """The command does not inherit that its keeper outlives SIGTERM, so that it can stop in order."""
    code = (
        "import signal, sys\n"
        "print('default', signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('in order', flush=True)))\n"
    )
    with start(code + SERVER):
        pass
    words = (tmp_path / "log").read_text().splitlines()
    assert (words[0], words[-1]) == ("default True", "in order")


@pytest.fixture(name="own_block")
def _own_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """One block of ports, locked apart from all others; gives its first port, on which something listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken: int = listener.getsockname()[1]
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setattr(ports, "FIRST", taken)
        monkeypatch.setattr(ports, "BLOCKS", 1)
        yield taken


def test_two_reserved_ports_differ() -> None:
    """Whoever reserves a port while another is reserved gets another one."""
    with reserved_port("127.0.0.1") as one, reserved_port("127.0.0.1") as other:
        assert one != other


def test_taken_port_is_skipped(own_block: int) -> None:
    """A port on which something listens is not given away; the next free one of its block is."""
    with reserved_port("127.0.0.1") as port:
        assert own_block < port < own_block + ports.BLOCK


@pytest.mark.usefixtures("own_block")
def test_no_free_block_is_told() -> None:
    """Where every block is reserved, the range that was looked through is told."""
    with (
        reserved_port("127.0.0.1"),
        pytest.raises(TargetError, match=r"No port between \d+ and \d+ is free for a target on 127\.0\.0\.1"),
        reserved_port("127.0.0.1"),
    ):
        pass


@pytest.mark.usefixtures("own_block")
def test_reservation_ends_with_its_block() -> None:
    """A port that was given back can be reserved again."""
    with reserved_port("127.0.0.1"):
        pass
    with reserved_port("127.0.0.1") as port:
        assert port
