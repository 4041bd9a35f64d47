"""Duty 5 of the provisioner: the URL and the body of a status update."""

from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reference_provisioner.models import Status, StatusUpdate
from reference_provisioner.update_status import status_path

PRINTABLE = st.characters(exclude_categories=["C", "Zl", "Zp"])


def update(account_id: str) -> StatusUpdate:
    """Return a status of that account."""
    return StatusUpdate(
        reference="event-5", i_account=189, account_id=account_id, group="HSS", status=Status.OK
    )


def sent_path(path: str) -> str:
    """Return the request target that goes over the wire for this path."""
    prepared = requests.Request("POST", "http://espf.test" + path).prepare()
    return prepared.path_url


@given(st.text(PRINTABLE, min_size=1, max_size=64))
@example("i/189")
@example("ph123#456")
@example("100%25 ?x=1")
@example(" +12065550189@msisdn;v=1")
def test_any_account_id_is_one_segment_of_the_path(account_id: str) -> None:
    """Whatever the id holds, it arrives as one segment which decodes to it."""
    # RFC 3986 removes dot segments, encoded or not: these two ids cannot be in a URL at all.
    assume(account_id not in {".", ".."})
    target = sent_path(status_path(update(account_id), url_form="id"))
    assert urlsplit("http://espf.test" + target).path == target
    assert [unquote(part) for part in target.split("/")] == [
        "",
        "espf",
        "v1",
        "account",
        account_id,
        "status",
    ]


@given(st.text(PRINTABLE, min_size=1, max_size=64))
def test_the_other_form_does_not_depend_on_the_id(account_id: str) -> None:
    """With `i_account` the path holds the number alone."""
    assert status_path(update(account_id), url_form="i_account") == "/espf/v1/account/i/189/status"


@pytest.mark.parametrize("account_id", ["8900100000000001896", "189"])
def test_an_id_of_digits_is_still_an_id(account_id: str) -> None:
    """An all-digit id is not written as an i_account."""
    assert status_path(update(account_id), url_form="id") == f"/espf/v1/account/{account_id}/status"
