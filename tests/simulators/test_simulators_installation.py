"""An installation's own: methods and names that a world file defines, and its users that are accounts."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
import pytest

from simulators.errors import WorldError
from simulators.portabilling.core import Call, PortaBilling
from simulators.portabilling.faults import Fault
from simulators.portabilling.sessions import Sessions
from simulators.world import World

Ask = Callable[..., dict[str, Any]]
INFO: Final = "Account/get_account_info"
SIM: Final = "SIMCard/get_sim_card_info"
ACCOUNT_189: Final = "12065550189@msisdn"
ACCOUNT_USER: Final = {"login": "self", "password": "p", "api_token": "t", "i_account": 190}


@pytest.fixture
def installed(make_world: Callable[..., World], asking: Callable[..., Ask]) -> Callable[..., Ask]:
    """Open the JSON API over a world with one method or with names of its own."""

    def install(name: str = "Own/method", *, names: Mapping[str, Any] | None = None, **method: Any) -> Ask:
        methods = [{"name": name, **method}] if method else []
        return asking(make_world(methods=methods, names=names or {}))

    return install


def test_method_with_another_name_is_the_same(installed: Callable[..., Ask]) -> None:
    """`same_as` answers as the known method does, which stays known; parameters and faults are the same."""
    ask = installed("Sim/get_card_info", same_as=SIM)

    assert ask("Sim/get_card_info", i_account=189) == ask(SIM, i_account=189)
    with pytest.raises(Fault, match="i_account, id, iccid, imsi or msisdn is required"):
        ask("Sim/get_card_info")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"number": "{{ account.i_account }}"}, {"number": 189}),
        ({"text": "no. {{ account.i_account }}\n"}, {"text": "no. 189\n"}),
        ({"plain": "100% {x}", "n": 5, "none": False}, {"plain": "100% {x}", "n": 5, "none": False}),
        ({"list": ["{{ sim_card.imsi }}", {"a": "{{ 1 + 1 }}"}]}, {"list": ["001010000000189", {"a": 2}]}),
        ({"name": "{{ customer.name }}"}, {"name": "Customer 1"}),
        ({"given": "{{ params.x | upper }}"}, {"given": "ABC"}),
        ({"all": "{{ params }}"}, {"all": {"i_account": "189", "x": "abc"}}),
        ({"two": "{{ params.x }}{{ params.x }}"}, {"two": "abcabc"}),
        ({"record": "{{ account.service_features[0].name }}"}, {"record": "netaccess_policy"}),
    ],
)
def test_template_is_answered_with_its_values(
    installed: Callable[..., Ask], answer: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A lone expression keeps its type, a text is rendered, and what is neither stays as it is."""
    ask = installed(answer=answer)

    assert ask("Own/method", i_account="189", x="abc") == expected


def test_template_knows_the_account_by_id_or_none(installed: Callable[..., Ask]) -> None:
    """The account is named by number or ID; one that is not there is an empty answer (2.4)."""
    ask = installed(answer={"who": "{{ account.i_account if account else 'nobody' }}"})

    assert ask("Own/method", id=ACCOUNT_189) == {"who": 189}
    assert ask("Own/method") == {"who": "nobody"}
    assert ask("Own/method", i_account=5) == ask("Own/method", id="x") == {}


def test_missing_parameter_is_a_fault(installed: Callable[..., Ask]) -> None:
    """Each parameter that the definition requires is named where it lacks."""
    ask = installed(parameters=["a", "b", "c"], answer={"ok": "{{ params.a }}"})

    assert ask("Own/method", a=1, b=None, c=0) == {"ok": 1}
    with pytest.raises(Fault, match="a, c: required") as refused:
        ask("Own/method", b=1)
    assert refused.value.faultcode == "Client.invalid_parameters"


@pytest.mark.parametrize(
    "text",
    [
        "{{ params.lacking }}",
        "{{ account.lacking }}",
        "{{ sim_card.imsi.lacking }}",
        "x{{ lacking }}x",
        "{{ 1 / 0 }}",
        "{{ [params.lacking] }}",
        "{{ account.items }}",
        "{{ 'a' + 1 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ range(10 ** 9) | list }}",
        "{{ 1e400 }}",
    ],
)
def test_template_that_fails_is_a_fault(
    installed: Callable[..., Ask], fault_of: Callable[..., str], text: str
) -> None:
    """What a template does wrong is told to the caller, and is no failure of the simulator."""
    ask = installed(answer={"a": text})

    assert fault_of(ask, "Own/method", i_account=189) == "Client.invalid_parameters"


@pytest.mark.parametrize("value", [float("inf"), {"a": [float("nan")]}, json.loads("[" * 300 + "]" * 300)])
def test_parameter_that_is_no_json_is_a_fault(
    installed: Callable[..., Ask], fault_of: Callable[..., str], value: object
) -> None:
    """What could not be written into an answer is refused on its way in."""
    ask = installed(answer={"a": "{{ params.x }}"})

    assert fault_of(ask, "Own/method", x=value) == "Client.invalid_parameters"


def test_method_can_stand_in_the_place_of_a_known_one(
    installed: Callable[..., Ask], fault_of: Callable[..., str]
) -> None:
    """An installation whose method differs is imitated by a definition of the same name."""
    assert installed(INFO, answer={"x": 1})(INFO) == {"x": 1}
    assert fault_of(installed(INFO, fault={"faultcode": "Server.X.y"}), INFO, i_account=189) == "Server.X.y"


