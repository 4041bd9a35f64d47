"""Duty 5 of the provisioner: the URL and the body of a status update."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference_provisioner.models import Status, StatusUpdate
from reference_provisioner.neighbour import HttpClient
from reference_provisioner.update_status import status_path

PRINTABLE = st.characters(exclude_categories=["C", "Zl", "Zp"])


class Targets:
    """A client, the server that it posts to, and the target of the latest request there."""

    def __init__(self) -> None:
        self.http = HttpClient(timeout=10)
        self.url = ""
        self.latest = ""


def update(account_id: str) -> StatusUpdate:
    """Return a status of that account."""
    return StatusUpdate(
        reference="event-5", i_account=189, account_id=account_id, group="HSS", status=Status.OK
    )


@pytest.fixture(scope="module")
def targets() -> Iterator[Targets]:
    """Listen as a web server does, and keep each request's target as it came over the wire."""
    seen = Targets()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            seen.latest = self.path
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        seen.url = f"http://127.0.0.1:{server.server_port}"
        yield seen
        server.shutdown()
        thread.join()


@given(account_id=st.text(PRINTABLE, min_size=1, max_size=64))
@example(account_id="i/189")
@example(account_id="ph123#456")
@example(account_id="100%25 ?x=1")
@example(account_id=" +12065550189@msisdn;v=1")
@example(account_id=".")
@example(account_id="..")
@example(account_id="../../i/189")
@example(account_id="%2E%2e")
def test_any_account_id_is_one_segment_of_the_path(targets: Targets, account_id: str) -> None:
    """Whatever the id holds, it arrives as one segment which decodes to it."""
    targets.http.post(targets.url + status_path(update(account_id), url_form="id"), form={})
    segments = targets.latest.split("/")
    assert segments[:4] + segments[5:] == ["", "espf", "v1", "account", "status"]
    assert unquote(segments[4]) == account_id
    # Decoded by whoever normalises URLs on the way, a bare dot segment would be removed.
    assert segments[4] not in {".", ".."}


@given(st.text(PRINTABLE, min_size=1, max_size=64))
def test_the_other_form_does_not_depend_on_the_id(account_id: str) -> None:
    """With `i_account` the path holds the number alone."""
    assert status_path(update(account_id), url_form="i_account") == "/espf/v1/account/i/189/status"


@pytest.mark.parametrize("account_id", ["8900100000000001896", "189"])
def test_an_id_of_digits_is_still_an_id(account_id: str) -> None:
    """An all-digit id is not written as an i_account."""
    assert status_path(update(account_id), url_form="id") == f"/espf/v1/account/{account_id}/status"
