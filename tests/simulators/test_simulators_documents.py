"""The built-in documents below `/doc/api`: which ones there are, by release, for anyone to read."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from werkzeug.test import Client

from simulators.espf.core import EspfApi
from simulators.espf.openapi import document
from simulators.espf.settings import EspfSettings, GroupTypes
from simulators.release import DEFAULT_RELEASE, Release
from simulators.stack import Stack

REST = "/doc/api/AdminInterface.json"
ESPF = "/doc/api/ESPFInterface.json"
MakeWeb = Callable[..., tuple[Stack, Client]]


def validator(described: dict[str, Any], name: str) -> Any:
    """What checks a value against a schema of a document."""
    return jsonschema_rs.validator_for(described["components"]["schemas"][name])


@pytest.mark.parametrize(
    ("release", "documents"), [("MR117", [REST, ESPF]), ("MR101", [REST, ESPF]), ("MR100", [REST])]
)
def test_documents_are_listed_and_served_by_release(
    make_web: MakeWeb, release: str, documents: list[str]
) -> None:
    """The ESPF API has a document since MR101 (S33), and each names the imitated release."""
    _, web = make_web(release=Release.parse(release))

    assert [json.loads(web.get(path).data)["documents"] for path in ("/doc/api", "/doc/api/")] == [
        documents
    ] * 2
    assert [web.get(path).status_code for path in (REST, ESPF)] == [200] * len(documents) + [404] * (
        2 - len(documents)
    )
    for path in documents:
        served = json.loads(web.get(path).data)
        assert (served["openapi"], served["info"]["version"]) == ("3.1.0", release)


@pytest.mark.parametrize(
    "path", ["/doc", "/doc/", "/doc/apis", "/doc/api/x.json", "/doc/api/x/y", f"{ESPF}/"]
)
def test_there_is_no_other_document(make_web: MakeWeb, path: str) -> None:
    """What does not exist is a plain 404."""
    assert make_web()[1].get(path).status_code == 404


@pytest.mark.parametrize(
    ("options", "takes_json"),
    [
        ({}, True),
        ({"reading": "strict"}, True),
        ({"release": Release.parse("MR98")}, True),
        ({"release": Release.parse("MR98"), "reading": "strict"}, False),
    ],
)
def test_document_lists_the_bodies_that_are_taken(
    make_web: MakeWeb, options: dict[str, Any], *, takes_json: bool
) -> None:
    """Forms always, JSON where the release takes it (S9); a form's fields are JSON text."""
    _, web = make_web(**options)
    operation = json.loads(web.get(REST).data)["paths"]["/Account/get_account_info"]["post"]
    content = operation["requestBody"]["content"]

    answer = web.post("/rest/Account/get_account_info", json={"auth_info": {}, "params": {}})

    assert ("application/json" in content) == takes_json
    assert (b"takes forms alone" in answer.data) == (not takes_json)
    forms = {"application/x-www-form-urlencoded", "multipart/form-data"}
    assert content.keys() - {"application/json"} == forms
    fields = content["multipart/form-data"]["schema"]["properties"]
    assert {fields[name]["contentMediaType"] for name in ("auth_info", "params")} == {"application/json"}


def test_change_has_no_defaults(make_web: MakeWeb) -> None:
    """What a change leaves out stays as it is, so that a client must not fill anything in."""
    schemas = json.loads(make_web()[1].get(REST).data)["components"]["schemas"]

    changed = schemas["ChangedAccount"]["properties"]
    assert {"blocked", "i_product", "id"} <= changed.keys()
    assert [name for name, schema in changed.items() if "default" in schema] == []


def test_reading_a_document_is_on_record(make_web: MakeWeb) -> None:
    """A provisioner that reads a document while it is judged is seen doing so."""
    stack, web = make_web()
    web.get(ESPF)

    (record,) = stack.journal.records()
    assert (record.destination, record.operation, record.target) == ("portabilling", "doc/api", ESPF)


def test_name_of_the_espf_document_is_a_setting(make_web: MakeWeb) -> None:
    """Only the pattern of the names is known (S21)."""
    _, web = make_web(espf=EspfSettings(document="Espf.json"))

    assert (web.get("/doc/api/Espf.json").status_code, web.get(ESPF).status_code) == (200, 404)


@pytest.mark.parametrize("types", ["example", "table"])
def test_document_describes_the_group_list_by_its_setting(
    make_espf: Callable[..., EspfApi], types: GroupTypes
) -> None:
    """Section 5, row 10: the described types are those of the list, and its example is one."""
    described = document(EspfSettings(group_types=types))
    checks = validator(described, "Group")

    listed = [
        *make_espf(group_types=types).group_list(),
        *described["components"]["schemas"]["Group"]["examples"],
    ]

    assert [error.message for group in listed for error in checks.iter_errors(group)] == []


def test_document_names_the_codes_that_settings_chose() -> None:
    """An installation that answers 400 where another answers 404 or 409 is described as such."""
    paths = document(EspfSettings(conflict=400, unregistered_group=400))["paths"]

    assert set(paths["/group/create"]["post"]["responses"]) == {"200", "400", "401", "403", "415"}
    assert set(paths["/group/{i_group}"]["delete"]["responses"]) == {"200", "400", "401", "403", "404"}


def test_release_and_reading_hold_for_all_parts(make_web: MakeWeb) -> None:
    """One installation has one release: what the parts' own settings say of it gives way."""
    old = Release.parse("MR98")
    stack, web = make_web(release=old, reading="strict", espf=EspfSettings(release=DEFAULT_RELEASE))

    answers = [
        web.post("/rest/Session/login", json={"params": {}}),
        web.post("/espf/v1/account/i/189/status", auth=("provisioner", "offline-only"), json={}),
    ]

    parts = (stack.settings.espf, stack.settings.portabilling, stack.settings.events)
    assert [part.release for part in parts] == [old] * 3
    assert [answer.status_code for answer in answers] == [500, 415]
    assert all(b"MR98 takes" in answer.data for answer in answers)
