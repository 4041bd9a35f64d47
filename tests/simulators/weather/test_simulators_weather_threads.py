"""Threads of a web server: those that wait on purpose are replaced meanwhile, and no more."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request, Response

from simulators.wire.recorder import THREADS, WebServer
from simulators.wire.threads import WAITING, Pool

PATIENCE = 10.0


@pytest.fixture
def all_wait() -> threading.Barrier:
    """Where more requests meet than a server has threads."""
    return threading.Barrier(THREADS + 10, timeout=PATIENCE)


@pytest.fixture
def server(all_wait: threading.Barrier) -> Iterator[WebServer]:
    """A server on which requests wait for each other."""

    @Request.application
    def meet(request: Request) -> Response:
        with request.environ[WAITING]():
            all_wait.wait()
        return Response("met")

    with WebServer(meet, host="127.0.0.1", port=0) as running:
        yield running


def size(server: WebServer) -> int:
    """How many threads a server has that were not told to end."""
    pool: Any = server._server.requests
    return len(pool._threads) - len(pool._pending_shutdowns)


def test_waiting_threads_are_replaced_and_taken_back(
    server: WebServer, all_wait: threading.Barrier, http: requests.Session
) -> None:
    """More requests can meet than there are threads, and afterwards there are as many as before."""
    count = all_wait.parties
    with ThreadPoolExecutor(count) as clients:
        for _ in range(3):
            urls = [f"http://127.0.0.1:{server.port}/"] * count
            assert {answer.text for answer in clients.map(http.get, urls)} == {"met"}

            assert size(server) == THREADS


def test_settled_pool_neither_grows_nor_shrinks(server: WebServer) -> None:
    """From then on all threads can be told to end, since none comes that was not told."""
    pool = server._server.requests
    assert isinstance(pool, Pool)
    before = threading.active_count()
    pool.settle()

    with pool.waiting():
        assert (size(server), threading.active_count()) == (THREADS, before)

    assert size(server) == THREADS
