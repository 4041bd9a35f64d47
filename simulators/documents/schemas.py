"""JSON schemas for OpenAPI documents, made from the models that read and write the wire."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import WithDefaultSchema

Json = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{model}"


class _Schemas(GenerateJsonSchema):
    """Leaves out what says nothing: titles, and defaults that stand for a parameter left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the generator's interface
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", 0) in (None, False):
            made.pop("default", None)
        return made


class _WithoutDefaults(_Schemas):
    """Leaves out all defaults: of a change, what is left out stays as it is."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        made.pop("default", None)
        return made


def schemas(
    inputs: Iterable[tuple[str, JsonSchemaMode, TypeAdapter[Any]]], *, with_defaults: bool = True
) -> tuple[Mapping[tuple[str, str], Json], Json]:
    """The schema of each type by its name and mode, and the definitions that they refer to."""
    generator = _Schemas if with_defaults else _WithoutDefaults
    found, rest = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE, schema_generator=generator)
    named: Mapping[tuple[str, str], Json] = {
        (str(key), mode): dict(schema) for (key, mode), schema in found.items()
    }
    return named, rest.get("$defs", {})
