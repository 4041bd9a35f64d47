"""Every method of the JSON API, called rightly once: it answers 200, and as its document says."""

import json
from collections.abc import Callable
from typing import Any, Final

import jsonschema_rs
import pytest
from werkzeug.test import Client

from simulators.stack import Stack

LOGIN: Final = {"login": "provisioner", "password": "offline-only"}
# By method: parameters that fit the world `operator`, and the fields that the answer must have.
CALLS: Final[dict[str, tuple[dict[str, Any], set[str]]]] = {
    "Account/add_account": ({"account_info": {"id": "new@msisdn", "i_customer": 1}}, {"i_account"}),
    "Account/get_account_info": ({"i_account": 200, "detailed_info": 1}, {"account_info"}),
    "Account/get_account_list": ({"limit": 3, "get_total": 1}, {"account_list", "total"}),
    "Account/get_alias_list": ({"i_account": 200}, {"alias_list"}),
    "Account/get_custom_fields_values": ({"i_account": 200}, {"custom_fields_values"}),
    "Account/terminate_account": ({"i_account": 200}, {"success"}),
    "Account/update_account": ({"account_info": {"i_account": 200, "blocked": "Y"}}, {"i_account"}),
    "Account/update_custom_fields_values": (
        {"i_account": 200, "custom_fields_values": [{"name": "site", "db_value": "south"}]},
        set(),
    ),
    "Customer/add_customer": ({"customer_info": {"name": "new"}}, {"i_customer"}),
    "Customer/get_customer_info": ({"i_customer": 2}, {"customer_info"}),
    "Customer/get_customer_list": ({"get_total": 1}, {"customer_list", "total"}),
    "Customer/update_customer": ({"customer_info": {"i_customer": 1, "blocked": "Y"}}, {"i_customer"}),
    "DID/assign_did_to_account": ({"number": "12065550301", "i_master_account": 200}, {"success"}),
    "DID/assign_did_to_customer": ({"number": "12065550301", "i_customer": 1}, {"success"}),
    "DID/get_number_list": ({}, {"number_list"}),
    "Generic/get_version": ({}, {"version"}),
    "Invoice/get_invoice_info": ({"i_invoice": 1}, {"invoice_info"}),
    "Invoice/get_invoice_list": ({"i_customer": 1}, {"invoice_list", "total"}),
    "SIMCard/assign_sim_card": (
        {"i_account": 200, "iccid": "8900100000000009990", "imsi": "001010000000999"},
        set(),
    ),
    "SIMCard/get_sim_card_info": ({"i_account": 200}, {"card_info"}),
    "Session/change_password": ({**LOGIN, "new_password": "other"}, {"success"}),
    "Session/login": (LOGIN, {"session_id", "access_token", "refresh_token", "expires_at", "expires_in"}),
    "Session/logout": ({"access_token": "{access_token}"}, {"success"}),
    "Session/ping": ({"access_token": "{access_token}"}, {"user_id"}),
    "Session/refresh_access_token": ({"refresh_token": "{refresh_token}"}, {"access_token"}),
    "Inventory/get_card": ({"i_account": 200}, {"card_info"}),
    "Account/get_network_profile": ({"i_account": 200}, {"profile"}),
}
# Of the world's own, the method that always refuses.
REFUSES: Final = "Account/get_location"


@pytest.fixture(name="host")
def _host(make_web: Callable[..., tuple[Stack, Client]]) -> tuple[Stack, Client]:
    """A web host over the bundled world."""
    return make_web(world="operator")


def test_no_method_is_left_out(host: tuple[Stack, Client]) -> None:
    """Whoever adds a method adds its call to the table."""
    assert host[0].portabilling.methods.keys() == {*CALLS, REFUSES}


@pytest.mark.parametrize("operation", CALLS)
def test_right_call_is_answered_as_documented(host: tuple[Stack, Client], operation: str) -> None:
    """The answer has the fields that its method is for, and fits the schema of its document."""
    stack, client = host
    session = stack.sessions.open(stack.world.users["provisioner"])
    params, wanted = CALLS[operation]
    tokens = {"{access_token}": session.access_token, "{refresh_token}": session.refresh_token}
    filled = {
        name: tokens.get(value, value) if isinstance(value, str) else value for name, value in params.items()
    }
    headers = {"Authorization": f"Bearer {session.access_token}"}

    answer = client.post(f"/rest/{operation}", json={"params": filled}, headers=headers)

    answered = json.loads(answer.data)
    assert (answer.status_code, wanted - answered.keys()) == (200, set())
    assert list(schema_of(client, operation).iter_errors(answered)) == []


def schema_of(client: Client, operation: str) -> Any:
    """What checks an answer of a method by its document."""
    described = json.loads(client.get("/doc/api/AdminInterface.json").data)
    answer = described["paths"][f"/{operation}"]["post"]["responses"]["200"]["content"]["application/json"]
    # Its references lead into the document itself.
    return jsonschema_rs.validator_for({**answer["schema"], "components": described["components"]})


def test_invoice_can_be_a_file_as_documented(host: tuple[Stack, Client]) -> None:
    """The type of the file stands in the document beside JSON."""
    stack, client = host
    token = stack.sessions.open(stack.world.users["provisioner"]).access_token
    operation, headers = "Invoice/get_invoice_info", {"Authorization": f"Bearer {token}"}

    answer = client.post(
        f"/rest/{operation}", json={"params": {"i_invoice": 1, "get_pdf": 1}}, headers=headers
    )

    described = json.loads(client.get("/doc/api/AdminInterface.json").data)
    content = described["paths"][f"/{operation}"]["post"]["responses"]["200"]["content"]
    assert answer.content_type == "application/pdf"
    assert content.keys() == {"application/json", "application/pdf"}
