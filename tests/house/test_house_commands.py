"""Every command that a document shows is one: its name, its options and its arguments are read by it."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import pytest

import loadtests.__main__
import reference_provisioner.__main__
from conformance.__main__ import main as conformance_command
from simulators.__main__ import main as simulators_command

COMMANDS: Final[Mapping[str, click.Command]] = {
    "espf-simulators": simulators_command,
    "espf-conformance": conformance_command,
    "espf-loadtest": loadtests.__main__.main,
    "espf-provisioner": reference_provisioner.__main__.main,
}
# Where a shell takes over from the command, or a reader's own words stand for one.
ENDS: Final = re.compile(r"\d*[<>|&;].*|\.\.\.|…|\[.*")


def shown(text: str) -> Iterator[list[str]]:
    """The words of each command in a document's blocks and inline code."""
    fenced = re.findall(r"^```(?:sh|console|)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in fenced for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", prose)
    for line in lines:
        found = re.match(r"(?:\$ )?(?:\.venv/bin/)?(espf-\w+(?: .*)?)$", line)
        if found and found[1].split()[0] in COMMANDS:
            yield list(words(found[1]))


def words(line: str) -> Iterator[str]:
    """The words of a line up to where its command ends."""
    for word in shlex.split(line, comments=True):
        if ENDS.fullmatch(word):
            return
        yield word


def complaint(told: list[str]) -> str:
    """What a command says of its words; empty where it takes them. A group alone only stands for itself."""
    name, *rest = told
    command = COMMANDS[name]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name, *rest = rest
        if name not in command.commands:
            return f"{' '.join(told)}: there is no command {name}"
        command = command.commands[name]
    try:
        if rest:
            command.make_context(name, rest)
    except click.exceptions.Exit:  # What `--help` does.
        return ""
    except click.UsageError as error:
        return f"{' '.join(told)}: {error.format_message()}"
    return ""


def pages(root: Path) -> list[Path]:
    """All that people read to type it, but for what is generated, and what commands were called once."""
    written = {"reference.md", "requirements.md", "proof.md", "CHANGELOG.md"}
    found = [*root.glob("*.md"), *root.glob("docs/*.md")]
    return sorted(path for path in found if path.name not in written)


def test_commands_in_documents_are_taken(root: Path) -> None:
    """Who copies a command is not told that an option does not exist."""
    told = [(path.name, words) for path in pages(root) for words in shown(path.read_text(encoding="utf-8"))]

    assert {words[0] for _, words in told} == set(COMMANDS)
    assert [f"{name}: {found}" for name, words in told if (found := complaint(words))] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Type `espf-conformance explane ID`.", "there is no command explane"),
        ("```console\n$ espf-simulators statuses --quickly > log &\n```\n", "No such option"),
        ("```\n.venv/bin/espf-loadtest run --target a.toml --rate fast  # so\n```\n", "not a valid float"),
        ("`espf-simulators faults aim espf/status reset`", "there is no command aim"),
    ],
)
def test_planted_mistake_in_a_command_is_found(text: str, wrong: str) -> None:
    """A command, an option or a value that is none is named, wherever it is shown."""
    (told,) = shown(text)

    assert wrong in complaint(told)


def test_commands_are_read_as_a_shell_reads_them() -> None:
    """Comments, redirections and what stands for a reader's own words belong to no command."""
    block = "```sh\nespf-simulators up --clock auto > 'a b' & # now\nmake x\n```\n"
    text = f"`espf-conformance list`, `espf_stack`\n{block}"

    assert list(shown(text)) == [["espf-simulators", "up", "--clock", "auto"], ["espf-conformance", "list"]]
