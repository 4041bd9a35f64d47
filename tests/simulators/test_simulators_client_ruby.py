"""An old Ruby on Rails client (S17, release unknown): JSON in the path of a POST without a body.

Its controllers write JSON with single quotes, turn them into double ones, and escape the whole with Ruby's
`URI.encode`; `RestClient` then posts it, with a JSON type though there is nothing in it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import pytest

from simulators.stack import Stack

HEADERS: Final = (("Accept", "application/json"), ("Content-Type", "application/json"))
# What `URI.encode` leaves alone, besides letters and digits: slashes, colons and commas too.
UNESCAPED: Final = ";/?:@&=+$,[]-_.!~*'()"
# Of an account_info: what it shows in its form, each as a text or nothing at all.
SHOWN: Final = {"id": str, "companyname": str, "phone1": str, "phone2": str}
# Numbers are quoted in all that it sends.
ACCOUNT: Final = {"i_customer": "1", "i_account": "189"}

# The customer's realm in which it works, and an account with two aliases.
WORLD: Final = """
[[users]]
login = "office"
password = "offline/office"
api_token = "offline-office-token"
i_customer = 1

[[accounts]]
i_account = 300
id = "192.0.2.1"
i_master_account = 189

[[accounts]]
i_account = 301
id = "192.0.2.2"
i_master_account = 189
"""

Say = Callable[..., Any]
Lacking = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]


def target(method: str, *parts: Mapping[str, Any]) -> str:
    """A path as the client writes it."""
    texts = (json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in parts)
    return quote("/".join((f"/rest/{method}", *texts)), safe=UNESCAPED)


class RubyClient:
    """Speaks as the client does; the first of two parts is the session, but in a login or a logout."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base
        self.session_id = ""

    def ask(self, method: str, *parts: Mapping[str, Any]) -> Any:
        """Send one request."""
        return self._say(self._base + target(method, *parts), *HEADERS)

    def call(self, method: str, **params: Any) -> Any:
        """Call a method in the session."""
        return self.ask(method, {"session_id": self.session_id}, params).json

    def log_in(self, login: str, password: str) -> None:
        """Log in and keep the session id."""
        self.session_id = self.ask("Session/login", {"login": login, "password": password}).json["session_id"]


@pytest.fixture(name="stack")
def _stack(make_stack: Callable[..., Stack], world_with: Callable[..., str]) -> Iterator[Stack]:
    with make_stack(world=world_with(WORLD)) as stack:
        yield stack


@pytest.fixture
def client(stack: Stack, say: Say) -> RubyClient:
    """The client, logged in as a customer whose password has a slash."""
    client = RubyClient(say, stack.addresses.portabilling)
    client.log_in("office", "offline/office")
    return client


def test_ruby_looks_an_account_up_by_quoted_numbers(client: RubyClient, lacking: Lacking) -> None:
    """Numbers come as texts, and the customer's number beside the account's changes nothing."""
    info = client.call("Account/get_account_info", **ACCOUNT)["account_info"]

    assert (lacking(info, SHOWN), info["i_account"]) == ([], 189)


def test_ruby_finds_nothing_in_an_empty_answer(client: RubyClient) -> None:
    """It asks whether the answer is empty; a fault would be an exception of its HTTP library."""
    assert client.call("Account/get_account_info", id="nobody") == {}


def test_ruby_changes_an_account_with_a_slash_in_a_text(stack: Stack, client: RubyClient) -> None:
    """A nested record in the path, with what a URL leaves unescaped: slash, colon, comma, at and plus."""
    name = "A/B: C, D@E+F {G}/{H} é"
    answer = client.call("Account/update_account", account_info={"i_account": "189", "companyname": name})

    assert answer["i_account"] == 189
    account = stack.world.account(189)
    assert account is not None
    assert account.info["companyname"] == name


def test_ruby_lists_by_customer_and_offset(client: RubyClient) -> None:
    """A list is filtered and paged by quoted numbers."""
    rows = client.call("Account/get_account_list", i_customer="1", offset="2", limit="2")["account_list"]

    assert [row["i_account"] for row in rows] == [191, 300]


def test_ruby_names_an_account_as_the_master_of_its_aliases(client: RubyClient) -> None:
    """Aliases are asked for by `i_master_account`, and each has an `id`."""
    aliases = client.call("Account/get_alias_list", i_customer="1", i_master_account="189")["alias_list"]

    assert [alias["id"] for alias in aliases] == ["192.0.2.1", "192.0.2.2"]


def test_ruby_terminates_an_account(stack: Stack, client: RubyClient) -> None:
    """A termination names the account alone."""
    client.call("Account/terminate_account", i_account="190")

    assert stack.world.open_account(190) is None


def test_ruby_logs_out_with_the_session_as_the_only_part(stack: Stack, client: RubyClient) -> None:
    """The one part of a logout holds its parameters, as that of a login does."""
    assert client.ask("Session/logout", {"session_id": client.session_id}).json == {"success": 1}

    assert stack.sessions.by_session_id(client.session_id) is None


def test_ruby_posts_without_a_length(stack: Stack, send_bytes: Callable[..., Any]) -> None:
    """A POST without a body may say nothing of its length either."""
    path = target("Session/login", {"login": "provisioner", "password": "offline-only"})
    head = f"POST {path} HTTP/1.1\r\nHost: mybilling\r\nConnection: close\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in HEADERS)

    (answer,) = send_bytes(stack.addresses.portabilling, f"{head}{lines}\r\n".encode())

    assert (answer.status_code, "session_id" in answer.json) == (200, True)
