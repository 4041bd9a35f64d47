"""Status URLs: which account a raw target names in either reading, row by row of section 3.2."""

import http.client
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
import requests
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from simulators.espf.core import EspfApi, Refusal
from simulators.espf.settings import EspfSettings
from simulators.espf.urls import behind_version, read_status_url
from simulators.portabilling.settings import Reading
from simulators.records import Account, derived_account
from simulators.stack import Stack
from simulators.world import World

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
BASIC: Final = {"Authorization": "Basic cHJvdmlzaW9uZXI6b2ZmbGluZS1vbmx5"}
READINGS: Final = pytest.mark.parametrize("reading", ["strict", "lenient"])

account_ids = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=64)


def account_named(account_id: str, *, i_account: int = 7) -> Account:
    """An account with this ID."""
    return derived_account(i_account).model_copy(update={"id": account_id})


# The ID of account 7, what stands behind /espf/v1/, and which account that is, strictly and leniently.
ROWS: Final = [
    pytest.param("a@b", "account/a%40b/status", 7, 7, id="row 1: @ encoded"),
    pytest.param("a@b", "account/a@b/status", 7, 7, id="row 1: @ as it is"),
    pytest.param("a+b", "account/a+b/status", 7, 7, id="row 2: + is a plus"),
    pytest.param("a+b", "account/a%2Bb/status", 7, 7, id="row 2: + encoded"),
    pytest.param("a b", "account/a+b/status", None, 7, id="row 2: + for a blank"),
    pytest.param("a b", "account/a%2Bb/status", None, None, id="row 2: an encoded + is never a blank"),
    pytest.param("a/b", "account/a%2Fb/status", 7, 7, id="row 3: / encoded"),
    pytest.param("a/b", "account/a/b/status", None, 7, id="row 3: / as it is"),
    pytest.param("i/189", "account/i%2F189/status", 7, 7, id="row 3: i/189 encoded"),
    pytest.param("i/189", "account/i/189/status", 189, 189, id="row 3: i/189 as it is"),
    pytest.param("a#b", "account/a%23b/status", 7, 7, id="row 4: # encoded"),
    pytest.param("a#b", "account/a#b/status", None, None, id="row 4: # as it is"),
    pytest.param("a#b", "account/a", None, None, id="row 4: cut off at #"),
    pytest.param("190", "account/190/status", 7, 7, id="row 5: digits are an ID"),
    pytest.param("x", "account/189/status", None, None, id="row 5: digits are no i_account"),
    pytest.param("x", "account/i/189/status", 189, 189, id="row 6: i_account"),
    pytest.param("x", "account/i/188/status", None, None, id="row 6: unknown i_account"),
    pytest.param("i", "account/i/status", 7, None, id="row 7: i alone"),
    pytest.param("x", "account/i/status", None, None, id="row 7: i alone, and no such ID"),
    pytest.param(" x", "account/%20x/status", 7, 7, id="row 8: a leading blank is of the ID"),
    pytest.param("x", "account/%20x/status", None, 7, id="row 8: the page's blank, encoded"),
    pytest.param("x", "account/ x/status", None, 7, id="row 8: the page's blank"),
]
# What no row tells of.
BESIDE: Final = [
    pytest.param("x", "account/i/0189/status", None, 189, id="leading zero"),
    pytest.param("x", f"account/i/{'0' * 5000}189/status", None, 189, id="5000 leading zeros"),
    pytest.param("x", "account/i/000000000000000001899/status", None, None, id="no number is cut off"),
    pytest.param("x", f"account/i/{'9' * 5000}/status", None, None, id="5000 digits"),
    pytest.param("x", "account/i/%D9%A1%D9%A8%D9%A9/status", None, None, id="digits of another script"),
    pytest.param("x", "account/i/-189/status", None, None, id="negative"),
    pytest.param("x", "account/i/189.0/status", None, None, id="no integer"),
    pytest.param("x", "account/i/189/", None, None, id="no status"),
    pytest.param("x", "account/i/189/status/", None, 189, id="trailing slash"),
    pytest.param("x", "account/i/189/status//", None, None, id="two trailing slashes"),
    pytest.param("x", "account/i/189/status/x", None, None, id="trailing segment"),
    pytest.param("x", "account/i//status", None, None, id="empty number"),
    pytest.param("i", "account/i//status", None, None, id="empty number, and an ID i"),
    pytest.param("x", "account//status", None, None, id="empty ID"),
    pytest.param("x", "account//x/status", None, None, id="empty segment"),
    pytest.param("x", "/account/x/status", None, None, id="empty segment before all"),
    pytest.param("x", "account/i/i/189/status", None, None, id="one segment too many"),
    pytest.param("x", "account/j/189/status", None, None, id="another letter"),
    pytest.param("x", "account/X/status", None, None, id="another case"),
    pytest.param("x", "account/%78/status", 7, 7, id="a letter encoded in vain"),
    pytest.param("x", "accounts/x/status", None, None, id="another word"),
    pytest.param("a@b", "account/a%2540b/status", None, None, id="encoded twice"),
    pytest.param("100%", "account/100%25/status", 7, 7, id="% encoded"),
    pytest.param("100%", "account/100%/status", None, 7, id="% as it is"),
    pytest.param("\u00e9", "account/%C3%A9/status", 7, 7, id="UTF-8 encoded"),
    pytest.param("\u00e9", "account/\u00c3\u00a9/status", None, 7, id="UTF-8 bytes as they are"),
    pytest.param("\ufffd", "account/%FF/status", None, None, id="not UTF-8"),
    pytest.param("..", "account/../status", 7, 7, id="dot segment"),
    pytest.param("x", "", None, None, id="nothing"),
]


