"""Requests that weather holds back: they hold no clock, keep no other waiting, and outlive no stack."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from simulators.stack import Stack
from simulators.weather.faults import Delay, Fault, Hang, Slow

PATIENCE = 10.0
# Real seconds that no test waits for: what is held for so long is let go by something else.
LONG = 600.0
PING = b"POST /rest/Session/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

Asked = Callable[[Stack, bytes], Any]
# Gives, in a block, what hears the answer.
Begun = Callable[[Stack], AbstractContextManager[Callable[[], Any]]]


@pytest.fixture
def begun(
    connected: Callable[[str], AbstractContextManager[socket.socket]],
    hear: Callable[[socket.socket], Any],
    status_update: bytes,
) -> Begun:
    """Send a status update, whose answer is heard later."""

    @contextmanager
    def begin(stack: Stack) -> Iterator[Callable[[], Any]]:
        with connected(stack.addresses.portabilling) as client:
            client.sendall(status_update)
            yield partial(hear, client)

    return begin


def wait_for_held(stack: Stack, count: int = 1) -> None:
    """Wait until so many requests are held by the clock and nothing is in flight."""
    with stack.guard:
        assert stack.guard.wait_for(
            lambda: len(stack.clock.pending()) == count and not stack.in_flight.holders, PATIENCE
        )


def wait_for_fault(stack: Stack) -> None:
    """Wait until a request was struck."""
    assert stack.journal.wait_for(lambda record: record.fault is not None, timeout=PATIENCE)


@pytest.mark.parametrize("after", [False, True])
def test_delayed_answer_comes_when_the_clock_says_so(
    stack: Stack, begun: Begun, stored_answer: bytes, *, after: bool
) -> None:
    """A held request holds no clock; once due it does, so that `advance` returns when it was answered."""
    stack.weather.arm("espf/status", Delay(seconds=10, after=after))
    with begun(stack) as heard:
        wait_for_held(stack)
        assert stack.espf.status_of(189, "HSS") == ("OK" if after else None)
        stack.clock.advance(seconds=9)
        assert stack.journal.exchanges()[0].status is None

        stack.clock.advance(seconds=1)

        assert stack.journal.exchanges()[0].status == 200
        assert heard().body == stored_answer


def test_delay_of_three_days_passes_at_once_in_auto(
    make_stack: Callable[..., Stack], asked: Asked, status_update: bytes
) -> None:
    """The clock jumps to the end of a delay as to any timer."""
    with make_stack(clock="auto", settle=0.0) as stack:
        stack.weather.arm("espf/status", Delay(seconds=3 * 86_400))
        before = stack.clock.now()

        assert asked(stack, status_update).status == 200
        assert stack.clock.now() - before == 3 * 86_400


@pytest.mark.parametrize("fault", [Hang(seconds=LONG), Delay(seconds=86_400)], ids=str)
def test_held_request_lets_auto_time_move(
    make_stack: Callable[..., Stack], begun: Begun, fault: Fault
) -> None:
    """Other timers fire while a request is held, since it waits for nothing that they could change."""
    fired = threading.Event()
    with make_stack(clock="auto", settle=0.0) as stack:
        stack.weather.arm("espf", fault)
        with begun(stack):
            wait_for_fault(stack)

            stack.clock.call_later(3600, fired.set, label="an hour")

            assert fired.wait(PATIENCE)


@pytest.mark.parametrize("fault", [Hang(seconds=LONG), Delay(seconds=LONG), Slow(seconds=LONG)], ids=str)
def test_held_requests_are_reset_when_the_stack_stops(stack: Stack, begun: Begun, fault: Fault) -> None:
    """Stopping waits for no hold, and leaves no client without an end."""
    stack.weather.arm("espf/status", fault)
    with begun(stack) as heard:
        wait_for_fault(stack)

        stack.close()

        assert heard().ending == "reset"
    assert stack.surprises == []


def test_slow_answer_comes_in_pieces(
    stack: Stack,
    connected: Callable[[str], AbstractContextManager[socket.socket]],
    hear: Callable[[socket.socket], Any],
    status_update: bytes,
) -> None:
    """A part is there long before the rest, and the clock waits for it, since it is being answered."""
    stack.weather.arm("espf/status", Slow(seconds=LONG))

    with connected(stack.addresses.portabilling) as client:
        client.sendall(status_update)
        began = client.recv(1 << 16)
        assert began.startswith(b"HTTP/1.1 200 ")
        assert stack.in_flight.holders
        stack.close()

        assert hear(client).ending == "reset"


def test_held_requests_go_down_with_their_world(stack: Stack, begun: Begun, stored_answer: bytes) -> None:
    """A reset of the stack resets their connections, and the new world holds what is asked of it."""
    stack.weather.arm("espf/status", Delay(seconds=10))
    with begun(stack) as heard:
        wait_for_held(stack)
        stack.reset()
        assert heard().ending == "reset"
        assert (stack.clock.pending(), stack.weather.plans()) == ((), ())

    stack.weather.arm("espf/status", Delay(seconds=10))
    with begun(stack) as heard:
        wait_for_held(stack)
        stack.clock.advance(seconds=10)

        assert heard().body == stored_answer


def test_hundreds_are_held_while_others_are_served(
    stack: Stack, begun: Begun, asked: Asked, stored_answer: bytes
) -> None:
    """Each held answer gives its thread's place to another one, and takes it back afterwards."""
    held = 200
    stack.weather.arm("espf/status", Delay(seconds=60))
    with ExitStack() as resources:
        answers = [resources.enter_context(begun(stack)) for _ in range(held)]
        wait_for_held(stack, held)

        assert {asked(stack, PING).status for _ in range(30)} == {500}
        stack.clock.advance(minutes=1)

        assert {heard().body for heard in answers} == {stored_answer}
    assert {asked(stack, PING).status for _ in range(30)} == {500}


def test_client_that_leaves_while_it_is_held_is_no_surprise(stack: Stack, begun: Begun) -> None:
    """The work is done all the same, and nobody hears of it."""
    stack.weather.arm("espf/status", Delay(seconds=10))
    with begun(stack):
        wait_for_held(stack)

    stack.clock.advance(seconds=10)

    assert stack.espf.status_of(189, "HSS") == "OK"
    assert stack.surprises == []
