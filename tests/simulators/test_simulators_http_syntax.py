"""HTTP's syntax: what is read from the lines of a request, and that the rest is refused."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.wire.syntax import (
    HTTP_1_0,
    HTTP_1_1,
    RefusedError,
    add_header,
    body_length,
    chunk_length,
    keeps_connection,
    one_type,
    read_request_line,
)


@pytest.mark.parametrize(
    ("line", "path", "query"),
    [
        (b"GET /a?b=%20 HTTP/1.1\r\n", b"/a", b"b=%20"),
        (b"GET /a%2fb%20c%C3%A9 HTTP/1.1\r\n", b"/a%2Fb c\xc3\xa9", b""),
        (b"GET //espf/v1 HTTP/1.1\r\n", b"//espf/v1", b""),
        (b"GET HTTPS://mybilling.com/espf?a HTTP/1.1\r\n", b"/espf", b"a"),
        (b"GET http://mybilling.com HTTP/1.1\r\n", b"/", b""),
        (b"OPTIONS * HTTP/1.1\r\n", b"/*", b""),
        (b'GET /rest/A/b/{"login":"\xc3\xa9"} HTTP/1.0\r\n', b'/rest/A/b/{"login":"\xc3\xa9"}', b""),
    ],
)  # fmt: skip
def test_target_is_read_in_its_forms(line: bytes, path: bytes, query: bytes) -> None:
    """Paths are decoded but for an escaped slash, which belongs to an ID (3.2); the target is kept."""
    read = read_request_line(line)

    assert (read.path, read.query) == (path, query)
    assert read.target == line.split(b" ")[1]


@given(line=st.binary(max_size=60) | st.binary(max_size=40).map(lambda text: b"GET /%b HTTP/1.1\r\n" % text))
@example(line=b"GET //[ HTTP/1.1\r\n")
@example(line=b"GET http://[ HTTP/1.1\r\n")
def test_any_line_is_read_or_refused(line: bytes) -> None:
    """No bytes end in anything but a reading or a refusal, as a request line, a header or a chunk's size."""
    for read in (read_request_line, chunk_length, lambda text: add_header({b"Host": b"x"}, text)):
        with suppress(RefusedError):
            read(line)


@given(value=st.binary(max_size=30))
@example(value=b"9" * 5000)
@example(value="\u00b2".encode("latin-1"))
def test_any_length_is_a_number_or_refused(value: bytes) -> None:
    """A length is never below zero, whatever stands there."""
    with suppress(RefusedError):
        assert (body_length({b"Content-Length": value}, version=HTTP_1_1) or 0) >= 0


def test_repeated_headers_are_joined() -> None:
    """Values stay together in order, and a name with an underscore is nobody's header."""
    headers: dict[bytes, bytes] = {}
    for line in (b"x-a: 1\r\n", b"X-A:2 \r\n", b"cookie: a\r\n", b"Cookie: b\r\n", b"X_A: 3\r\n"):
        add_header(headers, line)

    assert headers == {b"X-A": b"1, 2", b"Cookie": b"a; b"}


@pytest.mark.parametrize(
    ("value", "version", "keeps"),
    [
        (b"", HTTP_1_1, True),
        (b"Close", HTTP_1_1, False),
        (b"x, close", HTTP_1_1, False),
        (b"", HTTP_1_0, False),
        (b"Keep-Alive", HTTP_1_0, True),
    ],
)
def test_client_says_whether_it_goes_on(value: bytes, version: tuple[int, int], *, keeps: bool) -> None:
    """HTTP/1.1 goes on unless told otherwise, HTTP/1.0 ends, in any case of letters."""
    assert keeps_connection({b"Connection": value}, version=version) is keeps


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("application/json; charset=UTF-8, application/json", "application/json; charset=UTF-8"),
        ("application/json, Application/JSON", "application/json"),
        ("text/plain, application/json", "text/plain, application/json"),
        ('multipart/form-data; boundary="a,b"', 'multipart/form-data; boundary="a,b"'),
        ("application/json\u00a0", "application/json\u00a0"),
        ("", ""),
    ],
)
def test_one_type_said_twice_is_one_type(value: str, read: str) -> None:
    """A public client repeats its type (S25); two that differ, or one that is odd, stay as they are."""
    assert one_type(value) == read
