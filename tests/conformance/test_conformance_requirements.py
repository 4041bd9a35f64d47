"""The catalogue: it is whole, its implications are sound, and the suite and the rules cover it."""

import tomllib
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

import pytest

import conformance
from conformance.coverage import written
from conformance.errors import RequirementError
from conformance.oracle.checks import Check
from conformance.oracle.judge import RULES, RULES_OF_THE_WHOLE
from conformance.requirements import catalogue, consequences, requirement
from conformance.target import Features
from conformance.verdict import is_declared

Checks = Callable[..., tuple[Check, ...]]

PACKAGE: Final = Path(conformance.__file__).parent
DUTIES: Final = (1, 2, 3, 4, 5)
# How the neighbours of a third account, and it itself, were in trouble.
TROUBLED: Final = (
    "event answer=503 took=2.5",
    "query dead",
    "query answer=500",
    "query answer=0 fault=hang",
    "event",
    "query",
    "order HSS answer=0 lost",
    "order PCRF answer=503 fault=answer",
    "order PCRF answer=422",
    "order HSS",
    "account closed",
    "query",
)
PROBES: Final = (
    *(f"probe event {kind} answer=401" for kind in ("malformed", "unauthorized", "unknown-type")),
    *(f"probe notification {kind} answer=404" for kind in ("malformed", "unknown-order")),
)
# Accounts to which every rule has something to say.
ORDERED: Final = ("account", "event", "query", "order HSS ref=a")
CHANGED: Final = ("account imsi=1", "event id=21 type=Account/Product/Changed", "query", "order HSS ref=b")
CLOSED: Final = ("account closed", "event id=22 type=Account/Status/Closed", "query")
EVENTFUL: Final = (
    *(f"account account={number}" for number in range(300, 320)),
    *(f"event account={number} took=1.5" for number in range(300, 320)),
    "account account=191",
    *(f"{step} account=191" for step in TROUBLED),
    "event id=2 form=texts",
    "event id=3 form=extra",
    "event id=4 type=Subscriber/Created",
    "event account=999",
    "query account=999",
    "account",
    "event",
    "event",
    "query",
    "order HSS PCRF",
    "status HSS IN_PROGRESS",
    "notice HSS completed",
    "status HSS OK",
    "notice PCRF failed",
    "status PCRF FAILED",
    *(f"{step} account=192" for step in (*ORDERED, *CHANGED)),
    *(f"{step} account=193" for step in (*ORDERED, *CLOSED)),
    "account account=190",
    "event account=190",
    "query account=190",
    "order HSS account=190 took=2.5",
    "notice HSS completed account=190",
    "status HSS IN_PROGRESS account=190 answer=503 fault=answer",
    "status HSS OK account=190",
    "notice HSS completed account=190",
    "notice HSS failed account=190 at=1",
    "order IOT account=190",
    "status IOT IN_PROGRESS account=190 known",
    "status IOT IN_PROGRESS account=190 answer=400 fault=answer",
    "status PCRF FAILED account=190 url=nobody",
    *PROBES,
    "sessions ended",
    "stopped",
    "started",
    "event id=5",
    "quiet",
)
DECLARED: Final[dict[str, Any]] = {
    "groups": {"HSS": ("HSS",), "PCRF": ("PCRF",), "IOT": ("IOT",)},
    "custom_groups": True,
    "url": ("i_account", "id"),
}


