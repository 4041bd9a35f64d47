"""How modules and functions look: their size, and the docstrings that open them."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

Trees = Mapping[Path, ast.Module]
Plant = Callable[[Mapping[str, str]], Trees]
Function = ast.FunctionDef | ast.AsyncFunctionDef

FUNCTION_LINES: Final = 40
TEST_LINES: Final = 30
MODULE_LINES: Final = 400


def functions(tree: ast.Module) -> Iterator[Function]:
    """All functions of a module, methods and nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_test(function: Function) -> bool:
    """Whether pytest would run a function."""
    return function.name.startswith("test_")


def body_lines(function: Function) -> int:
    """The lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return ((body[-1].end_lineno or 0) - body[0].lineno + 1) if body else 0


def long_functions(trees: Trees) -> list[str]:
    """Every function that is longer than it may be."""
    return [
        f"{path}:{function.lineno} {function.name} has {body_lines(function)} lines, at most {limit}"
        for path, tree in trees.items()
        for function in functions(tree)
        if body_lines(function) > (limit := TEST_LINES if is_test(function) else FUNCTION_LINES)
    ]


def long_modules(root: Path, trees: Trees) -> list[str]:
    """Every module that is longer than it may be."""
    counts = {path: len((root / path).read_text(encoding="utf-8").splitlines()) for path in trees}
    return [
        f"{path} has {count} lines, at most {MODULE_LINES}"
        for path, count in counts.items()
        if count > MODULE_LINES
    ]


def without_docstring(trees: Trees) -> list[str]:
    """Every module that does not open with a docstring."""
    return [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)]


def is_one_sentence(text: str | None) -> bool:
    """Whether a docstring is one sentence: it ends as one, and no other begins in it."""
    return bool(text and re.fullmatch(r"(?!.*[.!?] +[A-Z]).*[.!?]", " ".join(text.split())))


def untold_rules(trees: Trees) -> list[str]:
    """Every test that does not state its rule in one sentence."""
    return [
        f"{path}:{function.lineno} {function.name}"
        for path, tree in trees.items()
        for function in functions(tree)
        if is_test(function) and not is_one_sentence(ast.get_docstring(function))
    ]


def test_functions_are_short(trees: Trees) -> None:
    """A function can be read at a glance, a test more so."""
    assert long_functions(trees) == []


def test_modules_are_short(root: Path, trees: Trees) -> None:
    """A module has one subject, so it stays within its limit."""
    assert long_modules(root, trees) == []


def test_modules_open_with_a_docstring(trees: Trees) -> None:
    """A module says first what it is."""
    assert without_docstring(trees) == []


def test_tests_state_their_rule(trees: Trees) -> None:
    """A test's docstring is the rule that it proves, in one sentence."""
    assert untold_rules(trees) == []


@pytest.mark.parametrize(("name", "limit"), [("work", FUNCTION_LINES), ("test_work", TEST_LINES)])
def test_planted_long_function_is_found(plant: Plant, name: str, limit: int) -> None:
    """The line after the last allowed one counts, and those of the docstring do not."""
    head = f'class A:\n    def {name}(self):\n        """One.\n\n        Two.\n        """\n'
    assert long_functions(plant({"tests/a.py": head + "        x = 1\n" * limit})) == []
    (found,) = long_functions(plant({"tests/a.py": head + "        x = 1\n" * (limit + 1)}))
    assert found == f"tests/a.py:2 {name} has {limit + 1} lines, at most {limit}"


def test_planted_long_module_is_found(plant: Plant, tmp_path: Path) -> None:
    """A module of one line too many is named."""
    trees = plant(
        {"simulators/a.py": "x = 1\n" * MODULE_LINES, "simulators/b.py": "x = 1\n" * (MODULE_LINES + 1)}
    )
    assert long_modules(tmp_path, trees) == [
        f"simulators/b.py has {MODULE_LINES + 1} lines, at most {MODULE_LINES}"
    ]


def test_planted_silent_module_is_found(plant: Plant) -> None:
    """A comment is no docstring."""
    assert without_docstring(
        plant({"loadtests/a.py": "# Says it.\n", "loadtests/b.py": '"""Says it."""'})
    ) == ["loadtests/a.py"]


@pytest.mark.parametrize("text", ["pass", '"""No full stop"""', '"""One. Two."""', '""""""'])
def test_planted_untold_rule_is_found(plant: Plant, text: str) -> None:
    """No docstring, half a sentence and two sentences are all named."""
    assert untold_rules(plant({"tests/a.py": f"def test_x():\n    {text}"})) == ["tests/a.py:1 test_x"]


def test_sentence_may_hold_full_stops(plant: Plant) -> None:
    """A version, a file name or an abbreviation does not end a sentence."""
    text = 'def test_x():\n    """From 1.2 on, e.g. in a.py, it\n    holds."""'
    assert untold_rules(plant({"tests/a.py": text})) == []
