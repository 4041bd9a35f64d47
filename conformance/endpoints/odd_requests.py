"""Requests that no HTTP library sends, byte by byte: none may have an effect, whatever the answer.

What ESPF never sends has no documented answer, so that a closed connection is as good as any 4xx.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from conformance.endpoints.probes import Operation, Probe

# Longer than any header is.
LONG: Final = 100_000
_HEAD: Final = (
    b"POST {target} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\nContent-Type: application/json\r\n"
)
_LENGTH: Final = b"Content-Length: %d\r\n\r\n"


def odd_requests(body: bytes, *, operation: Operation, i_account: int) -> Iterator[Probe]:
    """Broken requests around a body that would be good, for either endpoint."""
    for case, raw in _written(body).items():
        yield Probe(kind="malformed", case=case, operation=operation, i_account=i_account, raw=raw)


def _written(body: bytes) -> Mapping[str, bytes]:
    size, half = len(body), body[: len(body) // 2]
    whole = _LENGTH % size
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    return {
        "less body than announced": _HEAD + whole + half,
        "no end of the headers": _HEAD,
        "two lengths that differ": _HEAD + b"Content-Length: 5\r\n" + whole + body,
        "a length below zero": _HEAD + b"Content-Length: -5\r\n\r\n" + body,
        "a length that is no number": _HEAD + b"Content-Length: all\r\n\r\n" + body,
        "a chunk of no size": _HEAD + chunked + b"size\r\n" + body + b"\r\n0\r\n\r\n",
        "a chunk that is cut off": _HEAD + chunked + b"%x\r\n" % size + half,
        "a header without a colon": _HEAD + b"Nonsense\r\n" + whole + half,
        "a header of 100,000 letters": _HEAD + b"X-Long: " + b"a" * LONG + b"\r\n" + whole + half,
        "a control character in a header": _HEAD + b"X-Odd: a\x00b\r\n" + whole + half,
        "no HTTP at all": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        "an unknown version": _HEAD.replace(b"HTTP/1.1", b"HTTP/9.9") + whole + half,
        "a target with a blank": _HEAD.replace(b"{target}", b"{target} x") + whole + half,
        "nothing": b"\r\n",
    }