def entries() -> list[dict[str, Any]]:
    """The table as it stands in its file."""
    text = (PACKAGE / "requirements.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["requirement"]
    return found


def scenarios(folder: Path) -> dict[str, set[str]]:
    """The scenarios of a suite, each with the ids that it is marked to prove."""
    return {f"{scenario.file}::{scenario.name}": set(scenario.proves) for scenario in written(folder)}


@pytest.fixture(scope="session", name="suite")
def _suite() -> dict[str, set[str]]:
    """The scenarios of the suite."""
    return scenarios(PACKAGE / "suite")


def test_catalogue_holds_the_whole_table() -> None:
    """Every entry of the file is in the catalogue, and no id stands there twice."""
    assert [entry["id"] for entry in entries()] == list(catalogue())


def test_catalogue_follows_the_duties() -> None:
    """The entries stand in the order of the five duties, each of which has one, and end with the whole."""
    duties = [entry.duty for entry in catalogue().values()]
    assert duties == sorted(duties, key=lambda duty: duty or len(DUTIES) + 1)
    assert set(duties) == {*DUTIES, 0}


@pytest.mark.parametrize("id_", catalogue())
def test_requirement_says_a_sentence_and_its_source(id_: str) -> None:
    """What a user reads of a requirement is a whole sentence, and where it comes from."""
    entry = requirement(id_)
    assert entry.sentence.rstrip(")").endswith(".")
    assert entry.source


def test_implications_name_known_ids() -> None:
    """Only ids of the catalogue follow from a failure."""
    assert {implied for entry in catalogue().values() for implied in entry.implies} <= set(catalogue())


def test_implications_have_no_cycle() -> None:
    """No failure follows from itself, or two could hide each other."""
    graph = {entry.id: entry.implies for entry in catalogue().values()}
    assert set(TopologicalSorter(graph).static_order()) == set(catalogue())


@pytest.mark.parametrize("id_", [entry.id for entry in catalogue().values() if entry.features])
def test_feature_of_a_requirement_can_be_declared(id_: str) -> None:
    """A requirement that depends on a feature applies to a target that declares all of them."""
    actions = {"activate": ["New"], "modify": ["Changed"], "deactivate": ["Closed"]}
    everything = Features.model_validate(
        {"event-auth": True, "restart": True, "custom-groups": True, "actions": actions}
    )
    assert is_declared(requirement(id_), everything)


def test_consequences_follow_over_several_steps() -> None:
    """What follows from a consequence follows too, and only what is doubted at all."""
    assert consequences(["EVENT-DUPLICATE"], among={"ORDER-ONCE", "DATA-QUERY"}) == {"ORDER-ONCE"}
    assert "ORDER-ONCE" in consequences(["EVENT-ACK"], among=catalogue())
    assert consequences(["EVENT-ACK"], among=["ORDER-ONCE", "STATUS-VALUES"]) == {"ORDER-ONCE"}
    assert consequences([], among=catalogue()) == frozenset()


def test_misspelt_requirement_is_told_with_the_nearest_one() -> None:
    """Whoever writes an id in small letters, or leaves one out, reads which is meant."""
    for misspelt in ("status-values", "STATUS-VALUE"):
        with pytest.raises(RequirementError, match=r"did you mean STATUS-VALUES\?"):
            requirement(misspelt)


def test_unknown_requirement_is_told_with_the_known_ones() -> None:
    """Whoever misspells an id reads which ids there are."""
    with pytest.raises(RequirementError, match=r"STATUS-OK is no requirement .* EVENT-ACK, .*STATUS-FINAL"):
        requirement("STATUS-OK")


def test_scenarios_name_known_requirements(suite: dict[str, set[str]]) -> None:
    """Every scenario proves something, and what it names is in the catalogue."""
    assert suite
    assert {name for name, ids in suite.items() if not ids or not ids <= set(catalogue())} == set()


def test_each_must_has_a_scenario_or_says_why_not(suite: dict[str, set[str]]) -> None:
    """No MUST goes without a scenario that was written for it, unless the catalogue says why."""
    musts = {entry.id for entry in catalogue().values() if entry.level == "MUST" and not entry.not_tested}
    assert musts - set().union(*suite.values()) == set()


def test_each_requirement_is_covered(suite: dict[str, set[str]], checks: Checks) -> None:
    """Each requirement has a scenario that names it, or a rule that checks it, or says why not."""
    checked = {check.requirement for check in checks(EVENTFUL, **DECLARED)}
    covered = checked | set().union(*suite.values())
    assert covered >= {entry.id for entry in catalogue().values() if not entry.not_tested}


def test_planted_unknown_id_is_seen(tmp_path: Path) -> None:
    """A scenario's ids are read from its marker, whatever they are."""
    text = '@pytest.mark.proves("STATUS-OK")\n@other\ndef test_a(): pass\n\ndef test_b(): pass\n'
    (tmp_path / "test_planted.py").write_text(text)
    assert scenarios(tmp_path) == {"test_planted.py::test_a": {"STATUS-OK"}, "test_planted.py::test_b": set()}


@pytest.mark.parametrize("url_form", ["i_account", "id"])
def test_rules_check_only_what_the_catalogue_holds(checks: Checks, url_form: str) -> None:
    """Every check has an id of the catalogue, whatever the URL form."""
    assert {check.requirement for check in checks(EVENTFUL, url_form=url_form, **DECLARED)} <= set(
        catalogue()
    )


@pytest.mark.parametrize("rule", [*RULES, *RULES_OF_THE_WHOLE], ids=lambda rule: rule.__name__)
def test_each_rule_has_its_say(
    checks: Checks, monkeypatch: pytest.MonkeyPatch, rule: Callable[..., Iterator[Check]]
) -> None:
    """Each rule alone makes checks of the requirement that its docstring names, and of no other."""
    for name, rules in (("RULES", RULES), ("RULES_OF_THE_WHOLE", RULES_OF_THE_WHOLE)):
        monkeypatch.setattr(f"conformance.oracle.judge.{name}", (rule,) if rule in rules else ())
    found = {
        check.requirement
        for form in ("i_account", "id")
        for check in checks(EVENTFUL, url_form=form, **DECLARED)
    }
    promised = str(rule.__doc__).partition(":")[0].replace(" and ", ", ").split(", ")
    assert found == set(promised) <= set(catalogue())
