"""The clients in TypeScript and JavaScript: forms (S19), an OpenAPI reader (S21), a middleware (S36).

Read in `digital-boss/n8n-nodes-portaone` (S19: GenericFunctions.ts, PortaOne.node.ts, descriptions/*.ts),
`portaone/mcp-portabilling` (S21: api-client.ts, PRPs/PortaBilling_Auth_PRP.md, auth-provider.ts, 2025) and
`umoja-network/splynx-portaone-middleware` (S36: index.js, 2026).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from simulators.stack import Stack

# S19: a form of JSON texts in every request, a slash behind the login alone, a session id and nothing else.
FORM: Final = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "*/*"))
# S21 and the middleware: axios.
AXIOS: Final = (
    ("Accept", "application/json, text/plain, */*"),
    ("Content-Type", "application/json"),
    ("User-Agent", "axios/1.7.2"),
)
# What S21 keeps of a login and of a refresh; without `expires_in` it takes an hour.
TOKENS: Final = {"access_token": str, "refresh_token": str, "expires_in": int}
# What S19 shows of each answer when it is asked to simplify it.
SIMPLIFIED: Final[Mapping[str, tuple[dict[str, Any], str]]] = {
    "Customer/get_customer_info": ({"i_customer": 1, "detailed_info": 1}, "customer_info"),
    "Customer/get_customer_list": ({"limit": 100, "offset": 0}, "customer_list"),
    "Account/get_account_info": ({"i_account": 189, "get_service_features": 0}, "account_info"),
    "Account/get_account_list": ({"i_customer": 1, "limit": 100}, "account_list"),
    "Invoice/get_invoice_info": ({"i_invoice": 7, "get_pdf": 0}, "invoice_info"),
    "Invoice/get_invoice_list": ({"i_customer": 1}, "invoice_list"),
    "DID/get_number_list": ({"usage": "F", "available_to_customer": 1, "limit": 100}, "number_list"),
}
# What S19 can ask for and the harness lacks; each is answered by a fault, as by an older release.
NOT_IMITATED: Final = (
    "Account/add_alias",
    "Invoice/apply_invoice_adjustment",
    "Customer/add_customer_extension",
    "Customer/update_customer_extension",
    "Customer/get_extensions_list",
    "Customer/get_customer_xdrs",
    "BillingSession/get_active_sessions_list",
)

WORLD: Final = """
[[invoices]]
i_invoice = 7
i_customer = 1

[[numbers]]
number = "12065552000"

[[numbers]]
number = "12065552001"
"""

Say = Callable[..., Any]
Lacking = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]


@pytest.fixture(name="stack")
def _stack(make_stack: Callable[..., Stack], world_with: Callable[..., str]) -> Iterator[Stack]:
    with make_stack(world=world_with(WORLD)) as stack:
        yield stack


class N8nNode:
    """Speaks as S19 does."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base
        self.session_id = ""

    def log_in(self, **login: str) -> None:
        """Log in, with the password or the API token, and keep the session id."""
        answer = self._say(
            f"{self._base}/rest/Session/login/", *FORM, body=urlencode({"params": json.dumps(login)})
        )
        self.session_id = json.loads(answer.data)["session_id"]

    def ask(self, method: str, **params: Any) -> Any:
        """Send one request in the session."""
        fields = {"auth_info": {"session_id": self.session_id}, "params": params}
        form = urlencode({name: json.dumps(value) for name, value in fields.items()})
        return self._say(f"{self._base}/rest/{method}", *FORM, body=form)


@pytest.fixture
def node(stack: Stack, say: Say) -> N8nNode:
    """The node, logged in with an API token."""
    node = N8nNode(say, stack.addresses.portabilling)
    node.log_in(login="provisioner", token="offline-token")
    return node


@pytest.mark.parametrize("method", SIMPLIFIED)
def test_node_finds_each_record_under_its_key(node: N8nNode, method: str) -> None:
    """A simplified answer is what stands under one key, a record or the rows of a list."""
    params, key = SIMPLIFIED[method]

    answer = node.ask(method, **params)

    assert (answer.status_code, bool(answer.json[key])) == (200, True)


def test_node_changes_accounts_with_flags_turned_into_numbers(node: N8nNode, stack: Stack) -> None:
    """Its true and false arrive as 1 and 0, its dates with a blank in the place of the `T`."""
    node.ask(
        "Account/update_account", account_info={"i_account": 189, "expiration_date": "2027-01-01 00:00:00"}
    )
    answer = node.ask("Account/terminate_account", i_account=189, force=1, release_assigned_did=0)

    account = stack.world.account(189)
    assert (answer.status_code, account and account.bill_status) == (200, "C")


def test_node_assigns_a_did_by_the_number_of_its_record(node: N8nNode) -> None:
    """A DID and the account that it is for are `i_did_number` and `i_master_account`."""
    idle = node.ask("DID/get_number_list", usage="I").json["number_list"]
    second = idle[1]["i_did_number"]

    node.ask("DID/assign_did_to_customer", i_did_number=second, i_customer=1)
    (free,) = node.ask("DID/get_number_list", usage="F", i_customer=1).json["number_list"]
    node.ask("DID/assign_did_to_account", i_did_number=second, i_master_account=190)
    (used,) = node.ask("DID/get_number_list", usage="U").json["number_list"]

    assert [free["number"], used["number"]] == ["12065552001"] * 2
    assert (free["i_account"], used["i_account"]) == (None, 190)


