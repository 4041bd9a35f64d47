"""Reads bodies sent to the ESPF API: form or JSON, by the Content-Type and in either reading."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

from simulators.espf.core import Refusal
from simulators.espf.settings import EspfSettings

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
# All that any operation reads: what else a body holds is ignored, and a form with none is hardly a form.
FIELDS: Final = frozenset({"status", "group", "message", "name", "i_group"})
# U+00A0 comes over the wire in UTF-8 or in Latin-1, and WSGI shows bytes as Latin-1.
_NO_BREAK_SPACES: Final = re.compile(r"(?:\u00c2?\u00a0|\s)+$")
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s;,\"]*)", re.IGNORECASE)
_CHARSETS: Final = frozenset({"utf-8", "us-ascii"})
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Body:
    """The fields of a body, and whether it is of the form that its Content-Type names."""

    fields: Mapping[str, Any]
    fits_type: bool


def read_body(content_type: str, content: bytes, *, settings: EspfSettings) -> Body:
    """Read a body by its type; a lenient reading finds JSON under a form type, or under none.

    Raises:
        Refusal: 415, the type is neither a form's nor JSON's, or not taken by the release;
            400, the body is not of its type, or says two things about one field.
    """
    media_type = _media_type(content_type, settings=settings)
    if media_type == JSON:
        if not settings.takes_json:
            raise Refusal(415, f"{settings.release} takes no {JSON}: the body must be {FORM} (S31).")
        return Body(fields=_json(content, settings=settings), fits_type=True)
    looks_like_json = content.lstrip().startswith(b"{")
    if media_type != FORM and looks_like_json:
        return Body(fields=_json(content, settings=settings), fits_type=False)
    fields = _form(content, settings=settings)
    is_form = not FIELDS.isdisjoint(fields)
    # The documented example is JSON under a form type (P; section 5, row 1).
    if settings.lenient and looks_like_json and not is_form:
        fields = _json(content, settings=settings)
    return Body(fields=fields, fits_type=is_form and media_type == FORM)


def _media_type(content_type: str, *, settings: EspfSettings) -> str:
    """The one type that the header names, however often: a client repeats it (S25)."""
    # The documented example's type ends with U+00A0 (P; section 5, row 2).
    text = _NO_BREAK_SPACES.sub("", content_type) if settings.lenient else content_type
    types = {part.partition(";")[0].strip(" \t").lower() for part in text.split(",")}
    known = types in ({FORM}, {JSON}) or (settings.lenient and types == {""})
    charsets = {charset.lower() for charset in _CHARSET.findall(text)}
    if not known or not (settings.lenient or charsets <= _CHARSETS):
        raise Refusal(415, f"Content-Type is {content_type!r}: send {FORM} or {JSON}, in UTF-8.")
    return types.pop()


def _form(content: bytes, *, settings: EspfSettings) -> dict[str, Any]:
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise Refusal(400, f"The body is no form in UTF-8: {error}.") from error
    return _once(pairs, settings=settings)


def _json(content: bytes, *, settings: EspfSettings) -> dict[str, Any]:
    try:
        fields = json.loads(
            content.decode("utf-8-sig" if settings.lenient else "utf-8"),
            object_pairs_hook=lambda pairs: _once(pairs, settings=settings),
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"The body is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise Refusal(400, "The body must be a JSON object, such as one with status and group.")
    return fields


def _no_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, which JSON does not know.
    raise ValueError(f"{name} is no JSON")


def _once(pairs: Iterable[tuple[str, Any]], *, settings: EspfSettings) -> dict[str, Any]:
    """Fields by name; which of two values counts is not public, so nothing is guessed."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in FIELDS and name in fields and not (settings.lenient and fields[name] == value):
            raise Refusal(400, f"{name} is given twice.")
        if name in FIELDS and isinstance(value, str) and _SURROGATE.search(value):
            raise Refusal(400, f"{name} is {value!r}: half of a character is no Unicode text.")
        fields[name] = value
    return fields
