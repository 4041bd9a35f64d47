"""The ESPF API against its own OpenAPI document: Schemathesis looks for what the document does not say."""

import json
from collections.abc import Callable
from typing import Any, Final, get_args

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.schemas import OpenApiSchema
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from simulators.espf.bodies import JSON
from simulators.espf.core import EspfApi
from simulators.espf.settings import EspfSettings, StatusAnswer
from simulators.stack import Stack
from simulators.world import PREDEFINED_GROUPS

DOCUMENT: Final = "/doc/api/ESPFInterface.json"
USER: Final = ("provisioner", "offline-only")
BASIC: Final = {"basic": {"username": USER[0], "password": USER[1]}}
ACCOUNT_ID: Final = "12065550189@msisdn"
# The coverage phase comes on top of these, with each boundary once.
EXAMPLES: Final = max(20, settings().max_examples // 10)


class Office:
    """A web host that a test can put a fresh one in the place of."""

    def __init__(self, make_web: Callable[..., tuple[Stack, Client]]) -> None:
        self._make_web = make_web
        self.reopen()

    def reopen(self) -> None:
        """Start over: no status stored, no group but the predefined ones."""
        self.app = self._make_web()[0].simulation.web_host_app()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Serve a request."""
        return self.app(environ, start_response)


@pytest.fixture
def office(make_web: Callable[..., tuple[Stack, Client]]) -> Office:
    """A web host."""
    return Office(make_web)


@pytest.fixture
def api(office: Office) -> OpenApiSchema:
    """The document that this web host serves, over it."""
    config = SchemathesisConfig.from_dict({"auth": BASIC})
    return schemathesis.openapi.from_wsgi(DOCUMENT, office, config=config)


@pytest.fixture
def known_api(make_web: Callable[..., tuple[Stack, Client]]) -> OpenApiSchema:
    """The operations on statuses, narrowed to an account and groups that are there, read strictly."""
    stack, web = make_web(reading="strict")
    described = json.loads(web.get(DOCUMENT).data)
    described["components"]["schemas"]["StatusUpdate"]["properties"]["group"] = {"enum": PREDEFINED_GROUPS}
    for path, value in (("/account/i/{i_account}/status", 189), ("/account/{id}/status", ACCOUNT_ID)):
        described["paths"][path]["post"]["parameters"][0]["schema"] = {"const": value}
    answer = Response(json.dumps(described), content_type="application/json")
    app = DispatcherMiddleware(stack.simulation.web_host_app(), {"/known.json": answer})
    # Nothing but the state of the world can forbid a valid update, and nothing in this one does.
    checks = {"positive_data_acceptance": {"expected-statuses": [200]}}
    config = SchemathesisConfig.from_dict({"auth": BASIC, "checks": checks})
    return schemathesis.openapi.from_wsgi("/known.json", app, config=config)


any_operation = schemathesis.pytest.from_fixture("api")
known_account = schemathesis.pytest.from_fixture("known_api").include(tag="Status")


@any_operation.parametrize()
@settings(max_examples=EXAMPLES)
def test_every_operation_keeps_to_the_document(case: Any) -> None:
    """Positive and negative data of every operation get the documented answers."""
    case.call_and_validate()


@known_account.parametrize()
@settings(max_examples=EXAMPLES)
def test_every_valid_status_of_a_known_account_is_taken(case: Any) -> None:
    """A status that the document allows is stored, and one that it forbids is refused."""
    case.call_and_validate()


def test_groups_keep_to_the_document_in_any_order(api: OpenApiSchema, office: Office) -> None:
    """What is created can be listed, used and deleted, and what was deleted is gone."""

    class Chains(api.as_state_machine()):  # type: ignore[misc] # a class that is made at run time
        def setup(self) -> None:
            office.reopen()

    run_state_machine_as_test(
        Chains,
        settings=settings(
            max_examples=EXAMPLES // 2,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("listed", "named"),
    [
        ([{"i_group": 1, "name": "VoIP", "is_custom": False}], "1 is not of type"),
        ([{"i_group": "1", "name": "VoIP"}], '"is_custom" is a required property'),
    ],
)
def test_planted_departure_from_the_document_is_found(
    api: OpenApiSchema, monkeypatch: pytest.MonkeyPatch, listed: list[Any], named: str
) -> None:
    """An answer of another type than the documented one, or without a field, fails the check."""
    monkeypatch.setattr(EspfApi, "group_list", lambda _: listed)

    with pytest.raises(FailureGroup) as found:
        api["/groups"]["GET"].Case().call_and_validate(auth=USER)

    assert named in str(found.value)


@pytest.mark.parametrize("answer", get_args(StatusAnswer))
def test_status_answer_follows_its_setting(
    make_web: Callable[..., tuple[Stack, Client]], answer: StatusAnswer
) -> None:
    """A stored status is answered with its fields or, as a client takes too, with nothing (S25)."""
    stack, web = make_web(espf=EspfSettings(status_answer=answer))
    described = schemathesis.openapi.from_wsgi(DOCUMENT, stack.simulation.web_host_app())
    operation = described["/account/i/{i_account}/status"]["POST"]
    fields: Any = {"status": "OK", "group": "HSS"}

    case = operation.Case(path_parameters={"i_account": 189}, body=fields, media_type=JSON)
    case.call_and_validate(auth=USER)
    taken = web.post("/espf/v1/account/i/189/status", auth=USER, data=fields)

    assert taken.status_code == 200
    assert json.loads(taken.data or "{}") == ({"i_account": 189, **fields} if answer == "fields" else {})
    assert stack.espf.status_of(189, "HSS") == "OK"
