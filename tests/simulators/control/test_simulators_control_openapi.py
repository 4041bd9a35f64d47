"""The control API against its own OpenAPI document: Schemathesis looks for what the document does not say."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.schemas import OpenApiSchema
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from simulators.clock import Clock
from simulators.control.app import create_app
from simulators.control.openapi import document
from simulators.emitter.settings import EmitterSettings
from simulators.stack import Stack
from simulators.wire.replaceable import Replaceable

# The coverage phase comes on top of these, with each boundary once.
EXAMPLES: Final = max(20, settings().max_examples // 10)
# A stream does not end by itself.
ENDLESS: Final = "followJournal"
IMPLIED: Final = {"HEAD", "OPTIONS"}


class Office:
    """A control address that a test can put a fresh one in the place of."""

    def __init__(self, make_web: Callable[..., tuple[Stack, Client]]) -> None:
        self._make_web = make_web
        self.reopen()

    def reopen(self) -> None:
        """Start over: a stack that sends each event once, to nobody."""
        stack, _ = self._make_web(
            events=EmitterSettings(resend_limit=1), events_url="http://127.0.0.1:1/events"
        )
        narrowed = Response(json.dumps(narrow()), content_type="application/json")
        self.app = DispatcherMiddleware(control_app(stack), {"/narrowed.json": narrowed})

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Serve a request."""
        return self.app(environ, start_response)


def control_app(stack: Stack) -> Any:
    """What answers at the control address of a stack, without a socket."""
    stack.simulation.start()
    return stack._control_app(Replaceable(partial(stack._current, "control")))


def narrow() -> Any:
    """The document without what no JSON schema can say."""
    described = json.loads(json.dumps(document()))
    models = described["components"]["schemas"]
    # Further fields must have the types that were captured of PortaBilling.
    models["Account"]["properties"]["info"] = {"const": {}}
    # The lower bound comes first.
    models["Uniform"]["properties"]["uniform"] = {"const": [1, 2]}
    # An effect must be possible at its point, and the earlier of two times stands first.
    possible = {"point": {"enum": ["espf/status", "oms"]}, "fault": {"const": {"effect": "reset"}}}
    models["FaultPlan"]["properties"] |= {**possible, "between": {"enum": [[1, 2], None]}}
    # A wait lasts as long as it says.
    listing = described["paths"]["/journal"]["get"]
    listing["parameters"] = [asked for asked in listing["parameters"] if asked["name"] != "wait"]
    return described


@pytest.fixture
def office(make_web: Callable[..., tuple[Stack, Client]]) -> Office:
    """A control address."""
    return Office(make_web)


@pytest.fixture
def api(office: Office) -> OpenApiSchema:
    """The document over that address."""
    # None is demanded here; that one that is demanded is also checked has a test of its own.
    config = SchemathesisConfig.from_dict({"checks": {"ignored_auth": {"enabled": False}}})
    return schemathesis.openapi.from_wsgi("/narrowed.json", office, config=config)


any_operation = schemathesis.pytest.from_fixture("api").exclude(operation_id=ENDLESS)


@any_operation.parametrize()
@settings(max_examples=EXAMPLES, deadline=None)
def test_every_operation_keeps_to_the_document(case: Any) -> None:
    """Positive and negative data of every operation get the documented answers."""
    case.call_and_validate()


def test_what_one_call_makes_the_next_one_finds(api: OpenApiSchema, office: Office) -> None:
    """An event is shown after it was emitted, and a plan can be withdrawn once."""
    bounded = api.exclude(operation_id=ENDLESS)

    class Chains(bounded.as_state_machine()):  # type: ignore[misc] # a class that is made at run time
        def setup(self) -> None:
            office.reopen()

    run_state_machine_as_test(
        Chains,
        settings=settings(
            max_examples=EXAMPLES // 2,
            stateful_step_count=6,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_planted_departure_from_the_document_is_found(
    api: OpenApiSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count that is no number fails the check."""
    monkeypatch.setattr(Clock, "upcoming", lambda _, __: ("many", ()))

    with pytest.raises(FailureGroup, match='"many" is not of type'):
        api["/clock"]["GET"].Case().call_and_validate()


def test_every_route_is_documented(make_web: Callable[..., tuple[Stack, Client]]) -> None:
    """What is served is described, and what is described is served."""
    stack, _ = make_web()
    described = {path: set(item) for path, item in document()["paths"].items()}

    # The reset outlives what it replaces.
    assert described == {**served(create_app(stack.simulation.controls())), "/reset": {"post"}}
    told = Client(control_app(stack), Response).get("/_sim/openapi.json")
    assert json.loads(told.data) == document()


def served(app: Flask) -> dict[str, set[str]]:
    """The methods of each route."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule)
        found.setdefault(path, set()).update(method.lower() for method in (rule.methods or set()) - IMPLIED)
    return found
