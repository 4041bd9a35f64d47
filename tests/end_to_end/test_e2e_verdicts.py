"""The judge as users run it: the reference and a legal variant pass, each faulty provisioner is caught."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.requirements import catalogue, consequences

PROVISIONERS = Path(__file__).parent.parent
ONE_HOUR = 3600


def test_reference_is_conformant(run_conformance: Callable[..., Any]) -> None:
    """The reference provisioner passes every requirement, and lives through more than a virtual hour."""
    run = run_conformance("reference", "-n", "2")

    assert run.code == 0, run.output + run.errors
    assert run.report["verdict"] == "conformant"
    assert run.ids("pass") == set(catalogue())
    assert run.report["virtual_seconds"] > ONE_HOUR
    assert run.output.rstrip().endswith("verdict: conformant")


@pytest.mark.parametrize(
    ("mutant", "caught_by"),
    [
        ("ok_at_acceptance", "STATUS-NOT-EARLY"),
        ("trailing_blank", "STATUS-VALUES"),
        ("wrong_group", "STATUS-GROUP"),
        ("restarts_on_redelivery", "EVENT-DUPLICATE"),
    ],
)
def test_faulty_provisioner_is_caught_under_its_own_requirement(
    mutant: str, caught_by: str, run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Exactly the broken requirement fails; what merely follows from it is blocked."""
    target = write_target(PROVISIONERS / "mutants" / f"{mutant}.py", timeouts="converge = 1.0")

    run = run_conformance(target)

    assert run.code == 1, run.output + run.errors
    assert run.report["verdict"] == "not-conformant"
    assert run.ids("fail") == {caught_by}
    assert run.ids("blocked") <= consequences([caught_by], among=catalogue())
    assert f"{caught_by} (" in run.output


def test_failure_stands_in_the_junit_report(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Pipelines read real failure and skipped elements below the test case of a requirement."""
    target = write_target(PROVISIONERS / "mutants" / "ok_at_acceptance.py", timeouts="converge = 0.5")

    run = run_conformance(target, "--only", "STATUS-IN-PROGRESS")

    junit = ET.parse(run.report_dir / "junit.xml")  # noqa: S314 - our own file
    children = {case.get("name"): [child.tag for child in case] for case in junit.iter("testcase")}
    assert run.code == 1
    assert children["STATUS-NOT-EARLY"] == ["failure"]
    assert children["EVENT-ACK"] == ["skipped"]


def test_legal_variant_is_conformant_and_only_strict_minds(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Leaving IN_PROGRESS out is conformant with a warning, which `--strict` makes count."""
    target = write_target(PROVISIONERS / "variants" / "no_in_progress.py")

    run = run_conformance(target, "--strict")

    assert run.report["verdict"] == "conformant"
    assert run.ids("warn") == {"STATUS-IN-PROGRESS"}
    assert run.code == 1


def test_run_of_chosen_requirements_is_partial(run_conformance: Callable[..., Any]) -> None:
    """With `--only`, what was not asked for is not-tested and the run is partial, which is no failure."""
    run = run_conformance("reference", "--only", "EVENT-DUPLICATE")

    assert (run.code, run.report["verdict"]) == (0, "partial")
    assert run.ids("pass") == {"EVENT-DUPLICATE"}


def test_every_report_says_what_was_imitated(
    run_conformance: Callable[..., Any], write_target: Callable[..., Path]
) -> None:
    """Release and reading of the simulated PortaBilling stand in the JSON, JUnit and printed report."""
    target = write_target(PROVISIONERS / "variants" / "no_in_progress.py")
    text = target.read_text()
    target.write_text(f'{text}\n[simulators]\nrelease = "MR99"\nreading = "strict"\n')

    run = run_conformance(target, "--only", "EVENT-ACK")

    junit = ET.parse(run.report_dir / "junit.xml")  # noqa: S314 - our own file
    properties = {entry.get("name"): entry.get("value") for entry in junit.iter("property")}
    simulated = run.report["settings"]["simulators"]
    assert (simulated["release"], simulated["reading"]) == ("MR99", "strict")
    assert (properties["simulators.release"], properties["simulators.reading"]) == ("MR99", "strict")
    assert "beside PortaBilling MR99 in strict reading" in run.output
