"""The world: the demo's documented values, the mistakes of a file, and accounts made at run time."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.bundled import find, fixtures
from simulators.errors import WorldError
from simulators.records import Account, derived_account
from simulators.world import World, read_number

HEAD = """
[events]
user = "espf"
password = "offline-events"
[oms]
token = "offline-oms"
[[users]]
login = "provisioner"
password = "offline-only"
api_token = "offline-token"
"""
ACCOUNT = """
[[accounts]]
i_account = 1
id = "a"
msisdn = "1"
imsi = "001010000000001"
iccid = "8900100000000000001"
"""

i_accounts = st.integers(1, 2**31 - 1)


def write(folder: Path, text: str) -> str:
    """Write a world file and give its path as a user would."""
    path = folder / "world.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def mistakes_of(path: str) -> str:
    """Load a world that cannot be used and give the message."""
    with pytest.raises(WorldError) as refused:
        World.load(path)
    return str(refused.value)


def test_demo_holds_the_documented_account(world: World) -> None:
    """Account 189 has the values that the documentation prints, and needs every service."""
    account = world.account(189)

    assert account is not None
    assert account.model_dump(include={"id", "msisdn", "imsi", "iccid", "services", "bill_status"}) == {
        "id": "12065550189@msisdn",
        "msisdn": "12065550189",
        "imsi": "001010000000189",
        "iccid": "8900100000000001896",
        "services": None,
        "bill_status": "O",
    }
    assert world.account_by_id("12065550189@msisdn") is account


def test_demo_holds_the_documented_credentials(world: World) -> None:
    """The offline credentials are public and the same in every run."""
    assert list(world.users) == ["provisioner"]
    user = world.users["provisioner"]
    assert (user.password, user.api_token) == ("offline-only", "offline-token")
    assert (world.events.user, world.events.password) == ("espf", "offline-events")
    assert world.oms.token == "offline-oms"
    assert {plan.service: plan.delay for plan in world.oms.plans} == {"HSS": 600, "PCRF": 3600}


def test_predefined_groups_come_before_custom_ones(tmp_path: Path) -> None:
    """The eight groups of every PortaSwitch are numbered from 1, custom ones from 1001 (3.3)."""
    world = World.load(write(tmp_path, 'groups = ["IOT", "Lab"]' + HEAD))

    assert list(world.groups.items()) == [
        ("VoIP", 1),
        ("HSS", 2),
        ("PCRF", 3),
        ("IPTV", 4),
        ("WiMAX", 5),
        ("Netaccess", 6),
        ("NumberPortability", 7),
        ("LawfulInterception", 8),
        ("IOT", 1001),
        ("Lab", 1002),
    ]


def test_file_in_the_working_directory_is_found_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A world of one's own is named by its path, a bundled one by its name or path."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, HEAD + ACCOUNT)

    assert [account.id for account in World.load("world.toml").accounts] == ["a"]
    assert World.load(str(find("worlds", "demo"))).account(189) is not None


def test_missing_file_is_answered_with_the_bundled_ones() -> None:
    """Whoever misspells a name sees which ones there are."""
    message = mistakes_of("dmeo")

    assert "dmeo does not exist" in message
    for path in (fixtures() / "worlds").glob("*.toml"):
        assert path.stem in message


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """A file is mended in one go: each mistake is named with its place and the value that was given."""
    text = ACCOUNT.replace("= 1\n", "= 0\n") + 'colour = "red"\n' + HEAD.replace('user = "espf"\n', "")
    path = write(
        tmp_path, text.replace("001010000000001", "x") + '[[oms.plans]]\nservice = "HSS"\ndelay = -1'
    )

    message = mistakes_of(path)

    assert message.startswith(f"{path} has mistakes:")
    assert len(message.splitlines()) == 6
    assert "- accounts.0.i_account: Input should be greater than or equal to 1 (given: 0)" in message
    assert "- accounts.0.imsi: " in message
    assert "- accounts.0.colour: this key is not known" in message
    assert "- events: either user and password (Basic) or type and value" in message
    assert "- oms.plans.0.delay.fixed: Input should be greater than or equal to 0 (given: -1)" in message


@pytest.mark.parametrize("text", ["= nonsense", "a = 1\na = 2", "\x00"])
def test_file_that_is_no_toml_is_told_by_name(tmp_path: Path, text: str) -> None:
    """What cannot be parsed at all is refused with the file and the reason."""
    path = write(tmp_path, text)

    assert mistakes_of(path).startswith(f"{path} cannot be read as TOML: ")


def test_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    """A file that is no UTF-8 is a mistake of the user, not a crash."""
    path = tmp_path / "world.toml"
    path.write_bytes(b'a = "\xff"')

    assert "cannot be read as TOML" in mistakes_of(str(path))


@pytest.mark.parametrize("delay", ["inf", "nan", "1e12"])
def test_plan_that_never_comes_due_is_refused(tmp_path: Path, delay: str) -> None:
    """A delay must be a time that the clock can reach."""
    path = write(tmp_path, HEAD + f'[[oms.plans]]\nservice = "HSS"\ndelay = {delay}')

    assert "oms.plans.0.delay" in mistakes_of(path)


@pytest.mark.parametrize(
    ("change", "taken"), [({"id": "b"}, "i_account 1 is taken"), ({"i_account": 2}, "'a' is taken")]
)
def test_duplicate_account_is_refused(tmp_path: Path, change: dict[str, object], taken: str) -> None:
    """Two accounts share neither number nor ID, and the refused one leaves no trace."""
    world = World.load(write(tmp_path, HEAD + ACCOUNT))
    (account,) = world.accounts

    with pytest.raises(WorldError, match=taken):
        world.add_account(account.model_copy(update=change))

    assert world.accounts == (account,)
    assert world.account(2) is None
    assert world.account_by_id("b") is None


def test_duplicate_account_in_a_file_is_refused(tmp_path: Path) -> None:
    """A file cannot hold one account twice either."""
    assert "- accounts.1.i_account: is taken" in mistakes_of(write(tmp_path, HEAD + ACCOUNT + ACCOUNT))


def test_unknown_account_is_none(world: World) -> None:
    """Neither a number nor an ID that is not there finds anything, and digits are no number."""
    assert world.account(188) is None
    assert world.account(None) is None
    assert world.account_by_id("189") is None
    assert world.account_by_id("") is None


@given(first=i_accounts, second=i_accounts)
@example(first=1, second=1001)
@example(first=1, second=1_000_000_001)
@example(first=1, second=2**31 - 1)
def test_derived_accounts_are_stable_and_told_apart(first: int, second: int) -> None:
    """One number always gives the same valid data, and two numbers differ in all of it."""
    one, other = derived_account(first), derived_account(second)

    assert one == derived_account(first)
    for name in ("i_account", "id", "msisdn", "imsi", "iccid"):
        assert (getattr(one, name) == getattr(other, name)) == (first == second)


@given(numbers=st.sets(i_accounts, min_size=1, max_size=5))
def test_derived_accounts_fit_into_the_demo_world(numbers: set[int]) -> None:
    """No derived account takes an ID of the demo world, and each is found by both of its names."""
    world = World.load("demo")
    for number in numbers - {account.i_account for account in world.accounts}:
        account = derived_account(number)
        world.add_account(account)

        assert world.account(number) is account
        assert world.account_by_id(account.id) is account


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (189, 189),
        ("189", 189),
        ("0189", 189),
        ("0" * 5000 + "189", 189),
        ("189" + "0" * 5000, None),
        ("", None),
        ("-1", None),
        ("1.0", None),
        ("a", None),
        ("\u0661", None),
        (1.0, None),
        (True, None),
        (None, None),
        ([189], None),
    ],
)
def test_i_account_is_read_from_numbers_and_digits(value: object, number: int | None) -> None:
    """Old releases' clients quote it (2.1), and nothing else is a number."""
    assert read_number(value) == number


@pytest.mark.parametrize("length", [0, 65])
def test_account_id_has_1_to_64_characters(length: int) -> None:
    """The documented limit of an account ID holds (2.5)."""
    with pytest.raises(ValueError, match="id"):
        Account(i_account=1, id="x" * length, msisdn="1", imsi="001010000000001", iccid="8900100000000000001")
