"""Who may use the control API: this machine's programs, or who has the token, and never a web page."""

from collections.abc import Callable

import pytest
import requests

from simulators.control.access import control_token, is_loopback
from simulators.errors import SettingsError
from simulators.stack import Stack

Refused = Callable[[requests.Response, int], str]


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing listens here
        ("::", False),
        ("192.0.2.7", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_token_is_demanded_where_other_machines_reach(host: str, is_one: bool) -> None:  # noqa: FBT001 - a value
    """On loopback none is needed; elsewhere there is one, made up where none was given."""
    made = control_token("", host=host)

    assert is_loopback(host) == is_one
    assert bool(made) != is_one
    assert control_token("mine", host=host) == "mine"
    assert not made or made != control_token("", host=host)


@pytest.mark.parametrize("token", ["a b", "a\n", "\u00e9"])
def test_token_that_cannot_be_sent_is_refused(token: str) -> None:
    """A token stands in a header, so it is one word of ASCII."""
    with pytest.raises(SettingsError, match="control_token cannot be sent"):
        control_token(token, host="127.0.0.1")


@pytest.mark.parametrize("path", ["/_sim/clock", "/_sim/journal/stream", "/_sim/openapi.json", "/_sim"])
def test_nothing_is_shown_without_the_token(
    make_stack: Callable[..., Stack], http: requests.Session, error: Refused, path: str
) -> None:
    """Whatever is asked without the token, or with another one, is 401 and says how to show it."""
    with make_stack(control_token="right") as stack:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            answer = http.get(f"{stack.addresses.control}{path}", headers=headers)
            assert "ESPF_CONTROL_TOKEN" in error(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_token_opens_everything(make_stack: Callable[..., Stack], http: requests.Session) -> None:
    """Who has the token is served under whatever name the stack is reached."""
    with make_stack(control_token="right") as stack:
        shown = {"Authorization": "bearer right", "Host": "simulators:17000"}
        assert http.get(f"{stack.addresses.control}/_sim/clock", headers=shown).status_code == 200


def test_health_needs_no_token(make_stack: Callable[..., Stack], http: requests.Session) -> None:
    """A container can be watched by who may not drive it."""
    with make_stack(control_token="right") as stack:
        assert http.get(f"{stack.addresses.control}/_sim/health").status_code == 200


def test_stack_that_others_reach_makes_its_token(make_stack: Callable[..., Stack]) -> None:
    """Nobody need think of one, and each stack has another."""
    stacks = [make_stack(host="0.0.0.0") for _ in range(2)]  # noqa: S104 - nothing listens here
    for stack in stacks:
        stack.close()

    assert len({stack.control_token for stack in stacks} - {""}) == 2


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:17000", 200),
        ("[::1]:17000", 200),
        ("LOCALHOST", 200),
        ("192.0.2.7", 200),
        ("evil.example.com", 403),
        ("127.0.0.1.evil.example.com", 403),
        ("here.example.com:1", 200),
    ],
)
def test_rebound_name_is_refused(
    make_stack: Callable[..., Stack], http: requests.Session, host: str, status: int
) -> None:
    """A name that leads here but is not known here is a browser's, lured by another site."""
    with make_stack(advertise="here.example.com") as stack:
        url = stack.addresses.control.replace("here.example.com", "127.0.0.1")
        assert http.get(f"{url}/_sim/clock", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://127.0.0.1:1", "null"])
def test_page_of_another_site_cannot_change_anything(
    control: str, http: requests.Session, error: Refused, origin: str
) -> None:
    """A post that a foreign page sent is refused before it is read."""
    answer = http.post(
        f"{control}/clock/advance",
        data='{"seconds": 600}',
        headers={"Origin": origin, "Content-Type": "text/plain"},
    )

    assert origin in error(answer, 403)
    assert http.get(f"{control}/clock").json()["now"] == "2026-01-01T00:00:00Z"


def test_page_of_the_stack_itself_is_served(stack: Stack, control: str, http: requests.Session) -> None:
    """A page that the control address serves may use it."""
    assert http.get(f"{control}/clock", headers={"Origin": stack.addresses.control}).status_code == 200


def test_body_needs_no_type(control: str, http: requests.Session) -> None:
    """A body is JSON whatever it is called, as `curl -d` calls it a form."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.post(f"{control}/clock/advance", data='{"seconds": 60}', headers=form)

    assert answer.json()["now"] == "2026-01-01T00:01:00Z"
