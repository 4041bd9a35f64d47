"""Finds the data files that come with the harness, in a checkout and in an installed wheel alike."""

from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from simulators.validation import InvalidFileError, load_toml

_PACKAGE: Final = Path(__file__).parent
# A wheel carries `fixtures` inside this package; a checkout has it beside the packages.
_FIXTURES: Final = (_PACKAGE / "fixtures", _PACKAGE.parent / "fixtures")

Model = TypeVar("Model", bound=BaseModel)


def fixtures() -> Path:
    """The folder of bundled data."""
    return next(folder for folder in _FIXTURES if folder.is_dir())


def find(kind: str, name: str) -> Path:
    """The file that a user named by its path, or by the name of a bundled one.

    `kind` is a folder of `fixtures`, such as `worlds`.

    Raises:
        InvalidFileError: there is neither.
    """
    folder = fixtures() / kind
    for path in (Path(name), folder / f"{name}.toml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in folder.glob("*.toml")))
    raise InvalidFileError(f"{name} does not exist: name a TOML file, or one of the bundled {kind}: {known}.")


def load(kind: str, name: str, model: type[Model]) -> tuple[Path, Model]:
    """Find a file and read it into a model; gives its path too.

    Raises:
        InvalidFileError: the file is missing or has mistakes; all of them are named.
    """
    path = find(kind, name)
    return path, load_toml(model, path)
