"""The JSON API against its own OpenAPI document: Schemathesis looks for what the document does not say."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from simulators.portabilling.openapi import document
from simulators.release import DEFAULT_RELEASE
from simulators.stack import Stack

JSON: Final = "application/json"
USER: Final = {"login": "provisioner", "password": "offline-only"}
# Every check is on but these.
CHECKS: Final = {
    # Every failure of the JSON API is HTTP 500 by design (S15, S25); the two checks below look at them.
    "not_a_server_error": {"enabled": False},
    "negative_data_rejection": {"expected-statuses": [500]},
    "positive_data_acceptance": {"expected-statuses": [200, 500]},
    # A method that is not served is a fault too, never a 405, and missing authentication is never a 401.
    "unsupported_method": {"enabled": False},
    "ignored_auth": {"enabled": False},
    "missing_required_header": {"enabled": False},
}


class Office:
    """A web host that a test can put a fresh one in the place of, and its document."""

    def __init__(self, make_web: Callable[..., tuple[Stack, Client]]) -> None:
        self._make_web = make_web
        self.reopen()

    def reopen(self) -> None:
        """Start over: nothing changed, no session open but one."""
        stack, _ = self._make_web()
        described = document(stack.portabilling.methods.values(), release=DEFAULT_RELEASE)
        # What a login takes is any text; only this one opens a session.
        described["components"]["schemas"]["Login"] = {"const": USER}
        for path in described["paths"].values():
            # A form's fields are JSON text, which a maker of forms cannot spoil: it leaves them out instead.
            content = path["post"]["requestBody"]["content"]
            path["post"]["requestBody"]["content"] = {JSON: content[JSON]}
        answer = Response(json.dumps(described), content_type="application/json")
        self.app = DispatcherMiddleware(stack.simulation.web_host_app(), {"/openapi.json": answer})
        self.token = stack.sessions.open(stack.world.users["provisioner"]).access_token

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Serve a request; those that bring no session of their own get the open one."""
        if environ.get("HTTP_AUTHORIZATION") == "Bearer placeholder":
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        return self.app(environ, start_response)


@pytest.fixture
def office(make_web: Callable[..., tuple[Stack, Client]]) -> Office:
    """A web host."""
    return Office(make_web)


@pytest.fixture
def api(office: Office) -> OpenApiSchema:
    """The document over that web host."""
    config = {"headers": {"Authorization": "Bearer placeholder"}, "checks": CHECKS}
    return schemathesis.openapi.from_wsgi(
        "/openapi.json", office, config=SchemathesisConfig.from_dict(config)
    )


schema = schemathesis.pytest.from_fixture("api")


@schemathesis.check
def fault_is_documented(_context: Any, response: Any, case: Any) -> None:
    """Each failure of the JSON API has a faultcode and a faultstring, and is no traceback."""
    if response.status_code == 500 and case.method != "HEAD":
        fault = response.json()
        assert fault["faultcode"]
        assert isinstance(fault["faultstring"], str)
        # Hypothesis takes words from our sources, this one too.
        assert "Traceback" not in fault["faultstring"] or "Traceback" in str(response.request.body)


@schemathesis.check
def unauthenticated_call_is_refused(_context: Any, response: Any, case: Any) -> None:
    """A call that shows no credentials gets nothing, unless its method is open."""
    if case.operation.definition.raw.get("security") and "Authorization" not in response.request.headers:
        assert response.status_code == 500


@schema.parametrize()
@settings(max_examples=20, deadline=None)
def test_every_method_keeps_to_the_document(case: Any) -> None:
    """Positive and negative data of every method get the documented answers."""
    case.call_and_validate()


def test_chains_of_calls_keep_to_the_document(api: OpenApiSchema, office: Office) -> None:
    """What one call answers, the next one takes: sessions, accounts and customers."""

    class Chains(api.as_state_machine()):  # type: ignore[misc] # a class that is made at run time
        def setup(self) -> None:
            office.reopen()

    run_state_machine_as_test(
        Chains,
        settings=settings(
            max_examples=20, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
