"""The provisioner killed at the points of its story, each seen by the simulators, and started again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulators.journal import Record
from simulators.weather.faults import Hang

I_ACCOUNT = 189
# Long enough, in real seconds, for the kill to come while the answer is awaited.
HELD = 1.0
BuildTown = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A moment of the story: what is exchanged, the how manieth, and how far that has come.

    `sent`: it left the simulators. `asked`: it reached them, and nothing was done. `done`: it was done, and
    the answer is not heard. `answered`: it was answered.
    """

    operation: str
    stage: str
    place: str = ""
    nth: int = 1

    def __str__(self) -> str:
        """Name the test case."""
        return f"{self.operation.rpartition('/')[2]}-{self.nth}-{self.stage}"


POINTS = [
    Point(operation="event", stage="sent"),
    Point(operation="event", stage="answered"),
    Point(operation="Session/login", place="portabilling", stage="asked"),
    Point(operation="Account/get_account_info", place="portabilling", stage="done"),
    Point(operation="SIMCard/get_sim_card_info", place="portabilling", stage="done"),
    Point(operation="order", place="oms", stage="asked"),
    Point(operation="order", place="oms", stage="done"),
    Point(operation="order", place="oms", stage="answered"),
    Point(operation="status", place="espf", stage="asked"),
    Point(operation="status", place="espf", stage="done"),
    Point(operation="status", place="espf", stage="answered", nth=2),
    Point(operation="notification", stage="sent"),
    Point(operation="notification", stage="answered"),
    Point(operation="status", place="espf", stage="asked", nth=3),
    Point(operation="status", place="espf", stage="done", nth=3),
    Point(operation="notification", stage="answered", nth=2),
]


def moment(point: Point) -> Callable[[Record], bool]:
    """Return what tells that the moment has come."""
    seen: set[int] = set()

    def is_now(record: Record) -> bool:
        if record.operation != point.operation:
            return False
        seen.add(record.seq)
        if len(seen) < point.nth:
            return False
        match point.stage:
            case "asked" | "done":
                return record.fault is not None
            case "answered":
                return record.status == 200 and sorted(seen).index(record.seq) + 1 >= point.nth
        return True

    return is_now


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_killed_at_any_point_it_ends_right(build_town: BuildTown, point: Point) -> None:
    """Killed once and started again, it ends with every status right and one order."""
    town = build_town()
    if point.stage in {"asked", "done"}:
        fault = Hang(seconds=HELD, after=point.stage == "done")
        town.stack.weather.arm(f"{point.place}/{point.operation}", fault, nth=point.nth)

    def kill() -> None:
        town.wait_for(moment(point))
        town.instances[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    town.emit(I_ACCOUNT)
    if point.operation == "notification" or point.nth > 2:
        town.wait_for_statuses([I_ACCOUNT], "IN_PROGRESS")
        town.stack.clock.advance(hours=1)
    killer.join()
    town.instances[0].start()
    town.live_through([I_ACCOUNT])
    town.must_be_right([I_ACCOUNT])
    assert town.instances[0].stop() == 0


def test_asked_to_stop_it_leaves_its_work_in_order(build_town: BuildTown) -> None:
    """SIGTERM ends it although the OMS hangs, and the next start does what was left."""
    town = build_town()
    town.stack.weather.arm("oms/order", Hang(seconds=HELD), first=1)
    town.emit(I_ACCOUNT)
    town.wait_for(lambda record: record.operation == "order")
    assert town.instances[0].stop() == 0
    town.instances[0].start()
    town.live_through([I_ACCOUNT])
    town.must_be_right([I_ACCOUNT])


def test_a_provisioner_that_forgets_is_noticed(build_town: BuildTown, tmp_path: Path) -> None:
    """These tests fail one that loses what it acknowledged, as this one does without its database."""
    town = build_town()
    town.stack.weather.arm("portabilling", Hang(seconds=HELD), first=1)
    town.emit(I_ACCOUNT)
    town.wait_for(lambda record: record.operation == "Session/login")
    town.instances[0].kill()
    for file in tmp_path.glob("provisioner.sqlite*"):
        file.unlink()
    town.instances[0].start()
    town.stack.clock.advance(hours=2)
    with pytest.raises(AssertionError):
        town.must_be_right([I_ACCOUNT])


def test_no_secret_is_ever_logged(build_town: BuildTown) -> None:
    """After a story with refused tokens and faults, the log holds none of the secrets that it was given."""
    town = build_town()
    town.emit(I_ACCOUNT)
    town.wait_for_statuses([I_ACCOUNT], "IN_PROGRESS")
    town.stack.sessions.revoke_all()
    town.stack.clock.advance(hours=1)
    town.wait_for_statuses([I_ACCOUNT], "OK")
    log = town.instances[0].log.read_text()
    assert "status reported" in log
    assert not [
        secret for secret in ("offline-only", "offline-oms", "offline-events", "Bearer") if secret in log
    ]
