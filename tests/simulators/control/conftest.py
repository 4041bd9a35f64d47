"""What the tests of the control API share: its address, and what a stream of events says."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import pytest
import requests

from simulators.stack import Stack

Follow = Callable[..., AbstractContextManager[Iterator[tuple[str, Any]]]]


@pytest.fixture
def control(stack: Stack) -> str:
    """Where the control API of a running stack answers."""
    return f"{stack.addresses.control}/_sim"


@pytest.fixture
def error() -> Callable[..., str]:
    """Read the sentence with which the API refused, with that status."""

    def read(answer: requests.Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        assert set(answer.json()) == {"error"}
        return str(answer.json()["error"])

    return read


@pytest.fixture
def follow(http: requests.Session) -> Follow:
    """Follow the journal of a stack: gives each event's name and data, and for a comment its text."""

    @contextmanager
    def opened(stack: Stack, **options: Any) -> Iterator[Iterator[tuple[str, Any]]]:
        url = f"{stack.addresses.control}/_sim/journal/stream"
        with closing(http.get(url, stream=True, timeout=10, **options)) as answer:
            assert (answer.status_code, answer.headers["Content-Type"][:17]) == (200, "text/event-stream")
            yield _events(answer)

    return opened


def _events(answer: requests.Response) -> Iterator[tuple[str, Any]]:
    name = "message"
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        field, _, text = line.partition(": ")
        if field == "event":
            name = text
        elif field == "data":
            yield name, json.loads(text)
            name = "message"
        elif field in {"", "id"} and text:
            yield field or "comment", text
