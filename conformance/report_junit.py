"""The report for pipelines: `junit.xml`, with real failures and skips below each requirement."""

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.report_run import Run
from conformance.report_words import printable, shown_by, subject, title
from conformance.verdict import Evidence, RequirementVerdict


def as_junit(run: Run) -> JUnitXml:
    """One test case for each requirement, and one for each expected failure that did not happen."""
    suite = TestSuite("espf-conformance")
    for name, value in _properties(run).items():
        suite.add_property(name, value)
    for entry in run.verdict.requirements:
        suite.add_testcase(_case(entry, run))
    for reckoned in run.reckoning.entries:
        if reckoned.state == "did not happen":
            case = TestCase(f"{reckoned.expectation.id} fails", classname="expected failures")
            case.result = [Failure(printable(reckoned.sentence), type_="expected")]
            suite.add_testcase(case)
    xml = JUnitXml()
    xml.add_testsuite(suite)
    return xml


def _properties(run: Run) -> dict[str, str]:
    simulated = run.about.simulators.model_dump(mode="json")
    return {
        "target": run.about.target,
        "target.version": run.about.target_version,
        "harness.version": run.about.harness,
        "seed": str(run.about.seed),
        "verdict": run.verdict.verdict,
        **{f"simulators.{name}": str(value) for name, value in simulated.items()},
    }


def _case(entry: RequirementVerdict, run: Run) -> TestCase:
    case = TestCase(entry.requirement.id, classname=f"duty {entry.requirement.duty}")
    told = "\n".join(_told(item) for item in entry.own_evidence if item.check.grade == entry.verdict)
    expectation = run.reckoning.excuse(entry)
    if expectation:
        case.result = [Skipped(printable(f"expected until {expectation.expires}: {expectation.reason}"))]
    elif entry.verdict == "fail":
        failure = Failure(entry.requirement.sentence, type_=entry.requirement.level)
        failure.text = told
        case.result = [failure]
    elif entry.verdict == "warn":
        case.system_out = f"warn: {entry.requirement.sentence}\n{told}"
    elif entry.verdict != "pass":
        case.result = [Skipped(printable(f"{entry.verdict}: {entry.reason}"))]
    return case


def _told(item: Evidence) -> str:
    return printable(
        f"in {title(item.scenario)}, {subject(item.check)}\n"
        f"  expected  {item.check.expected}\n"
        f"  received  {item.check.received}\n"
        f"  shown by  {shown_by(item)}"
    )
