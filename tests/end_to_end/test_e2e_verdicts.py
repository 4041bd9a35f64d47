"""The judge as users run it: the reference and a legal variant pass, each faulty provisioner is caught."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.requirements import catalogue, consequences, requirement

PROVISIONERS = Path(__file__).parent.parent
FAULTY = PROVISIONERS / "mutants"
VARIANTS = PROVISIONERS / "variants"
MUTANTS = sorted(path.stem for path in FAULTY.glob("*.py"))
# These show with the second form, or with the comparison of both.
NEED_BOTH_FORMS = {"STATUS-URL-ID", "STATUS-URL-EQUIVALENT"}
# Whatever else is wrong shows here too, so that nothing can be wrong with this one alone.
FOLLOW_FROM_ALL = {"STATUS-FINAL"}
ONE_HOUR = 3600


def test_reference_is_conformant(run_conformance: Callable[..., Any]) -> None:
    """The reference passes all of the core, and lives through more than a thousand virtual hours."""
    run = run_conformance("reference", "-n", "2", "--profile", "core")

    beyond = {id_ for id_, entry in catalogue().items() if entry.profile == "full"}
    assert run.code == 0, run.output + run.errors
    assert run.report["verdict"] == "conformant"
    assert run.ids("unsupported") == {"STATUS-GROUP-CUSTOM"}
    assert run.ids("pass") == set(catalogue()) - run.ids("unsupported") - beyond
    assert run.report["virtual_seconds"] > 1000 * ONE_HOUR
    assert run.output.rstrip().endswith("verdict: conformant")


@pytest.mark.parametrize("mutant", MUTANTS)
def test_faulty_provisioner_is_caught_under_its_own_requirement(
    mutant: str, run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Exactly the broken requirement fails, or warns where it is a SHOULD; what follows is blocked."""
    broken = requirement(broken_by(mutant))
    forms = "" if broken.id in NEED_BOTH_FORMS else '"i_account"'

    target = write_target(FAULTY / f"{mutant}.py", forms=forms)
    run = run_conformance(target, "--only", broken.id, "--budget", "small")

    is_must = broken.level == "MUST"
    assert run.ids("fail") == ({broken.id} if is_must else set()), run.output + run.errors
    assert broken.id in run.ids("fail" if is_must else "warn"), run.output
    assert run.ids("blocked") <= consequences([broken.id], among=catalogue())
    assert run.code == int(is_must)


def test_every_must_has_a_faulty_provisioner() -> None:
    """What the judge claims to catch, it is shown to catch."""
    musts = {id_ for id_, entry in catalogue().items() if entry.level == "MUST" and not entry.not_tested}
    assert musts - set(map(broken_by, MUTANTS)) <= FOLLOW_FROM_ALL


def test_provisioner_of_quite_another_make_is_conformant(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """One thread, 500 in trouble, IDs, JSON, no IN_PROGRESS, no line of the reference: nothing fails."""
    patient = write_target(VARIANTS / "single_threaded.py", timeouts="hang = 1.0")

    run = run_conformance(patient, "-n", "2", "--budget", "small")

    assert run.report["verdict"] == "conformant", run.output + run.errors
    assert run.code == 0


def test_groups_of_ones_own_are_legal_when_registered(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Who declares custom-groups is judged by them, and passes if it registers them."""
    run = run_conformance(write_target(VARIANTS / "custom_groups.py"), "--only", "STATUS-GROUP-CUSTOM")

    assert run.ids("pass") == {"STATUS-GROUP-CUSTOM"}, run.output + run.errors
    assert run.ids("fail") == run.ids("unsupported") == set()


def broken_by(mutant: str) -> str:
    """The requirement that a faulty provisioner breaks: the first line of its module names it."""
    first, *_ = (FAULTY / f"{mutant}.py").read_text().splitlines()
    found = re.search(r"\(([A-Z-]+)\)", first)
    assert found, f"{mutant} names no requirement"
    return found[1]


def test_failure_stands_in_the_junit_report(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Pipelines read real failure and skipped elements below the test case of a requirement."""
    target = write_target(FAULTY / "ok_at_acceptance.py", timeouts="hang = 0.4\nconverge = 0.5")

    run = run_conformance(target, "--only", "STATUS-IN-PROGRESS")

    junit = ET.parse(run.report_dir / "junit.xml")  # noqa: S314 - our own file
    children = {case.get("name"): [child.tag for child in case] for case in junit.iter("testcase")}
    assert run.code == 1
    assert children["STATUS-NOT-EARLY"] == ["failure"]
    assert children["EVENT-ACK"] == ["skipped"]


def test_legal_variant_is_warned_and_only_strict_minds(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Leaving IN_PROGRESS out is legal with a warning, which `--strict` makes count."""
    target = write_target(VARIANTS / "no_in_progress.py")

    run = run_conformance(target, "--only", "STATUS-IN-PROGRESS", "--strict")

    assert run.ids("fail") == set()
    assert run.ids("warn") == {"STATUS-IN-PROGRESS"}
    assert run.code == 1


def test_run_without_aging_says_what_it_did_not_prove(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Who forgets by its own clock is caught only when aged; a run that did not age it says so."""
    target = write_target(FAULTY / "forgets_orders_with_age.py", forms='"i_account"')
    target.write_text(target.read_text().replace('clock = "faketime"', ""))

    run = run_conformance(target, "--only", "NOTICE-DELAY", "--budget", "small")

    assert run.ids("fail") == set(), run.output + run.errors
    assert any("faketime" in limit for limit in run.report["not_proved"])


def test_run_of_chosen_requirements_is_partial(run_conformance: Callable[..., Any]) -> None:
    """With `--only`, what was not asked for is not-tested and the run is partial, which is no failure."""
    run = run_conformance("reference", "--only", "EVENT-DUPLICATE")

    assert (run.code, run.report["verdict"]) == (0, "partial")
    assert run.ids("pass") == {"EVENT-DUPLICATE"}


def test_every_report_says_what_was_imitated(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Release and reading of the simulated PortaBilling stand in the JSON, JUnit and printed report."""
    target = write_target(VARIANTS / "no_in_progress.py")
    text = target.read_text()
    target.write_text(f'{text}\n[simulators]\nrelease = "MR99"\nreading = "strict"\n')

    run = run_conformance(target, "--only", "EVENT-ACK")

    junit = ET.parse(run.report_dir / "junit.xml")  # noqa: S314 - our own file
    properties = {entry.get("name"): entry.get("value") for entry in junit.iter("property")}
    simulated = run.report["settings"]["simulators"]
    assert (simulated["release"], simulated["reading"]) == ("MR99", "strict")
    assert (properties["simulators.release"], properties["simulators.reading"]) == ("MR99", "strict")
    assert "beside PortaBilling MR99 in strict reading" in run.output