@pytest.mark.parametrize(("account_id", "path", "strict", "lenient"), [*ROWS, *BESIDE])
@READINGS
def test_status_url_names(  # noqa: PLR0917 - fixtures and parameters, which pytest passes by name
    world: World,
    make_espf: Callable[..., EspfApi],
    account_id: str,
    path: str,
    strict: int | None,
    lenient: int | None,
    reading: Reading,
) -> None:
    """The table of section 3.2, and what it leaves open: an account or a 404 with the path as it came."""
    world.add_account(account_named(account_id))
    core, expected = make_espf(reading=reading), strict if reading == "strict" else lenient

    if expected is not None:
        assert core.account_of(path).i_account == expected
        return
    with pytest.raises(Refusal) as refused:
        core.account_of(path)
    assert refused.value.status == 404
    assert repr(path) in str(refused.value)


@READINGS
@given(account_id=account_ids)
@example(account_id="i/189")
@example(account_id="..")
@example(account_id="a%2Fb")
@example(account_id=" //+?#;")
@example(account_id="+1 ")
def test_any_account_id_is_reached_percent_encoded(reading: Reading, account_id: str) -> None:
    """Whatever an ID holds, `quote` and a client on top of it write a URL that names its account (3.2)."""
    # Section 3.2, row 7: leniently, a bare i is a lost number.
    assume((reading, account_id) != ("lenient", "i"))
    written = quote(account_id, safe="")
    # `quote` leaves dots, and a client resolves the segments . and .. before it sends them.
    url = f"https://b.example/espf/v1/account/{written.replace('.', '%2E')}/status"

    for target in (f"/espf/v1/account/{written}/status", requests.Request("POST", url).prepare().path_url):
        named = read_status_url(behind_version(target), lenient=reading == "lenient")
        assert named is not None
        # The first ID that is an account's counts, so that no lenient reading can hide this one.
        assert (named.i_account, named.ids[0]) == (None, account_id)


