"""The two directions of a client's connection: what is read ahead is known, what is kept leaves at once."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from simulators.stack import Stack
from simulators.wire.recorder import THREADS
from simulators.wire.streams import Reader, Writer

PATIENCE = 10.0
Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(name="pair")
def _pair() -> Iterator[Pair]:
    """Two ends of one connection."""
    here, there = socket.socketpair()
    with here, there:
        there.settimeout(PATIENCE)
        yield here, there


def test_reader_knows_what_it_has_read_ahead(pair: Pair) -> None:
    """A second request that came with the first one is seen without waiting for more."""
    here, there = pair
    with Reader(here) as reader:
        there.sendall(b"one\r\ntwo\r\n")

        seen = [reader.has_data(), reader.readline(), reader.has_data(), reader.readline(), reader.has_data()]

    assert seen == [False, b"one\r\n", True, b"two\r\n", False]


def test_reader_has_more_when_something_came_or_the_client_hung_up(pair: Pair) -> None:
    """Silence is no more; a byte is, and so is the end, which a read then finds."""
    here, there = pair
    with Reader(here) as reader:
        seen = [reader.has_more(within=0)]
        there.sendall(b"x\n")
        seen.append(reader.has_more(within=1000))
        reader.readline()
        there.shutdown(socket.SHUT_WR)
        seen.append(reader.has_more(within=1000))

        assert (seen, reader.readline()) == ([False, True, True], b"")


def test_writer_sends_what_it_kept_with_what_follows(pair: Pair) -> None:
    """A head leaves together with the first piece of its body, or by itself where there is none."""
    here, there = pair
    there.setblocking(False)
    writer = Writer(here)
    writer.keeps = True
    writer.write(b"head ")
    with pytest.raises(BlockingIOError):
        there.recv(100)

    writer.keeps = False
    writer.write(b"body")

    assert there.recv(100) == b"head body"


def test_more_clients_than_threads_are_all_served_on_kept_connections(stack: Stack) -> None:
    """A thread stays with its client only while another one is free, so that nobody waits for ever."""
    address = urlsplit(stack.addresses.portabilling)
    assert address.hostname
    clients = [HTTPConnection(address.hostname, address.port, timeout=PATIENCE) for _ in range(3 * THREADS)]
    answered = []
    for _ in range(2):
        for client in clients:
            client.request("GET", "/")
        for client in clients:
            answer = client.getresponse()
            answered.append((answer.status, answer.getheader("Connection"), bool(answer.read())))

    for client in clients:
        client.close()
    assert answered == [(404, None, True)] * 2 * len(clients)
