"""Writes docs/reference.md from the code that it is about: commands, control API, settings, exit codes.

`make docs` runs it. What a field or a constant means is the docstring below it; one without is an error.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from itertools import pairwise
from types import ModuleType
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import conformance.verdict
import loadtests.__main__
import reference_provisioner.__main__
import simulators.commands
import simulators.shell
from conformance.__main__ import main as conformance_command
from conformance.target import Features, SimulatorOptions, Target, Timeouts
from loadtests.thresholds import Thresholds
from reference_provisioner.settings import Settings
from simulators.__main__ import main as simulators_command
from simulators.control.openapi import document
from simulators.emitter.events import Handler
from simulators.emitter.settings import EmitterSettings
from simulators.espf.settings import EspfSettings
from simulators.oms.settings import OmsSettings
from simulators.portabilling.settings import PortaBillingSettings
from simulators.records import EventCredentials
from simulators.settings import StackSettings

INTRODUCTION: Final = """\
# Reference

<!-- `make docs` writes this page (tests/write_reference.py) from the code: change the docstrings there. -->

All [commands](#commands), the [control API](#control-api), the [settings](#settings), the
[environment of the reference provisioner](#environment-of-the-reference-provisioner) and the
[exit codes](#exit-codes). What a provisioner must do stands in [requirements.md](requirements.md).
"""
WIDTH: Final = 100
COMMANDS: Final[Mapping[str, click.Command]] = {
    "espf-simulators": simulators_command,
    "espf-conformance": conformance_command,
    "espf-loadtest": loadtests.__main__.main,
    "espf-provisioner": reference_provisioner.__main__.main,
}
# What `StackSettings` holds as whole parts, with the table of a settings file that each is.
PARTS: Final[Mapping[str, type]] = {
    "events": EmitterSettings,
    "portabilling": PortaBillingSettings,
    "espf": EspfSettings,
    "oms": OmsSettings,
}
# They hold for all parts, and are set at the top.
SHARED: Final = ("release", "reading")
TARGET_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "target": Target,
    "simulators": SimulatorOptions,
    "features": Features,
    "timeouts": Timeouts,
}
BOUNDS: Final = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
VERDICT: Final = ("CONFORMANT", "FAILED", "INCONCLUSIVE", "NOTHING_TESTED", "NOT_HAPPENED")
COMMON: Final = ("HARNESS_BROKE", "CONFIGURATION", "INTERRUPTED")
# The codes of each command that has its own beside 0, and where they are defined.
CODES: Final[Mapping[str, Mapping[ModuleType, tuple[str, ...]]]] = {
    "espf-conformance": {conformance.verdict: VERDICT, simulators.commands: COMMON},
    "espf-loadtest": {
        loadtests.__main__: ("MET", "MISSED", "UNSURE"),
        simulators.commands: ("CONFIGURATION", "INTERRUPTED"),
    },
    "espf-simulators": {simulators.commands: COMMON},
    "espf-simulators journal": {simulators.shell: ("NOTHING_FITS", "CANNOT_KNOW")},
    "espf-provisioner": {reference_provisioner.__main__: ("EXIT_START",)},
}


class UntoldError(Exception):
    """Something that users set or see has no docstring below it."""


def told(body: Iterable[ast.stmt]) -> Mapping[str, str]:
    """The docstrings below the names that a class or a module defines."""
    found = {}
    for statement, below in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[statement.target.id] = " ".join(text.value.split())
    return found


def meanings(source: Any, names: Iterable[str]) -> Mapping[str, str]:
    """What each of some names of a class or module means.

    Raises:
        UntoldError: one of them does not say it.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(source)))
    first = tree.body[0]
    found = told(first.body if isinstance(first, ast.ClassDef) else tree.body)
    if missing := [name for name in names if name not in found]:
        raise UntoldError(f"{source.__name__} does not say what {', '.join(missing)} means.")
    return {name: found[name] for name in names}


def defaults(source: type) -> Mapping[str, Any]:
    """The fields of a model or dataclass with their defaults; a required one has pydantic's mark of it."""
    if issubclass(source, BaseModel):
        return {
            name: field.get_default(call_default_factory=True) for name, field in source.model_fields.items()
        }
    assert is_dataclass(source)
    return {
        field.name: PydanticUndefined if field.default is MISSING else field.default
        for field in fields(source)
    }


def constraints(hint: Any) -> Iterator[str]:
    """What a value must be, in words: its choices and bounds."""
    if get_origin(hint) is Literal:
        if len(get_args(hint)) > 1:
            yield f"of {', '.join(f'`{plain(choice)}`' for choice in get_args(hint))}"
    elif get_origin(hint) is Annotated:
        kind, *notes = get_args(hint)
        yield from constraints(kind)
        for part in (part for note in notes for part in getattr(note, "metadata", [note])):
            yield from (
                f"{word} {getattr(part, name):,.10g}" for name, word in BOUNDS.items() if hasattr(part, name)
            )
    else:
        for inner in get_args(hint):
            yield from constraints(inner)


def plain(value: Any) -> str:
    """A value as TOML writes it; nothing for none."""
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key} = {plain(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(value, default=lambda other: list(other) if isinstance(other, tuple) else str(other))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table; a pipe in a cell does not end it."""
    heads = list(heads)
    for cells in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |".replace("|  |", "| |")
    yield ""


def settings_table(source: type, *, keys: Mapping[str, str], environment: bool = False) -> Iterator[str]:
    """The table of a class's settings: name, default, and meaning with what a value must be."""
    hints, known = get_type_hints(source, include_extras=True), defaults(source)
    rows = []
    for name, meaning in meanings(source, keys).items():
        required = known[name] is PydanticUndefined
        default = as_variable(known[name]) if environment else plain(known[name])
        shown = "required" if required else f"`{default}`" if default else ""
        limits = "; ".join(dict.fromkeys(constraints(hints[name])))
        rows.append((f"`{keys[name]}`", shown, f"{meaning} ({limits})" if limits else meaning))
    yield from table(("variable" if environment else "key", "default", "meaning"), rows)


def as_variable(value: Any) -> str:
    """A default as the environment holds it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value or "")


def commands() -> Iterator[str]:
    """The help of every command, as it prints it."""
    yield "## Commands\n"
    for name, command in COMMANDS.items():
        yield f"### {name}\n"
        for path, each in with_subcommands(name, command):
            context = click.Context(each, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH)
            yield f"```text\n$ {path} --help\n{each.get_help(context)}\n```\n"


def with_subcommands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, by what is typed."""
    yield path, command
    if isinstance(command, click.Group):
        for name, each in sorted(command.commands.items()):
            yield from with_subcommands(f"{path} {name}", each)


def control_api() -> Iterator[str]:
    """The paths of the control API's own document."""
    api = document()
    base = api["servers"][0]["url"]
    yield (
        f"## Control API\n\n{api['info']['description']} Below `http://127.0.0.1:17000`, which `up` prints; "
        f"`{base}/openapi.json` there says what each takes and answers.\n"
    )
    rows = [
        (f"`{method.upper()} {base}{path}`", queried(operation), operation["summary"])
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    yield from table(("call", "in the query", "what it does"), rows)


def queried(operation: Mapping[str, Any]) -> str:
    """The names that a call takes in its query."""
    names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    return ", ".join(f"`{name}`" for name in names)


def all_settings() -> Iterator[str]:
    """The tables of the files of settings, targets and thresholds."""
    yield (
        "## Settings\n\n### Of the simulators\n\nKeys of the file that `up --settings FILE` reads, and "
        "keywords in Python, such as `StackSettings(espf=EspfSettings(conflict=400))`. What an option of "
        "`up` names is one of them. S-numbers are explained in [protocol.md](protocol.md).\n"
    )
    own = [name for name in defaults(StackSettings) if name not in PARTS]
    yield from settings_table(StackSettings, keys={name: name for name in own})
    for name, part in PARTS.items():
        yield f"#### [{name}]\n\n{inspect.getdoc(part)}".partition("\n\nRaises")[0] + "\n"
        yield from settings_table(part, keys={key: key for key in defaults(part) if key not in SHARED})
    yield "#### [[handlers]]\n\nReceivers of events beside the one at `events_url`.\n"
    yield from settings_table(Handler, keys={key: key for key in defaults(Handler)})
    yield "#### [handlers.credentials]\n\nEither `user` and `password`, or `type` and `value`.\n"
    yield from settings_table(EventCredentials, keys={key: key for key in defaults(EventCredentials)})
    yield from target_file()
    yield "### Of thresholds\n\nOf the file that `espf-loadtest run --thresholds FILE` reads.\n"
    yield from settings_table(Thresholds, keys={key: key for key in defaults(Thresholds)})


def target_file() -> Iterator[str]:
    """The tables of a target file."""
    yield (
        "### Of a target file\n\nPaths are relative to the file, whose folder is the working directory; "
        "times are real seconds. bring-your-own-provisioner.md says what is filled in between braces.\n"
    )
    for name, model in TARGET_TABLES.items():
        yield f"#### [{name}]\n"
        names = {key: info.alias or key for key, info in model.model_fields.items()}
        yield from settings_table(model, keys=names)


def environment() -> Iterator[str]:
    """The table of the reference provisioner's variables."""
    yield (
        "## Environment of the reference provisioner\n\nEvery mistake is told at once, and the exit code is "
        "then 4. An empty variable counts as none.\n"
    )
    names = {name: name.upper() for name in defaults(Settings)}
    yield from settings_table(Settings, keys=names, environment=True)


def exit_codes() -> Iterator[str]:
    """The tables of exit codes, from the constants that hold them."""
    yield (
        "## Exit codes\n\nWhere several apply to a verdict, the first of 3, 4, 5, 1, 7, 2, 0 is given. "
        "Where 0 is not listed, it says that all was done.\n"
    )
    for command, modules in CODES.items():
        rows = sorted(
            (getattr(module, name), meaning)
            for module, names in modules.items()
            for name, meaning in meanings(module, names).items()
        )
        yield f"### Of {command}\n"
        yield from table(("exit code", "meaning"), [(str(code), meaning) for code, meaning in rows])


def page() -> str:
    """The whole page."""
    parts = (commands(), control_api(), all_settings(), environment(), exit_codes())
    lines = [INTRODUCTION, *(line for part in parts for line in part)]
    # A page that a docstring names is linked.
    return re.sub(r"(?<![\w/(\[-])([a-z-]+\.md)(?!\])", r"[\1](\1)", "\n".join(lines).rstrip()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