def test_node_takes_a_file_for_what_it_is(node: N8nNode) -> None:
    """An answer that is no JSON is handed on as it came."""
    assert node.ask("Invoice/get_invoice_info", i_invoice=7, get_pdf=1).data.startswith(b"%PDF")


def test_node_logs_in_once_more_after_any_error(node: N8nNode, stack: Stack) -> None:
    """Whatever failed, it logs in and repeats the call: a dead session is then repaired."""
    stack.sessions.revoke_all()

    failed = node.ask("Account/get_account_info", i_account=189)
    node.log_in(login="provisioner", password="offline-only")

    assert failed.status_code == 500
    assert node.ask("Account/get_account_info", i_account=189).json["account_info"]["i_account"] == 189


@pytest.mark.parametrize("method", NOT_IMITATED)
def test_node_is_told_what_is_not_imitated(node: N8nNode, method: str) -> None:
    """A method that the harness lacks is a fault like any other, never a success that did nothing."""
    answer = node.ask(method, i_account=189)

    assert (answer.status_code, answer.json["faultcode"]) == (500, "Client.unknown_method")


class McpServer:
    """Speaks as S21 does: a base URL that ends with `/rest`, and paths out of the OpenAPI document."""

    def __init__(self, say: Say, base: str) -> None:
        self._say = say
        self._base = base
        self.tokens: dict[str, Any] = {}

    def document(self) -> Any:
        """The OpenAPI document from which it makes its tools."""
        return self._say(f"{self._base}/doc/api/AdminInterface.json", method="GET").json

    def post(self, path: str, **params: Any) -> Any:
        """Send one request, with the access token once there is one."""
        token = self.tokens.get("access_token")
        auth = (("Authorization", f"Bearer {token}"),) if token else ()
        return self._say(f"{self._base}/rest{path}", *AXIOS, *auth, body=json.dumps({"params": params}))

    def recover(self) -> None:
        """Refresh, else log in, as after every answer with HTTP 500."""
        answer = self.post("/Session/refresh_access_token", refresh_token=self.tokens["refresh_token"])
        if answer.status_code != 200:
            answer = self.post("/Session/login", login="provisioner", password="offline-only")
        self.tokens = {**self.tokens, **answer.json}


@pytest.fixture
def server(stack: Stack, say: Say) -> McpServer:
    """The MCP server, logged in."""
    server = McpServer(say, stack.addresses.portabilling)
    server.tokens = server.post("/Session/login", login="provisioner", password="offline-only").json
    return server


def test_mcp_server_calls_what_the_document_names(server: McpServer, lacking: Lacking) -> None:
    """A path of the document, behind the base URL, takes the `params` that its schema names."""
    operation = server.document()["paths"]["/Account/get_account_info"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]

    answer = server.post("/Account/get_account_info", i_account=189)

    assert lacking(server.tokens, TOKENS) == []
    assert "params" in schema["properties"]
    assert answer.json["account_info"]["i_account"] == 189


@pytest.mark.parametrize("is_dead", [False, True])
def test_mcp_server_recovers_with_its_refresh_token_or_without(
    server: McpServer, stack: Stack, *, is_dead: bool
) -> None:
    """Failures are HTTP 500, never 401; a refresh that fails likewise makes it log in."""
    if is_dead:
        stack.sessions.revoke_all()

    server.recover()

    assert server.post("/Account/get_account_info", i_account=189).status_code == 200


def test_mcp_server_survives_a_business_fault(server: McpServer) -> None:
    """It takes every 500 for a dead session: the refresh works, and the call fails as it did before."""
    faults = []
    for _ in range(2):
        faults.append(server.post("/Account/terminate_account", i_account=4711).json["faultcode"])
        server.recover()

    assert len(set(faults)) == 1
    assert server.post("/Account/get_account_info", i_account=189).status_code == 200


@pytest.mark.parametrize(("blocked", "event"), [("Y", "Account/Blocked"), ("N", None)])
def test_middleware_blocks_an_account_three_times_over(
    stack: Stack, say: Say, blocked: str, event: str | None
) -> None:
    """It repeats a change up to three times, by a number that may be a text; one change is one event."""
    base = stack.addresses.portabilling
    login = {"params": {"login": "provisioner", "password": "offline-only"}}
    token = say(f"{base}/rest/Session/login", *AXIOS, body=json.dumps(login)).json["access_token"]
    change = {"params": {"account_info": {"i_account": "189", "blocked": blocked}}}
    url, bearer = f"{base}/rest/Account/update_account", ("Authorization", f"Bearer {token}")

    answers = [say(url, *AXIOS, bearer, body=json.dumps(change)) for _ in range(3)]

    assert [answer.json for answer in answers] == [{"i_account": 189}] * 3
    with stack.guard:
        events = [stack.emitter.event(number) for number in (1, 2)]
    assert [told and told.event_type for told in events] == [event, None]