def test_records_and_fields_have_the_names_of_the_installation(installed: Callable[..., Ask]) -> None:
    """A record's and its fields' other names stand in single answers and in lists, and nowhere else."""
    names = {
        "records": {"sim_card_info": "card_info", "account_list": "accounts"},
        "fields": {"sim_card_info": {"iccid": "ICCID"}, "account_info": {"id": "account_id"}},
    }
    ask = installed(names=names)
    ask("Account/update_account", account_info={"i_account": 190, "i_master_account": 189})

    card = ask(SIM, i_account=189)["card_info"]
    account = ask(INFO, i_account=189, with_customer_info=1)
    (alias,) = ask("Account/get_alias_list", i_account=189)["alias_list"]

    assert card["ICCID"] == "8900100000000001896"
    assert {"iccid", "id"} & {*card, *account["account_info"], *alias} == set()
    assert account["account_info"]["account_id"] == ACCOUNT_189
    assert "i_customer" in account["customer_info"]
    (row,) = ask("Account/get_account_list", limit=1)["accounts"]
    assert row == {**ask(INFO, i_account=189)["account_info"], "sip_status": 0}
    assert alias["account_id"] == "12065550190@msisdn"


@pytest.mark.parametrize(
    ("tables", "mistakes"),
    [
        ({"methods": [{"name": "A/b", "same_as": "X/y"}]}, ["methods.0.same_as: use one of Acc", "'X/y'"]),
        ({"methods": [{"name": "A/b", "answer": {"a": "{{ x"}}]}, ["methods.0.answer: this template cannot"]),
        ({"methods": [{"name": "A/b", "answer": {"a": ["{{ 1 + }}"]}}]}, ["methods.0.answer: "]),
        ({"methods": [{"name": "A/b", "answer": {"a": "{% if %}"}}]}, ["methods.0.answer: "]),
        ({"names": {"records": {"sim_info": "x"}}}, ["names.records: use one of ", "'sim_info'"]),
        ({"names": {"records": {"access_token": "x"}}}, ["names.records: ", "'access_token'"]),
        ({"names": {"fields": {"account_list": {"id": "x"}}}}, ["names.fields: ", "'account_list'"]),
        (
            {"methods": [{"name": "A/b", "same_as": "X/y"}, {"name": "A/c", "answer": {"a": "{{ x"}}]},
            ["methods.0.same_as", "methods.1.answer"],
        ),
    ],
)  # fmt: skip
def test_definition_that_cannot_work_is_refused_at_the_start(
    make_world: Callable[..., World],
    asking: Callable[..., Ask],
    tables: dict[str, Any],
    mistakes: list[str],
) -> None:
    """Every mistake is named with its place and its value, before anybody calls the method."""
    with pytest.raises(WorldError, match="The world has mistakes:") as refused:
        asking(make_world(**tables))

    assert [mistake for mistake in mistakes if mistake not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ({"methods": [{"name": "A/b"}]}, "exactly one of same_as, answer and fault"),
        ({"methods": [{"name": "A/b", "same_as": INFO, "answer": {}}]}, "exactly one of same_as"),
        ({"methods": [{"name": "A", "same_as": INFO}]}, "methods.0.name"),
        ({"methods": [{"name": "A/b", "same_as": INFO}] * 2}, r"methods.1.name: is taken.* \(given: 'A/b'\)"),
        ({"names": {"fields": {"account_info": {"id": "x", "note": "x"}}}}, "x: two cannot have one name"),
        ({"names": {"records": {"account_info": "x", "account_list": "x"}}}, "x: two cannot have one name"),
    ],
)
def test_definition_that_says_nothing_or_twice_is_refused(
    make_world: Callable[..., World], tables: dict[str, Any], place: str
) -> None:
    """A method is of one kind and of one name, and so is what is renamed."""
    with pytest.raises((WorldError, ValueError), match=place):
        make_world(**tables)


def open_office(world: World) -> tuple[PortaBilling, dict[str, Any]]:
    """The JSON API, and what the user of the accounts' realm gets by logging in."""
    sessions = Sessions(users=world.users, wall=lambda: 0.0)
    core = PortaBilling(world=world, sessions=sessions, occurred=lambda _type, /, **_variables: None)
    login = {name: ACCOUNT_USER[name] for name in ("login", "password")}
    answer = core.handle(Call(service="Session", method="login", params=login))
    assert isinstance(answer, dict)
    return core, answer


def test_user_of_the_accounts_realm_is_an_account(make_world: Callable[..., World]) -> None:
    """Section 2.3: i_account in the place of i_user, realm accounts, no scope and no audience of the ESPF."""
    core, session = open_office(make_world(users=[ACCOUNT_USER]))

    claims = jwt.decode(session["access_token"], options={"verify_signature": False})

    told = {name: claims.get(name) for name in ("i_account", "i_user", "realm", "scopes", "aud")}
    assert told == {
        "i_account": 190,
        "i_user": None,
        "realm": "accounts",
        "scopes": "",
        "aud": ["portabilling-api", "portasip-api"],
    }
    ping = Call(service="Session", method="ping", params={"access_token": session["access_token"]})
    assert core.handle(ping) == {"user_id": 190}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, 190),
        ({"detailed_info": 1}, 190),
        ({"id": None}, 190),
        ({"i_account": 190}, 190),
        ({"i_account": 5}, None),
    ],
)
def test_account_looks_itself_up_without_a_key(
    make_world: Callable[..., World], params: dict[str, Any], found: int | None
) -> None:
    """Section 2.4: in the accounts' realm no key means oneself; a key that is given counts."""
    core, session = open_office(make_world(users=[ACCOUNT_USER]))
    call = Call(service="Account", method="get_account_info", params=params, bearer=session["access_token"])

    answer = core.handle(call)

    assert isinstance(answer, dict)
    assert answer.get("account_info", {}).get("i_account") == found
