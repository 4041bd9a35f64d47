"""Who may import whom: packages share nothing that would hide a misreading, and there are no circles."""

import ast
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

Trees = Mapping[Path, ast.Module]
Plant = Callable[[Mapping[str, str]], Trees]

# What each package may never import, with all that is inside.
NEVER: Final = {
    "simulators": ("reference_provisioner", "conformance", "loadtests", "tests"),
    # A shared misreading would pass every test.
    "reference_provisioner": ("simulators", "conformance", "loadtests", "tests"),
    "conformance": ("reference_provisioner", "loadtests", "tests"),
    "loadtests": ("reference_provisioner", "tests"),
    # Locust patches the interpreter's sockets and threads, so tests meet it only in a subprocess.
    "tests": ("locust", "gevent"),
}
# A core is pure: the clock and a `send` are handed in.
OUTSIDE_A_CORE: Final = ("flask", "werkzeug", "cheroot", "requests", "socket", "threading", "time")
# What loadtests may use of the judge.
# A load starts a target as the judge does, and tells it the same smoke story first.
JUDGE_FOR_LOADTESTS: Final = (
    *("conformance.oracle", "conformance.target", "conformance.errors", "conformance.bench"),
    *("conformance.smoke", "conformance.about", "conformance.ports", "conformance.report.make_folder"),
)


def module_name(path: Path) -> str:
    """The dotted name under which a file is imported; a package's is that of its folder."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def only_for_types(node: ast.AST) -> bool:
    """Whether a statement is `if TYPE_CHECKING`, whose imports never run."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def statements(node: ast.AST, *, when_run: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """All import statements, those inside functions too; `when_run` leaves out those for types only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (when_run and only_for_types(child)):
            yield from statements(child, when_run=when_run)


def source(statement: ast.ImportFrom, path: Path) -> str:
    """The module that a `from` import names, its leading dots resolved."""
    if not statement.level:
        return statement.module or ""
    folder = path.parts[: len(path.parts) - statement.level]
    return ".".join([*folder, *filter(None, [statement.module])])


def imports(path: Path, tree: ast.Module, *, when_run: bool = False) -> set[str]:
    """What a module imports, each name as deep as it is written: `from a import b` is `a.b`."""
    found: set[str] = set()
    for statement in statements(tree, when_run=when_run):
        prefix = f"{source(statement, path)}." if isinstance(statement, ast.ImportFrom) else ""
        found |= {prefix + alias.name for alias in statement.names}
    return found


def below(name: str, *modules: str) -> bool:
    """Whether a dotted name is one of some modules, or inside one."""
    return any(f"{name}.".startswith(f"{module}.") for module in modules)


def forbidden(path: Path, name: str) -> bool:
    """Whether a file may not import a name."""
    package = path.parts[0]
    if package == "loadtests" and below(name, "conformance"):
        return not below(name, *JUDGE_FOR_LOADTESTS)
    core = OUTSIDE_A_CORE if path.match("simulators/*/core.py") else ()
    return below(name, *core, *NEVER[package])


def trespasses(trees: Trees) -> list[str]:
    """Every import that crosses a border."""
    return [
        f"{path} imports {name}"
        for path, tree in trees.items()
        for name in sorted(imports(path, tree))
        if forbidden(path, name)
    ]


def neighbours(path: Path, trees: Trees) -> set[str]:
    """The modules of the project that a module imports when it runs."""
    known = {module_name(each) for each in trees}
    names = imports(path, trees[path], when_run=True)
    # What is no module itself is a name inside one.
    return {name if name in known else name.rpartition(".")[0] for name in names} & known


def cycle(trees: Trees) -> list[str]:
    """The modules of one import cycle, in order, or none."""
    graph = {module_name(path): neighbours(path, trees) for path in trees}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_package_imports_what_it_must_not_know(trees: Trees) -> None:
    """Each package keeps to the table of who may import whom."""
    assert trespasses(trees) == []


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("simulators/a.py", "import conformance.target", "conformance.target"),
        ("simulators/a.py", "def f():\n    from tests import x", "tests.x"),
        ("simulators/oms/core.py", "from time import monotonic", "time.monotonic"),
        ("reference_provisioner/a.py", "from simulators.clock import Clock", "simulators.clock.Clock"),
        ("conformance/suite/a.py", "import reference_provisioner", "reference_provisioner"),
        ("conformance/a.py", "from ..loadtests import shape", "loadtests.shape"),
        ("loadtests/a.py", "from conformance.story import Story", "conformance.story.Story"),
        ("tests/house/a.py", "import locust", "locust"),
    ],
)
def test_planted_trespass_is_found(plant: Plant, file: str, text: str, name: str) -> None:
    """An import across a border is found wherever and however it is written."""
    assert trespasses(plant({file: text})) == [f"{file} imports {name}"]


def test_allowed_imports_are_left_alone(plant: Plant) -> None:
    """A name that only begins like a forbidden one is no trespass, nor is one that the table allows."""
    trees = plant(
        {
            "simulators/web.py": "import time, conformance_tools\nfrom simulators.clock import Clock",
            "loadtests/a.py": "from conformance.oracle.judge import judge\nimport locust",
            "tests/a.py": "import simulators, reference_provisioner, conformance",
        }
    )
    assert trespasses(trees) == []


def test_no_modules_import_each_other_in_a_circle(trees: Trees) -> None:
    """A module can be read, and loaded, after those that it imports."""
    assert cycle(trees) == []


@pytest.mark.parametrize(
    "text", ["from simulators import a", "from simulators.a import x", "def f():\n    import simulators.a"]
)
def test_planted_cycle_is_found(plant: Plant, text: str) -> None:
    """A circle is found, one that hides in a function too."""
    trees = plant(
        {"simulators/__init__.py": "", "simulators/a.py": "import simulators.b", "simulators/b.py": text}
    )
    assert set(cycle(trees)) == {"simulators.a", "simulators.b"}


def test_import_for_types_makes_no_cycle(plant: Plant) -> None:
    """What only the type checker imports never runs."""
    hint = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import simulators.a"
    assert cycle(plant({"simulators/a.py": "import simulators.b", "simulators/b.py": hint})) == []
