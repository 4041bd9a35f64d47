"""Reads status URLs: which account a raw request target names, by the rules of section 3.2."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

# The two forms, as segments behind /espf/v1: account/i/<i_account>/status and account/<id>/status.
_SHORTEST_FORM: Final = 3
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
# Printable ASCII but for `#`, which ends a URL, and a `%` that encodes nothing.
_WELL_FORMED: Final = re.compile(r"(?:[!\"$&-~]|%[0-9A-Fa-f]{2})*")
_CANONICAL: Final = re.compile(r"[1-9][0-9]{0,9}")
_WITH_ZEROS: Final = re.compile(r"0*[1-9][0-9]{0,9}")


@dataclass(frozen=True, kw_only=True)
class Named:
    """Whom a status URL names: an i_account, or the first of `ids` that is an account's ID."""

    i_account: int | None = None
    ids: tuple[str, ...] = ()


def behind_version(target: str) -> str:
    """What stands behind `/espf/v1/` in a raw request target, still percent-encoded, without its query."""
    path = target.partition("?")[0]
    # A request to a proxy carries scheme and host in its target.
    origin = _ORIGIN.match(path)
    return "/".join(path[origin.end() if origin else 0 :].split("/")[3:])


def read_status_url(path: str, *, lenient: bool) -> Named | None:
    """Read what `behind_version` gave; None where it is of neither form.

    Segments are split before they are decoded, so that `%2F` is a part of an ID. Dot segments and empty
    ones are segments like any other. Lenient reading also takes a trailing slash, zeros before an
    i_account, and `/`, `+` for a blank and outer blanks in an ID, each unless the strict reading of the ID
    is an account; yet it takes no bare `i` for an ID, since a lost number leaves just that.
    """
    segments = path.removesuffix("/").split("/") if lenient else path.split("/")
    if len(segments) < _SHORTEST_FORM or "#" in path:
        return None
    decoded = [_decoded(segment, lenient=lenient) for segment in segments]
    if None in decoded or (decoded[0], decoded[-1]) != ("account", "status"):
        return None
    match decoded[1:-1]:
        case ["i", str(number)] if (i_account := read_number(number, lenient=lenient)) is not None:
            return Named(i_account=i_account)
        case ["i"] if lenient:
            return None
        case [str(account_id)] if not lenient:
            return Named(ids=(account_id,))
    return Named(ids=_lenient_ids("/".join(segments[1:-1]))) if lenient else None


def read_number(text: str, *, lenient: bool = True) -> int | None:
    """Read an id that is written in ASCII digits; None where it is none, or longer than any id."""
    found = _WITH_ZEROS.fullmatch(text) if lenient else _CANONICAL.fullmatch(text)
    # Python itself refuses to read thousands of digits.
    return int(found[0].lstrip("0")) if found else None


def _lenient_ids(raw: str) -> tuple[str, ...]:
    written = [_decoded(form, lenient=True) for form in (raw, raw.replace("+", " "))]
    known = [account_id for account_id in written if account_id is not None]
    return tuple(dict.fromkeys([*known, *(account_id.strip() for account_id in known)]))


def _decoded(segment: str, *, lenient: bool) -> str | None:
    if not lenient and not _WELL_FORMED.fullmatch(segment):
        return None
    try:
        # A server hands bytes that a client left unencoded over as Latin-1.
        return unquote_to_bytes(segment.encode("latin-1")).decode()
    except UnicodeError:
        return None
