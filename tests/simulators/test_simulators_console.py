"""The console as it is served: a page of files that fetch nothing from elsewhere and hold no data."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

import simulators.console
from simulators.stack import Stack

FILES = sorted(path.name for path in (Path(simulators.console.__file__).parent / "static").iterdir())


def test_console_is_at_the_control_address(stack: Stack, http: requests.Session) -> None:
    """Whoever opens the control address in a browser sees the page, and each file that it names is there."""
    page = http.get(stack.addresses.control)

    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert page.headers["Content-Type"].startswith("text/html")
    assert named
    assert {http.get(f"{stack.addresses.control}{path}").status_code for path in named} == {200}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_fetched_from_elsewhere(stack: Stack, http: requests.Session, name: str) -> None:
    """Each file works offline: none names another host, and the policy forbids whatever would."""
    answer = http.get(f"{stack.addresses.control}/console/{name}")

    assert answer.status_code == 200
    assert "://" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_console_needs_no_token_and_shows_nothing(
    make_stack: Callable[..., Stack], http: requests.Session
) -> None:
    """The page asks for the token itself; without one, what it would show is refused."""
    with make_stack(control_token="right") as stack:
        assert http.get(stack.addresses.control).status_code == 200
        assert http.get(f"{stack.addresses.control}/_sim/accounts").status_code == 401


@pytest.mark.parametrize("path", ["/console/", "/console/none.js", "/console/..%2fapp.py", "/elsewhere"])
def test_what_is_not_there_is_refused_in_json(stack: Stack, http: requests.Session, path: str) -> None:
    """A wrong path is told where the console and the control API are; no other file is given away."""
    answer = http.get(f"{stack.addresses.control}{path}")

    assert answer.status_code == 404
    assert "/_sim/openapi.json" in answer.json()["error"]
