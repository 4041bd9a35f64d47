"""The words that all reports share, so that a terminal, a pipeline and a browser tell the same."""

import re
from collections.abc import Iterator
from typing import Final

from conformance.oracle.checks import Check
from conformance.report_run import Run
from conformance.verdict import Doubt, Evidence, RequirementVerdict

# What a target sent may hold what neither XML nor a terminal can, or what makes a text look like another:
# control characters, halves of characters, and marks that turn the direction of writing.
_UNSHOWN: Final = re.compile(
    r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
NOT_AGED: Final = (
    "Virtual delay does not age the provisioner: a virtual day passes in a moment of its own time, so what "
    "it forgets after real minutes was not tested. NOTICE-DELAY is proved for what it remembers at once; "
    '`clock = "faketime"` in the target file ages it for real.'
)
NOT_REAL: Final = (
    "Its neighbours were simulators: what is imitated, with its source, and what had to be assumed stands in "
    "the harness's page on the protocol."
)


def printable(text: str) -> str:
    """A text as it may be shown: what cannot be is written as Python would escape it."""
    return _UNSHOWN.sub(lambda found: repr(found[0])[1:-1] if found[0] != "\x7f" else "\\x7f", text)


def title(scenario: str) -> str:
    """A scenario's name as words."""
    function, bracket, parameters = scenario.removeprefix("test_").partition("[")
    return function.replace("_", " ") + (f" {bracket}{parameters}" if bracket else "")


def why(entry: RequirementVerdict, run: Run) -> str:
    """The one cause of a verdict that is no pass, and how many more there are beside it."""
    if entry.verdict == "pass":
        return ""
    if expectation := run.reckoning.excuse(entry):
        return f"expected until {expectation.expires}: {expectation.reason}"
    own = [item for item in entry.own_evidence if item.check.grade == entry.verdict]
    others = len(own) - 1
    return entry.reason + (f" (and {others} more)" if others > 0 else "")


def subject(check: Check) -> str:
    """Which account and group a check is about."""
    account = f"i_account {check.i_account}" if check.i_account is not None else "no account that is known"
    return account + (f", group {check.group}" if check.group else "")


def shown_by(item: Evidence) -> str:
    """Where the proof stands, in words where there is no record of it."""
    if not item.check.records:
        return f"the absence of any record of it in {item.journal}"
    plural = "s" if len(item.check.records) > 1 else ""
    return f"record{plural} {', '.join(map(str, item.check.records))} of {item.journal}"


def waited(found: Evidence | Doubt, run: Run) -> str:
    """The wait in vain that ended a scenario, and the remedy for slow targets; empty without."""
    wait = run.scenario(found).result.waited
    return f"in vain for {wait}; for a target that needs longer, raise [timeouts] converge" if wait else ""


def replay_command(found: Evidence | Doubt, run: Run, *, report_dir: str) -> str | None:
    """The command that tells the story again; None where none was kept."""
    story = run.story(found)
    if story is None:
        return None
    return f"espf-conformance replay {report_dir}/{story} --target {run.about.target_file}"


def limits(run: Run) -> tuple[str, ...]:
    """What this run does not prove, a sentence each."""
    untested = [entry for entry in run.verdict.requirements if entry.verdict in {"not-tested", "unsupported"}]
    return (
        *((NOT_AGED,) if run.about.target_clock == "wall" else ()),
        NOT_REAL,
        *_not_searched(run),
        *(f"{entry.requirement.id}: {entry.reason}" for entry in untested),
    )


def search_summary(run: Run) -> str:
    """How much of the small story was told; empty where none of it was."""
    told = ", ".join(str(some) for some in run.searched if some.told)
    return f"Of the small story, {told} were told." if told else ""


def _not_searched(run: Run) -> Iterator[str]:
    for some in run.searched:
        if some.told < some.possible:
            yield f"Of the small story, {some} were told."


def summary(run: Run) -> str:
    """What was done, in figures."""
    counts = [
        f"{len(found)} {grade}"
        for grade in ("pass", "warn", "fail", "inconclusive", "blocked", "unsupported", "not-tested")
        if (found := [entry for entry in run.verdict.requirements if entry.verdict == grade])
    ]
    scenarios = f"{len(run.scenarios)} scenario{'s' if len(run.scenarios) != 1 else ''}"
    return (
        f"{len(run.verdict.requirements)} requirements: {', '.join(counts)}; {scenarios} "
        f"lived through {run.virtual_seconds / 3600:.1f} virtual hours in {run.wall_seconds:.1f} s"
    )
