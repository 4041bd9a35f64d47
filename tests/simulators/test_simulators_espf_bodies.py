"""Bodies of the ESPF API: form or JSON by their Content-Type, and the page's own broken example."""

import http.client
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.bundled import fixtures
from simulators.espf.bodies import FORM, JSON, read_body
from simulators.espf.core import MAX_MESSAGE, STATUSES, Refusal
from simulators.espf.settings import EspfSettings
from simulators.portabilling.settings import Reading
from simulators.release import Release
from simulators.stack import Stack

OK: Final = {"status": "OK", "group": "HSS"}
OK_FORM: Final = b"status=OK&group=HSS"
OK_JSON: Final = json.dumps(OK).encode()
PRINTED: Final = (fixtures() / "examples" / "status-update-as-printed.txt").read_bytes()
CAPTURED: Final = (fixtures() / "examples" / "status-update.txt").read_bytes()
BASIC: Final = {"Authorization": "Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5"}


class Sent(NamedTuple):
    """A body under a type, and the status that it is refused with in either reading; 200 reads as `OK`."""

    content_type: str
    content: bytes
    strict: int
    lenient: int


ROWS: Final = {
    "row 1: as printed": Sent(FORM, PRINTED, 400, 200),
    "row 1: without the blank": Sent(FORM, OK_JSON, 400, 200),
    "row 1: as captured": Sent(FORM, CAPTURED, 200, 200),
    "row 2: U+00A0 in UTF-8": Sent(f"{FORM}\u00c2\u00a0", OK_FORM, 415, 200),
    "row 2: U+00A0 in Latin-1": Sent(f"{FORM}\u00a0", OK_FORM, 415, 200),
    "row 2: U+00A0 behind a charset": Sent(f"{JSON}; charset=UTF-8\u00c2\u00a0", OK_JSON, 415, 200),
    "rows 1 and 2: the whole example": Sent(f"{FORM}\u00c2\u00a0", PRINTED, 415, 200),
    "row 5: JSON": Sent(JSON, OK_JSON, 200, 200),
    "row 5: form": Sent(FORM, OK_FORM, 200, 200),
    "row 5: JSON type twice (S25)": Sent(f"{JSON}; charset=UTF-8, {JSON}", OK_JSON, 200, 200),
}
BESIDE: Final = {
    "JSON type twice without a charset": Sent(f"{JSON}, {JSON}", OK_JSON, 200, 200),
    "two types": Sent(f"{FORM}, {JSON}", OK_JSON, 415, 415),
    "type in capitals": Sent(JSON.upper(), OK_JSON, 200, 200),
    "no type, form": Sent("", OK_FORM, 415, 200),
    "no type, JSON": Sent("", OK_JSON, 415, 200),
    "another type": Sent("text/plain", OK_FORM, 415, 415),
    "multipart": Sent("multipart/form-data; boundary=x", OK_FORM, 415, 415),
    "charset in quotes": Sent(f'{FORM}; charset="utf-8"', OK_FORM, 200, 200),
    "another charset": Sent(f"{FORM}; charset=ISO-8859-1", OK_FORM, 415, 200),
    "empty form": Sent(FORM, b"", 400, 400),
    "empty JSON": Sent(JSON, b"", 400, 400),
    "form under JSON": Sent(JSON, OK_FORM, 400, 400),
    "cut off": Sent(JSON, OK_JSON[:-1], 400, 400),
    "list": Sent(JSON, b"[" + OK_JSON + b"]", 400, 400),
    "envelope of the JSON API": Sent(JSON, b'{"params": ' + OK_JSON + b"}", 400, 400),
    "byte order mark": Sent(JSON, b"\xef\xbb\xbf" + OK_JSON, 400, 200),
    "UTF-16": Sent(JSON, OK_JSON.decode().encode("utf-16"), 400, 400),
    "not UTF-8, JSON": Sent(JSON, b'{"status": "OK", "group": "HSS", "message": "\xff"}', 400, 400),
    "not UTF-8, form": Sent(FORM, OK_FORM + b"&message=\xff", 400, 400),
    "not UTF-8, encoded": Sent(FORM, OK_FORM + b"&message=%FF", 400, 400),
    "half of a character": Sent(JSON, b'{"status": "OK", "group": "HSS", "message": "\\ud800"}', 400, 400),
    "NaN": Sent(JSON, b'{"status": "OK", "group": "HSS", "x": NaN}', 400, 400),
    "too long a number": Sent(JSON, b'{"status": "OK", "group": "HSS", "x": ' + b"9" * 5000 + b"}", 400, 400),
    "too deep": Sent(JSON, b"[" * 100_000, 400, 400),
    "key twice": Sent(JSON, b'{"status": "FAILED", "status": "OK", "group": "HSS"}', 400, 400),
    "key twice, the same": Sent(JSON, b'{"status": "OK", "status": "OK", "group": "HSS"}', 400, 200),
    "field twice": Sent(FORM, OK_FORM + b"&status=FAILED", 400, 400),
    "field twice, the same": Sent(FORM, OK_FORM + b"&status=OK", 400, 200),
    "unknown field twice": Sent(FORM, OK_FORM + b"&x=1&x=2", 200, 200),
    "trailing blank": Sent(FORM, b"status=OK+&group=HSS", 400, 200),
    "number for a message": Sent(JSON, b'{"status": "OK", "group": "HSS", "message": 5}', 400, 400),
    "4,000 characters": Sent(FORM, OK_FORM + b"&message=" + b"%E2%98%83" * MAX_MESSAGE, 200, 200),
    "4,001 characters": Sent(FORM, OK_FORM + b"&message=" + b"x" * (MAX_MESSAGE + 1), 400, 400),
}


