"""The catalogue in words: what the commands `list` and `explain` print, and the page docs/requirements.md."""

from collections.abc import Iterator
from typing import Final

from conformance.coverage import written_for
from conformance.requirements import DUTIES, Requirement, catalogue

INTRODUCTION: Final = """\
# What a provisioner must do

<!-- `make docs` writes this page from conformance/requirements.toml and conformance/suite: change those. -->

An id is a name and never changes. A MUST stands on the page or in the developer guide, or without it an
event, an order or a status is lost or falsified; a SHOULD is what a careful implementer does. Profile `core`
is the five duties without faults, restarts and load, `full` is all. Sources: P is ESPF's page on asynchronous
provisioning, S-numbers are explained in [protocol.md](protocol.md). Beside the scenarios that are written for
it, a requirement is judged in every other one whose journal has something to say of it.
"""


def as_list() -> Iterator[str]:
    """The whole catalogue, a line for each requirement."""
    for duty, name in DUTIES.items():
        yield heading(duty, name)
        for entry in _of(duty):
            yield f"  {entry.id:<22} {entry.level:<7} {entry.profile:<5} {entry.sentence}{_remark(entry)}"


def as_explanation(entry: Requirement) -> Iterator[str]:
    """One requirement: what it says, when it applies, and what tests it."""
    yield f"{entry.id} ({', '.join(_marks(entry))})"
    yield f"\n{entry.sentence}\n"
    yield from _notes(entry)
    for scenario in written_for(entry.id):
        yield f"Tested by {scenario.name} of {scenario.file}: {scenario.sentence}"


def as_page() -> str:
    """The page on the requirements, with the scenarios beside each."""
    parts = [INTRODUCTION]
    for duty, name in DUTIES.items():
        parts.append(f"## {heading(duty, name)}\n")
        for entry in _of(duty):
            parts += [f"### {entry.id}\n", f"{', '.join(_marks(entry))}\n", f"> {_literal(entry.sentence)}\n"]
            lines = [f"- {_literal(note)}" for note in _notes(entry)]
            lines += [
                f"- Tested by `{scenario.name}` of `{scenario.file}`: {_literal(scenario.sentence)}"
                for scenario in written_for(entry.id)
            ]
            if lines:
                parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _literal(text: str) -> str:
    """A text that Markdown shows as it is: a name in angle brackets is no element."""
    return text.replace("<", "\\<")


def heading(duty: int, name: str) -> str:
    """A duty with its number on the page; the whole has none."""
    return f"{duty}. {name}" if duty else name


def _of(duty: int) -> list[Requirement]:
    return [entry for entry in catalogue().values() if entry.duty == duty]


def _marks(entry: Requirement) -> list[str]:
    whose = f"duty {entry.duty}" if entry.duty else "the whole"
    return [entry.level, f"profile {entry.profile}", whose, f"source {entry.source}"]


def _remark(entry: Requirement) -> str:
    remarks = [f"for {' and '.join(entry.features)}"] if entry.features else []
    remarks += ["not tested"] if entry.not_tested else []
    return f" ({'; '.join(remarks)})" if remarks else ""


def _notes(entry: Requirement) -> Iterator[str]:
    if entry.features:
        yield f"It applies to targets that declare {' and '.join(entry.features)}."
    if entry.milder:
        yield f"Only a warning is {entry.milder}."
    if entry.implies:
        yield f"Where it fails, these may merely follow from it: {', '.join(entry.implies)}."
    if entry.not_tested:
        yield f"It is not tested: {entry.not_tested}"
