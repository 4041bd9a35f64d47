"""What a web server accepts as HTTP/1: request lines, headers and lengths, read strictly, without sockets.

cheroot's own reading lets through what smuggles requests (two lengths, folded headers, `+5` as a length)
and stumbles over some targets with a traceback, so that ours stands in its place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

_NAME: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Z-]+) ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)\r\n")
_ABSOLUTE: Final = re.compile(rb"https?://[^/?]+([/?].*)?", re.IGNORECASE | re.DOTALL)
# Bytes above 0x7f pass: a value may end with U+00A0 (section 5, row 2), and a reader must see it.
_HEADER: Final = re.compile(rb"(%s):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\r\n" % _NAME)
_HOST: Final = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(:\d*)?")
# The documented example names a URL where a host belongs (P; section 5, row 3).
_URL_AS_HOST: Final = re.compile(rb"https?://[^\s/]+/?", re.IGNORECASE)
_QUOTED_SLASH: Final = re.compile(b"%2F", re.IGNORECASE)
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
# Longer numbers are above every limit, and Python refuses to read thousands of digits.
_DIGITS: Final = 18
HTTP_1_0: Final = (1, 0)
HTTP_1_1: Final = (1, 1)


class RefusedError(Exception):
    """What came is no request that a web server takes; `status` is how it is answered."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A request line: `target` to the letter, `path` decoded but for `%2F`, `query` as it came."""

    method: bytes
    target: bytes
    path: bytes
    query: bytes
    version: tuple[int, int]


def read_request_line(line: bytes) -> RequestLine:
    """Read a request line with its line end.

    Raises:
        RefusedError: 400, or 505 for another major version.
    """
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise RefusedError(400, "The request line must be METHOD TARGET HTTP/1.1.")
    method, target, major, minor = match.groups()
    if major != b"1":
        raise RefusedError(505, "HTTP/1.1 and HTTP/1.0 are spoken here.")
    path, _, query = _origin_form(method, target).partition(b"?")
    # `%2F` is part of a segment, and must not become a separator (3.2).
    decoded = b"%2F".join(unquote_to_bytes(part) for part in _QUOTED_SLASH.split(path))
    version = min((1, int(minor)), HTTP_1_1)
    return RequestLine(method=method, target=target, path=decoded, query=query, version=version)


def _origin_form(method: bytes, target: bytes) -> bytes:
    if b"#" in target:
        raise RefusedError(400, "A request target has no fragment: write # as %23.")
    if target.startswith(b"/"):
        return target
    if absolute := _ABSOLUTE.fullmatch(target):
        # Every server must take the absolute form too (RFC 9112, 3.2.2).
        rest: bytes = absolute[1] or b""
        return rest if rest.startswith(b"/") else b"/" + rest
    if (method, target) == (b"OPTIONS", b"*"):
        return b"/*"
    raise RefusedError(400, "The request target must begin with a slash.")


def add_header(headers: dict[bytes, bytes], line: bytes) -> None:
    """Add a header line with its line end; a repeated header's values are joined by commas (RFC 9110).

    A name with an underscore is left out, as web servers do: in WSGI it would pass for another.

    Raises:
        RefusedError: 400 for a line that is no header, for a second host, or for a length that differs.
    """
    match = _HEADER.fullmatch(line)
    if match is None:
        raise RefusedError(400, "A header line must be Name: value, on one line.")
    name, value = match[1].title(), match[2]
    if b"_" not in name:
        headers[name] = _joined(name, headers[name], value) if name in headers else value


def _joined(name: bytes, first: bytes, second: bytes) -> bytes:
    if name == b"Content-Length" and first == second:
        return first
    if name in {b"Content-Length", b"Host"}:
        raise RefusedError(400, f"{name.decode()} is given twice.")
    return first + (b"; " if name == b"Cookie" else b", ") + second


def check_host(headers: Mapping[bytes, bytes], *, version: tuple[int, int], lenient: bool) -> None:
    """Make sure that a request names a host; when lenient, a URL in its place is ignored.

    Raises:
        RefusedError: 400 where it names none in HTTP/1.1, or one that is not possible.
    """
    host = headers.get(b"Host")
    if host is None:
        if version >= HTTP_1_1:
            raise RefusedError(400, "The Host header is missing.")
    elif not (_HOST.fullmatch(host) or (lenient and _URL_AS_HOST.fullmatch(host))):
        raise RefusedError(400, "The Host header is no host with or without a port.")


def body_length(headers: Mapping[bytes, bytes], *, version: tuple[int, int]) -> int | None:
    """How many bytes follow the headers; None for a chunked body.

    Raises:
        RefusedError: 400 where that cannot be told for sure, 501 for another transfer coding.
    """
    coding, length = headers.get(b"Transfer-Encoding"), headers.get(b"Content-Length")
    if coding is None:
        if length is not None and not (length.isdigit() and length.isascii()):
            raise RefusedError(400, "Content-Length is no number.")
        return int(length[:_DIGITS]) if length else 0
    if length is not None or version < HTTP_1_1:
        raise RefusedError(400, "Transfer-Encoding stands neither beside Content-Length nor in HTTP/1.0.")
    if coding.lower() != b"chunked":
        raise RefusedError(501, "The one transfer coding that is read is chunked.")
    return None


def chunk_length(line: bytes) -> int:
    """The size that a chunk's first line tells; 0 ends the body.

    Raises:
        RefusedError: 400 for a line that tells none.
    """
    match = _CHUNK.fullmatch(line)
    if match is None:
        raise RefusedError(400, "A chunk must begin with its size in hexadecimal digits.")
    return int(match[1], 16)


def keeps_connection(headers: Mapping[bytes, bytes], *, version: tuple[int, int]) -> bool:
    """Whether the client wants to send more requests over its connection."""
    wishes = {wish.strip().lower() for wish in headers.get(b"Connection", b"").split(b",")}
    return b"close" not in wishes if version >= HTTP_1_1 else b"keep-alive" in wishes


def one_type(content_type: str) -> str:
    """The first of several values of a Content-Type that name one type; any other value as it is.

    A public client sends the header twice, `application/json; charset=UTF-8` and `application/json` (S25).
    """
    values = content_type.split(",")
    types = {value.partition(";")[0].strip(" \t").lower() for value in values}
    return values[0].strip(" \t") if len(values) > len(types) == 1 else content_type
