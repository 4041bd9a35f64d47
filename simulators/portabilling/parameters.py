"""What the methods of the JSON API take: numbers also as digits, options as 1, one of several keys."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from simulators.world import read_number

# Without `limit` a list holds about 50 rows (S18).
LIST_LIMIT = 50


def _number(value: Any) -> int:
    # JSON knows no integers: 5.0 is one too.
    number = read_number(int(value) if isinstance(value, float) and value.is_integer() else value)
    if number is None:
        raise ValueError("a number, or a string of digits, is required")
    return number


def _option(value: Any) -> bool:
    if value not in (0, 1, "0", "1"):
        raise ValueError("an option is 1 or 0")
    return value in (1, "1")


# Old releases take digits as strings (S17, S24).
Number = Annotated[
    int,
    BeforeValidator(_number),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]{1,20}$"}]}),
]
# Of rows: below 2^31, like every documented number.
Count = Annotated[
    int,
    BeforeValidator(_number),
    Field(ge=0, lt=2**31),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
                {"type": "string", "pattern": "^[0-9]{1,9}$"},
            ]
        }
    ),
]
# Boolean options are 1 (2.1).
Option = Annotated[bool, BeforeValidator(_option), WithJsonSchema({"enum": [0, 1, "0", "1", False, True]})]
# Null is the same as left out.
OptionalNumber = Number | None
OptionalText = str | None


class Parameters(BaseModel):
    """The parameters of a method; those that are not known are ignored, as by an older release."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class AuthInfo(Parameters):
    """Credentials in the body: a session, or a login with the password or the API token (S9)."""

    session_id: OptionalText = None
    login: OptionalText = None
    password: OptionalText = None
    token: OptionalText = None


def one_of(*names: str) -> dict[str, Any]:
    """The JSON Schema of parameters of which at least one is required."""
    return {"anyOf": [{"required": [name]} for name in names]}


class AccountKey(Parameters):
    """Which account: by `i_account`, which wins, or by `id`."""

    model_config = ConfigDict(json_schema_extra=one_of("i_account", "id"))

    i_account: OptionalNumber = None
    id: OptionalText = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.i_account is None and self.id is None:
            raise ValueError("either i_account or id is required")
        return self


class Paging(Parameters):
    """Which rows of a list; `get_total` adds their whole number (S18)."""

    limit: Count = LIST_LIMIT
    offset: Count = 0
    get_total: Option = False
