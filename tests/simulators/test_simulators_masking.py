"""Masking: secrets never stand in what the journal keeps, and equal ones can still be told."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.masking import FORM_TYPE, SECRET_FIELDS, Masker
from simulators.stack import Stack

JSON = "application/json; charset=utf-8"
MARK = re.compile(r"\*\*\*[0-9a-f]{8}")
SECRET = "s3cret"
FIELDS = sorted(SECRET_FIELDS)

names = st.sampled_from(["params", "i_account", "Token", *FIELDS])
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def marks_of(before: Any, after: Any) -> dict[str, str]:
    """Compare a document with its masked form; give the mark of each secret, written as JSON."""
    found: dict[str, str] = {}
    if isinstance(before, dict):
        assert list(after) == list(before)
        for name, value in before.items():
            if name in SECRET_FIELDS and value is not None:
                assert MARK.fullmatch(after[name])
                # A number and the same digits as a text are one password.
                found[value if isinstance(value, str) else json.dumps(value)] = after[name]
            else:
                found |= marks_of(value, after[name])
    elif isinstance(before, list):
        for old, new in zip(before, after, strict=True):
            found |= marks_of(old, new)
    else:
        assert after == before
    return found


@given(document=documents, content_type=st.sampled_from([JSON, "text/plain", ""]))
@example(document=[{"params": {"token": [{"token": "ab"}]}}], content_type=JSON)
@example(document={"password": 1234567890}, content_type=JSON)
def test_secrets_of_nested_json_become_marks_and_the_rest_stays(document: Any, content_type: str) -> None:
    """Each secret field, however deep, holds a mark, every other value is as it was, in the same order."""
    masker = Masker()

    masked = json.loads(masker.body(json.dumps(document), content_type=content_type))

    marks = marks_of(document, masked)
    assert marks == {secret: masker.fields({"token": secret})["token"] for secret in marks}


@given(first=st.text(), second=st.text())
def test_marks_tell_equality_and_nothing_else(first: str, second: str) -> None:
    """Two secrets have one mark exactly when they are equal, and another run has other marks."""
    masker, other = Masker(), Masker()
    mark, same, different = (
        run.fields({"token": secret})["token"]
        for run, secret in [(masker, first), (masker, second), (other, first)]
    )

    assert (mark == same) == (first == second)
    assert mark != different


@pytest.mark.parametrize("name", FIELDS)
def test_every_secret_field_is_masked(name: str) -> None:
    """Each field that carries a secret is known, in JSON and in a form, and an empty one needs no value."""
    masker = Masker()

    assert SECRET not in masker.body(json.dumps({name: SECRET}), content_type=JSON)
    assert SECRET not in masker.body(urlencode({name: SECRET, "empty": ""}), content_type=FORM_TYPE)


@pytest.mark.parametrize(
    ("header", "value", "kept"),
    [
        ("Authorization", f"Bearer {SECRET}", "Bearer "),
        ("authorization", f"Basic {SECRET}", "Basic "),
        ("Authorization", SECRET, ""),
        ("Authorization", f'Digest username="{SECRET}", response="{SECRET}"', "Digest "),
        ("Cookie", f"session_id={SECRET}; access_token={SECRET}", ""),
        ("Set-Cookie", f"access_token={SECRET}; Path=/", ""),
    ],
)
def test_header_keeps_its_scheme_word_alone(header: str, value: str, kept: str) -> None:
    """A header with credentials shows how it authenticates, and of a cookie nothing at all."""
    masked = Masker().headers({header: value, "Host": SECRET})

    assert masked[header].startswith(kept)
    assert MARK.fullmatch(masked[header].removeprefix(kept))
    assert masked["Host"] == SECRET


@pytest.mark.parametrize("name", ["auth_info", "params"])
def test_secret_in_the_json_text_of_a_form_field_is_masked(name: str) -> None:
    """The form fields of the JSON API hold JSON text, whose secrets get the marks that JSON bodies get."""
    masker = Masker()
    form = urlencode({name: json.dumps({"login": "provisioner", "password": SECRET}), "x": "a b+c"})

    masked = parse_qs(masker.body(form, content_type=FORM_TYPE))

    assert json.loads(masked[name][0]) == {
        "login": "provisioner",
        "password": masker.fields({"password": SECRET})["password"],
    }
    assert masked["x"] == ["a b+c"]


@pytest.mark.parametrize(
    "body",
    [
        f'--x\r\nContent-Disposition: form-data; name="params"\r\n\r\n{{"password" : "{SECRET}"}}\r\n--x--',
        f'{{"login": "provisioner", "password": "{SECRET}"',
        f'{{"password": "{SECRET}',
        f'{{"pass\\u0077ord": "{SECRET}"}}',
        f'{{"token": "{SECRET}", "token": null}}',
        "[" * 3000 + f'{{"token": "\\"{SECRET}"}}',
    ],
)
def test_secret_in_an_odd_body_is_masked(body: str) -> None:
    """Multipart, a text that was cut off, an escaped name, a field given twice: none shows a secret."""
    assert SECRET not in Masker().body(body, content_type="multipart/form-data; boundary=x")


def test_json_under_a_form_type_is_masked() -> None:
    """The documented example declares a form and sends JSON (section 5, row 1)."""
    assert SECRET not in Masker().body(f' {{"token": "{SECRET}"}}', content_type=FORM_TYPE)


@pytest.mark.parametrize("content_type", ["text/plain", "", "multipart/form-data", JSON])
@pytest.mark.parametrize("name", ["password", "auth_info"])
def test_form_under_another_type_is_masked(name: str, content_type: str) -> None:
    """Whatever type a client declares, a form is told by its looks."""
    value = json.dumps({"session_id": SECRET}) if name == "auth_info" else SECRET

    masked = Masker().body(urlencode({"x": "y", name: value}), content_type=content_type)

    assert SECRET not in masked
    assert masked.startswith("x=y&")


@pytest.mark.parametrize(
    "target",
    [
        f"/rest/Session/login?auth_info={quote(json.dumps({'password': SECRET}))}&x=y",
        f'/rest/Session/login?auth_info={{"password":"{SECRET}"}}',
        f"/rest/Session/login?login=a&token={SECRET}",
        f'/rest/Session/ping/{{"session_id":"{SECRET}"}}/{{"access_token":"{SECRET}"}}',
        f'/rest/Session/login//{{"login":"a","password":"a/b?c{SECRET}"}}',
        f"/rest/Session/login//{quote(json.dumps({'password': f'a/b?c{SECRET}'}), safe='')}",
        f"/rest/Session/login//{{'password':'a/b{SECRET}'}}",
        f'/rest/Session/login//{{"password":"a/b{SECRET}',
    ],
)
def test_secret_in_a_target_is_masked(target: str) -> None:
    """In a query or in the JSON of a path (S17, S24), no part of a secret is shown, and the path is."""
    masked = Masker().target(target)

    assert SECRET not in masked
    assert "***" in unquote(masked)
    assert masked.startswith("/rest/Session/")


@pytest.mark.parametrize("target", ["/a%2Fb?x=1&y", "/rest/A/b/{}/{%22i_account%22:1}", "/%7Bx?{", "", "*"])
def test_target_without_secrets_stays_to_the_letter(target: str) -> None:
    """A target with nothing to hide is evidence as it came."""
    assert Masker().target(target) == target


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{ "status" : "OK " }', JSON),
        ('{"message": "line\\nline"}', JSON),
        ("status=OK+&group=HSS&empty=&a=%2f", FORM_TYPE),
        ("no JSON, but a password", "text/plain"),
        ('{"status": ', JSON),
        ("", JSON),
        (quote("{}"), FORM_TYPE),
    ],
)
def test_body_without_secrets_stays_to_the_letter(body: str, content_type: str) -> None:
    """What has nothing to hide is evidence as it stands, blanks and mistakes included."""
    assert Masker().body(body, content_type=content_type) == body


def test_clock_that_is_held_names_no_secret(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way is told by its target, in which an old client's password may stand."""
    login = quote(json.dumps({"login": "provisioner", "password": "offline-only"}))
    held: list[str] = []
    with make_stack() as stack:
        enter = stack.in_flight.enter

        def note(label: str) -> int:
            held.append(label)
            return enter(label)

        monkeypatch.setattr(stack.in_flight, "enter", note)

        requests.post(f"{stack.addresses.portabilling}/rest/Session/login/{login}", timeout=10)

    (label,) = held
    assert label.startswith("POST /rest/Session/login/")
    assert "offline-only" not in unquote(label)
