"""Reads TOML files into models and tells every mistake of a file at once."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from simulators.masking import SECRET_FIELDS

# A misspelt setting must never be ignored; for dataclasses that are read from a file.
FORBID_UNKNOWN: Final = ConfigDict(extra="forbid")


class Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InvalidFileError(ValueError):
    """A file cannot be used; the message names the file, every mistake in it and the offending values."""


SECRETS: Final = SECRET_FIELDS | {"env"}
Model = TypeVar("Model", bound=BaseModel)


def load_toml(model: type[Model], path: Path) -> Model:
    """Read a TOML file into a model.

    Raises:
        InvalidFileError: the file cannot be read, is not TOML, or does not fit the model.
    """
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidFileError(f"{path} cannot be read as TOML: {error}.") from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidFileError(mistaken(str(path), mistakes(error))) from error


def mistaken(source: str, found: Iterable[str]) -> str:
    """The message that lists the mistakes of a file."""
    return "\n".join((f"{source} has mistakes:", *(f"  - {mistake}" for mistake in found)))


def mistakes(error: ValidationError) -> tuple[str, ...]:
    """One sentence for each mistake: where it is, what is wrong, and the value that was given."""
    return tuple(_sentence(item) for item in error.errors(include_url=False))


def _sentence(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    what = item["msg"].removeprefix("Value error, ")
    if item["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"{where}: this key is not known"
    if item["type"] == "missing":
        return f"{where}: this key is required"
    if item["type"] == "union_tag_not_found":
        return f"{where}.{_unquoted(item, 'discriminator')}: this key is required"
    if item["type"] == "union_tag_invalid":
        key, known = _unquoted(item, "discriminator"), _unquoted(item, "expected_tags")
        return f"{where}.{key}: {item['ctx']['tag']!r} is not known: it is one of {known}"
    # A whole table, or what may be a secret, must not stand in an error message.
    is_plain = isinstance(item["input"], str | int | float) and not SECRETS & set(item["loc"])
    return f"{where}: {what}".removeprefix(": ") + (f" (given: {item['input']!r})" if is_plain else "")


def _unquoted(item: Any, name: str) -> str:
    return str(item["ctx"][name]).replace("'", "")