@READINGS
def test_any_account_id_is_reached_over_http(make_stack: Callable[..., Stack], reading: Reading) -> None:
    """The same holds through server and routing, where a decoded path would lose it."""
    with make_stack(reading=reading) as stack:
        address, numbers = urlsplit(stack.addresses.portabilling), iter(range(1000, 2000))
        connection = http.client.HTTPConnection(str(address.hostname), address.port)

        # Every example is an account more, so that no ID may be taken for another one's.
        @settings(max_examples=25)
        @given(account_id=account_ids.filter(lambda text: text != "i"))
        @example(account_id="i/189")
        @example(account_id="//..%2F")
        @example(account_id="..")
        @example(account_id="189")
        def check(account_id: str) -> None:
            account = stack.world.account_by_id(account_id)
            if account is None:
                account = account_named(account_id, i_account=next(numbers))
                stack.add_account(account)
            target = f"/espf/v1/account/{quote(account_id, safe='')}/status"
            connection.request("POST", target, "status=OK&group=HSS", {**BASIC, **FORM})
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["i_account"]) == (200, account.i_account)
            assert stack.journal.records()[-1].target == target

        check()
        connection.close()


@pytest.mark.parametrize(
    ("written", "sent", "status"),
    [("..", "/espf/v1/status", 404), ("%2E%2E", "/espf/v1/account/../status", 200)],
)
def test_dots_must_be_encoded_for_a_client_that_resolves_them(
    stack: Stack, http: requests.Session, written: str, sent: str, status: int
) -> None:
    """What `quote` makes of the ID `..` never leaves such a client, and the server resolves nothing."""
    stack.add_account(account_named(".."))
    url = f"{stack.addresses.portabilling}/espf/v1/account/{written}/status"

    answer = http.post(url, auth=("provisioner", "offline-only"), data={"status": "OK", "group": "HSS"})

    assert (answer.status_code, stack.journal.records()[-1].target) == (status, sent)
    assert stack.espf.status_of(7, "HSS") == ("OK" if status == 200 else None)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/espf/v1/account/x/status", "account/x/status"),
        ("/espf/v1/account/x/status?status=OK", "account/x/status"),
        ("https://b.example/espf/v1/account/x/status", "account/x/status"),
        ("/%65spf/v1/account/%2Fespf%2Fv1%2F/status", "account/%2Fespf%2Fv1%2F/status"),
        ("/espf/v1/", ""),
        ("/espf", ""),
    ],
)
def test_path_begins_behind_the_version(target: str, expected: str) -> None:
    """A query, a proxy's origin or a needless escape does not change whom a target names."""
    assert behind_version(target) == expected


def test_strict_reading_of_an_id_comes_first(world: World, make_espf: Callable[..., EspfApi]) -> None:
    """Where both `a+b` and `a b` are accounts, a plus is a plus."""
    world.add_account(account_named("a b"))
    world.add_account(account_named("a+b", i_account=8))

    assert make_espf(reading="lenient").account_of("account/a+b/status").i_account == 8


def test_all_digit_id_falls_back_to_an_i_account_by_a_setting_alone(
    world: World, make_espf: Callable[..., EspfApi]
) -> None:
    """Section 3.2, row 5: it hides a mistake, so that someone must want it, and an ID still comes first."""
    world.add_account(account_named("190"))
    core = make_espf(digits_fall_back=True)

    assert core.account_of("account/189/status").i_account == 189
    assert core.account_of("account/190/status").i_account == 7


def test_former_id_counts_until_another_account_has_it(
    world: World, make_espf: Callable[..., EspfApi]
) -> None:
    """A provisioner reports on a closed account by the ID it knew, unless a setting forbids it."""
    path = "account/12065550189%40msisdn/status"
    world.close_account(189)

    assert make_espf().account_of(path).i_account == 189
    with pytest.raises(Refusal):
        make_espf(former_ids=False).account_of(path)
    world.add_account(account_named("12065550189@msisdn"))
    assert make_espf().account_of(path).i_account == 7


def test_settings_have_the_documented_defaults() -> None:
    """Lenient, as the newest release, with every assumption as the documentation tells it."""
    values: dict[str, Any] = vars(EspfSettings())

    assert {name: str(value) for name, value in values.items()} == {
        "release": "MR117",
        "reading": "lenient",
        "group_types": "example",
        "status_answer": "fields",
        "unregistered_group": "404",
        "conflict": "409",
        "former_ids": "True",
        "digits_fall_back": "False",
        "document": "ESPFInterface.json",
    }
