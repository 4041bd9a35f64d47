"""What an installation has of its own: further methods, and other names in its answers (a world file's)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import ConfigDict, JsonValue, TypeAdapter

from simulators.errors import WorldError
from simulators.portabilling.faults import BAD_PARAMS, Fault
from simulators.portabilling.methods import Answer, Method
from simulators.portabilling.parameters import Parameters
from simulators.portabilling.views import account_info, customer_info, sim_card_info
from simulators.records import Account, MethodDefinition, MethodFault, Names
from simulators.validation import mistaken
from simulators.world import World, read_number

_ANSWER: Final = TypeAdapter(dict[str, JsonValue], config=ConfigDict(allow_inf_nan=False))
Render = Callable[[Mapping[str, Any]], Any]


class AnyParameters(Parameters):
    """The parameters of a method whose definition alone says what it takes."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, JsonValue]


def own_methods(world: World, known: Mapping[str, Method]) -> Iterator[Method]:
    """The methods that a world file defines beside the known ones, or in the place of some.

    Raises:
        WorldError: a definition names an unknown method, its template cannot be read, or an unknown record
            is to be renamed; every mistake is named.
    """
    if found := [*_mistakes(world.methods, known), *_unknown_records(world, known)]:
        raise WorldError(mistaken(world.source, found))
    for definition in world.methods:
        if definition.same_as is None:
            yield Method(name=definition.name, parameters=AnyParameters, answer=_answering(definition, world))
        else:
            yield replace(known[definition.same_as], name=definition.name)


def _mistakes(definitions: Iterable[MethodDefinition], known: Mapping[str, Method]) -> Iterator[str]:
    for position, definition in enumerate(definitions):
        if definition.same_as not in {None, *known}:
            names = ", ".join(sorted(known))
            yield f"methods.{position}.same_as: use one of {names} (given: {definition.same_as!r})"
        try:
            _compiled(definition.answer)
        except TemplateError as error:
            yield f"methods.{position}.answer: this template cannot be read: {error}"


def _unknown_records(world: World, known: Mapping[str, Method]) -> Iterator[str]:
    # A session's answer is no record: clients of every installation read it.
    records = {name for method in known.values() if not method.is_open for name in method.answers}
    records |= {name for definition in world.methods for name in definition.answer or ()}
    of_fields = {_singular(name) for name in records}
    for table, given, allowed in (
        ("names.records", world.names.records, records),
        ("names.fields", world.names.fields, of_fields),
    ):
        for name in given:
            if name not in allowed:
                yield f"{table}: use one of {', '.join(sorted(allowed))} (given: {name!r})"


def renamed(answer: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """An answer with the installation's names of records and fields in the place of the documented."""
    return {
        names.records.get(record, record): _renamed_record(value, names.fields.get(_singular(record), {}))
        for record, value in answer.items()
    }


def _singular(record: str) -> str:
    """A list's rows are named as the single record: `account_list` holds records like `account_info`."""
    if record == "alias_list":
        return "account_info"
    return f"{record.removesuffix('_list')}_info" if record.endswith("_list") else record


def _renamed_record(value: Any, fields: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed_record(row, fields) for row in value]
    if isinstance(value, dict) and fields:
        return {fields.get(name, name): field for name, field in value.items()}
    return value


def _answering(definition: MethodDefinition, world: World) -> Callable[[AnyParameters], Answer]:
    if definition.fault is not None:
        return partial(_refuse, definition.fault)
    return partial(_rendered, definition, _compiled(definition.answer), world)


def _refuse(fault: MethodFault, _params: AnyParameters) -> Answer:
    raise Fault(fault.faultcode, fault.faultstring)


def _rendered(
    definition: MethodDefinition, render: Render, world: World, parameters: AnyParameters
) -> Answer:
    params = parameters.model_dump(mode="json")
    missing = [name for name in definition.parameters if name not in params]
    if missing:
        raise Fault(BAD_PARAMS, f"{', '.join(missing)}: required")
    account = _account(world, params)
    if account is None and {"i_account", "id"} & set(params):
        # Not found is an empty answer, as in the known methods (S18).
        return {}
    try:
        return _ANSWER.validate_python(render({"params": params, **_data(account, world)}))
    # A template is the user's own code: whatever it does wrong is its own fault.
    except Exception as error:
        raise Fault(BAD_PARAMS, f"The answer of {definition.name} cannot be made: {error}") from error


def _account(world: World, params: Mapping[str, Any]) -> Account | None:
    if "i_account" in params:
        return world.account(read_number(params["i_account"]))
    return world.account_by_id(str(params.get("id", "")))


def _data(account: Account | None, world: World) -> dict[str, Any]:
    if account is None:
        return {"account": None, "sim_card": None, "customer": None}
    customer = world.customer(account.i_customer)
    return {
        "account": account_info(account, world, detailed=True),
        "sim_card": sim_card_info(account),
        "customer": customer_info(customer) if customer else None,
    }


def _compiled(value: Any) -> Render:
    """A function that makes the answer; a text that is one `{{ ... }}` becomes the expression's value."""
    if isinstance(value, Mapping):
        parts = {name: _compiled(part) for name, part in value.items()}
        return lambda data: {name: part(data) for name, part in parts.items()}
    if isinstance(value, list | tuple):
        rows = [_compiled(row) for row in value]
        return lambda data: [row(data) for row in rows]
    if not isinstance(value, str):
        return lambda _data: value
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    inner = value.strip()[2:-2]
    if value.strip() == f"{{{{{inner}}}}}" and "{{" not in inner:
        expression = environment.compile_expression(inner, undefined_to_none=False)
        return lambda data: _defined(expression(**data), value)
    template = environment.from_string(value)
    return template.render


def _defined(value: Any, text: str) -> Any:
    if isinstance(value, StrictUndefined):
        raise TemplateError(f"{text} has no value")
    return value
