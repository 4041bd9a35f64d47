"""Which scenarios of the suite are written for a requirement, read from their text: nothing is started."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

SUITE: Final = Path(__file__).parent / "suite"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A scenario as its file has it: where it stands, what it says, and the ids that it is to prove."""

    file: str
    name: str
    sentence: str
    proves: tuple[str, ...]


@cache
def written(folder: Path = SUITE) -> tuple[Written, ...]:
    """The scenarios of a suite, file by file."""
    return tuple(
        Written(
            file=path.name,
            name=node.name,
            sentence=(ast.get_docstring(node) or "").partition("\n")[0],
            proves=tuple(_proves(node)),
        )
        for path in sorted(folder.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def written_for(id_: str) -> tuple[Written, ...]:
    """The scenarios that are written for a requirement."""
    return tuple(scenario for scenario in written() if id_ in scenario.proves)


def _proves(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.proves":
            yield from (ast.literal_eval(argument) for argument in decorator.args)
