"""Negative data by Schemathesis: bodies that the documents of the two endpoints do not allow."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis.generation import GenerationMode

from conformance.endpoints.probes import Kind, Operation, Probe

EXAMPLES: Final = 40


def negative_probes(
    document: Mapping[str, Any],
    *,
    operation: Operation,
    kind_of: Callable[[Any], Kind | None],
    i_account: int,
    seed: int,
) -> Iterator[Probe]:
    """Bodies that break the document's schema, the same ones for the same seed.

    `kind_of` says what a body is; one that is legal after all is passed over.
    """
    for number, body in enumerate(_bodies(document, seed=seed)):
        if kind := kind_of(json.loads(body)):
            yield Probe(
                kind=kind,
                case=f"generated body {number}",
                operation=operation,
                i_account=i_account,
                body=body,
            )


def kind_of_event(body: Any, *, declared: Collection[str]) -> Kind | None:
    """Tell what an event is: malformed, of an unknown type, or well-formed."""
    if not isinstance(body, dict) or not isinstance(body.get("event_type"), str):
        return "malformed"
    if body["event_type"] not in declared:
        return "unknown-type"
    variables = body.get("variables")
    if not isinstance(variables, dict):
        return "malformed"
    numbers = (variables.get("i_account"), variables.get("i_event"))
    return None if all(map(_is_number, numbers)) else "malformed"


def kind_of_notification(body: Any) -> Kind | None:
    """Tell what a notification is: malformed, or of an order that was never made."""
    if not isinstance(body, dict) or not isinstance(body.get("state"), str):
        return "malformed"
    names = (body.get("service"), body.get("reference") or body.get("order_id"))
    return "unknown-order" if all(isinstance(name, str) for name in names) else "malformed"


def _is_number(value: Any) -> bool:
    """Tell whether a value may pass for an id with some reader: only what surely is none is malformed."""
    return (isinstance(value, int | float) and not isinstance(value, bool)) or _is_digits(value)


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and any(letter.isdigit() for letter in value)


def _bodies(document: Mapping[str, Any], *, seed: int) -> list[bytes]:
    operations: Any = schemathesis.openapi.from_dict(dict(document)).get_all_operations()
    (operation,) = operations
    found: list[Any] = []

    @seeded(seed)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.ok().as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def gather(case: Any) -> None:
        found.append(case.body)

    gather()
    # The same one often comes again.
    return list(dict.fromkeys(body for body in map(_written, found) if body))


def _written(body: Any) -> bytes:
    """Write a body as JSON; nothing where it cannot be written."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError):
        return b""
