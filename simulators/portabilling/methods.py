"""What a method of the JSON API is: its name, what it takes, what it answers, and what a bad call is told."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter

from simulators.portabilling.faults import BAD_PARAMS
from simulators.portabilling.parameters import Paging, Parameters

Row = TypeVar("Row")


class Occurred(Protocol):
    """Takes note that something happened in PortaBilling, by the internal name of the event (1.5)."""

    def __call__(self, event_type: str, /, **variables: Any) -> object:
        """Hand the event to the ESPF."""


@dataclass(frozen=True, kw_only=True)
class File:
    """An answer that is a file and no JSON (S25, S18)."""

    name: str
    content_type: str
    content: bytes


Answer = Mapping[str, Any] | File


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method; `answers` holds the shape of each field of its answer, for the OpenAPI document.

    `files` names the types of the files that it may answer instead (S25).
    `is_open`: it needs no session. `is_write`: a site in standalone mode refuses it (2.1).
    """

    name: str
    parameters: type[Parameters]
    answer: Callable[[Any], Answer]
    answers: Mapping[str, TypeAdapter[Any]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    refusal: str = BAD_PARAMS
    is_open: bool = False
    is_write: bool = False


def shown(shape: BaseModel) -> dict[str, Any]:
    """A record as an answer shows it."""
    return shape.model_dump(mode="json")


def fits_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text fits a filter in which `%` stands for anything, as in SQL (S24).

    Assumed: `_` and all other characters stand for themselves.
    """
    if "%" not in pattern:
        return pattern.__eq__
    first, *inner, last = map(re.escape, pattern.split("%"))
    # Each part is looked for once, where it first stands: trying all places would take years.
    expression = re.compile(first + "".join(f"(?>.*?{part})" for part in inner) + ".*" + last, re.DOTALL)
    return lambda text: expression.fullmatch(text) is not None


def page(rows: Iterable[Row], paging: Paging) -> tuple[list[Row], dict[str, int]]:
    """The rows of a page; with `get_total` also how many there are in all (S18)."""
    rest = iter(rows)
    skipped = sum(1 for _ in islice(rest, paging.offset))
    found = list(islice(rest, paging.limit))
    if not paging.get_total:
        return found, {}
    # Counted without being kept: a world may hold millions.
    return found, {"total": skipped + len(found) + sum(1 for _ in rest)}


def given(record: BaseModel) -> dict[str, Any]:
    """The fields that a caller gave of a record, as they are kept; null stays null."""
    dumped = shown(record)
    return {name: dumped.get(name) for name in record.model_fields_set}