def post(stack: Stack, sent: Sent) -> tuple[int, Any]:
    """Send it over a socket, since a test client would mend the header; gives status and JSON body."""
    address = urlsplit(stack.addresses.portabilling)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    headers = {**BASIC, **({"Content-Type": sent.content_type} if sent.content_type else {})}
    try:
        connection.request("POST", "/espf/v1/account/i/189/status", sent.content, headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_bodies_are_read_by_their_type(make_stack: Callable[..., Stack], reading: Reading) -> None:
    """Rows 1, 2 and 5 of section 5 and what they leave open: stored, or a 4xx and nothing stored."""
    with make_stack(reading=reading) as stack:
        wrong = []
        for name, sent in {**ROWS, **BESIDE}.items():
            before = len(stack.espf.history(189, "HSS"))
            status, body = post(stack, sent)
            is_stored = len(stack.espf.history(189, "HSS")) == before + 1
            expected = sent.strict if reading == "strict" else sent.lenient
            if (status, is_stored, "error" in body) != (expected, expected == 200, expected != 200):
                wrong.append((name, status, body))

        assert wrong == []
        assert {report.status for report in stack.espf.stored()} == {"OK"}


@pytest.mark.parametrize(
    ("release", "reading", "status"),
    [("MR96", "strict", 415), ("MR100", "strict", 415), ("MR101", "strict", 200), ("MR100", "lenient", 200)],
)
def test_json_is_taken_by_release_and_reading(
    make_stack: Callable[..., Stack], release: str, reading: Reading, status: int
) -> None:
    """Section 5, row 5: up to MR100 the guide says that it must be a form, yet one client sends JSON."""
    with make_stack(release=Release.parse(release), reading=reading) as stack:
        assert post(stack, ROWS["row 5: form"])[0] == 200
        answered, body = post(stack, ROWS["row 5: JSON"])

    assert answered == status
    assert status == 200 or f"{release} takes no application/json" in body["error"]


@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_version_in_the_url_is_a_name_alone(make_stack: Callable[..., Stack], reading: Reading) -> None:
    """Section 5, row 4: whatever `v1` counts, events or the API, it is the only one."""
    with make_stack(reading=reading) as stack:
        address = urlsplit(stack.addresses.portabilling)
        connection = http.client.HTTPConnection(str(address.hostname), address.port)
        codes = []
        for version in ("v1", "v2", "V1"):
            headers = {**BASIC, "Content-Type": FORM}
            connection.request("POST", f"/espf/{version}/account/i/189/status", OK_FORM, headers)
            answer = connection.getresponse()
            answer.read()
            codes.append(answer.status)
        connection.close()

    assert codes == [200, 404, 404]


@pytest.mark.parametrize("sent", [ROWS["row 1: as printed"], ROWS["row 1: without the blank"]])
@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_journal_tells_a_body_that_is_not_of_its_type(
    make_stack: Callable[..., Stack], reading: Reading, sent: Sent
) -> None:
    """Section 5, row 1: what the lenient reading takes is on record as a mistake all the same."""
    with make_stack(reading=reading) as stack:
        post(stack, sent)

    assert stack.journal.records()[-1].detail["body_fits_type"] is False


@given(
    fields=st.fixed_dictionaries(
        {"status": st.sampled_from(STATUSES), "group": st.text(st.characters(codec="utf-8"), min_size=1)},
        optional={"message": st.text(st.characters(codec="utf-8"))},
    )
)
def test_form_and_json_say_the_same_in_either_reading(fields: Mapping[str, str]) -> None:
    """Whatever text a field holds, both bodies give it back to the letter."""
    for settings in (EspfSettings(), EspfSettings(reading="strict")):
        form = read_body(FORM, urlencode(fields).encode(), settings=settings)
        written = read_body(JSON, json.dumps(fields).encode(), settings=settings)

        assert form.fields == written.fields == fields
        assert form.fits_type
        assert written.fits_type


@given(content_type=st.sampled_from([FORM, JSON, ""]) | st.text(), content=st.binary())
def test_any_bytes_are_read_or_refused(content_type: str, content: bytes) -> None:
    """Nothing but a refusal with 400 or 415 comes of a body that cannot be read."""
    for settings in (EspfSettings(), EspfSettings(reading="strict")):
        try:
            read_body(content_type, content, settings=settings)
        except Refusal as refused:
            assert refused.status in {400, 415}  # noqa: PT017 - either outcome is right
