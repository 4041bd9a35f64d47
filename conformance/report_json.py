"""The report for programs: `conformance.json`, schema 1, which `report.schema.json` beside this describes."""

from dataclasses import asdict
from typing import Any, Final

from conformance.report_run import Run
from conformance.report_words import limits
from conformance.verdict import Doubt, Evidence, RequirementVerdict

SCHEMA: Final = 1


def as_json(run: Run) -> dict[str, Any]:
    """The report for programs."""
    about = run.about
    return {
        "schema": SCHEMA,
        "harness": {"version": about.harness},
        "target": {
            "name": about.target,
            "version": about.target_version,
            "file": about.target_file,
            "clock": about.target_clock,
            "features": run.features.model_dump(mode="json", by_alias=True),
        },
        "seed": about.seed,
        "only": list(about.only),
        "profile": about.profile,
        "budget": about.budget,
        "started": about.started.isoformat(),
        "settings": {
            "simulators": about.simulators.model_dump(mode="json"),
            "timeouts": about.timeouts.model_dump(mode="json"),
        },
        "wall_seconds": round(run.wall_seconds, 3),
        "virtual_seconds": run.virtual_seconds,
        "verdict": run.verdict.verdict,
        "requirements": [_requirement(entry, run) for entry in run.verdict.requirements],
        "expectations": [
            {**item.expectation.model_dump(mode="json"), "state": item.state}
            for item in run.reckoning.entries
        ],
        "searched": [asdict(some) for some in run.searched],
        "not_proved": list(limits(run)),
    }


def _requirement(entry: RequirementVerdict, run: Run) -> dict[str, Any]:
    return {
        "id": entry.requirement.id,
        "level": entry.requirement.level,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "expected": run.reckoning.excuse(entry) is not None,
        "tests": list(entry.scenarios),
        "evidence": [_evidence(item, run) for item in entry.evidence],
        "doubts": [_doubt(item, run) for item in entry.doubts],
    }


def _evidence(item: Evidence, run: Run) -> dict[str, Any]:
    check = item.check
    return {
        "scenario": item.scenario,
        "url_form": item.url_form,
        "story": run.story(item),
        "journal": item.journal,
        "records": list(check.records),
        "grade": check.grade,
        "expected": check.expected,
        "received": check.received,
        "waited": run.scenario(item).result.waited,
        "i_account": check.i_account,
        "group": check.group,
        "blocked": item.blocked,
        "follows_from": list(item.follows_from),
    }


def _doubt(item: Doubt, run: Run) -> dict[str, Any]:
    return {
        "scenario": item.scenario,
        "url_form": item.url_form,
        "story": run.story(item),
        "journal": item.journal,
        "why": item.why,
    }
