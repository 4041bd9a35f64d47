"""The clock of a provisioner that ages with virtual time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.settings import StackSettings
from simulators.stack import Stack

HOUR = 3600


@pytest.fixture(name="clock_file")
def _clock_file(tmp_path: Path) -> Path:
    return tmp_path / "clock"


@pytest.fixture(name="stack")
def _stack(clock_file: Path) -> Stack:
    return Stack(StackSettings(aged_clock=str(clock_file)))


@pytest.fixture(name="offset")
def _offset(clock_file: Path) -> Callable[[], float]:
    return lambda: float(clock_file.read_text())


def test_clock_of_the_provisioner_begins_where_virtual_time_does(stack: Stack) -> None:
    """The provisioner and its neighbours agree about the day."""
    assert stack.clock.wall() == pytest.approx(stack.clock.now(), abs=60)


def test_step_of_virtual_time_ages_the_provisioner(stack: Stack, offset: Callable[[], float]) -> None:
    """Its clock is put forward by exactly as much as virtual time moved."""
    before = offset()

    stack.clock.advance(hours=3)

    assert offset() - before == pytest.approx(3 * HOUR, abs=0.001)


def test_timer_finds_the_provisioner_as_old_as_itself(stack: Stack, offset: Callable[[], float]) -> None:
    """What is sent when a timer fires arrives at the timer's own time, not at the end of the step."""
    before, seen = offset(), []
    stack.clock.call_later(HOUR, lambda: seen.append(offset()), label="a look")

    stack.clock.advance(hours=3)

    assert seen == [pytest.approx(before + HOUR, abs=0.001)]


def test_reset_makes_no_provisioner_younger(stack: Stack, offset: Callable[[], float]) -> None:
    """A process cannot be told that it is yesterday again."""
    with stack:
        stack.clock.advance(hours=3)
        aged = offset()

        stack.reset()

        assert offset() == aged


def test_tokens_follow_the_clock_of_the_provisioner(stack: Stack) -> None:
    """A token that is too old by the provisioner's clock is refused, however short a time ago it was made."""
    user = next(iter(stack.world.users.values()))
    session = stack.sessions.open(user)
    assert stack.sessions.by_access_token(session.access_token) == session

    stack.clock.advance(seconds=session.lifetime)

    assert stack.sessions.by_access_token(session.access_token) is None


def test_without_such_a_clock_the_provisioner_lives_in_real_time() -> None:
    """Virtual time leaves the wall clock alone."""
    plain = Stack()

    plain.clock.advance(hours=24 * 365)

    assert plain.clock.wall() != pytest.approx(plain.clock.now(), abs=HOUR)
