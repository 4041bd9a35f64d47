"""The page on the protocol explains each source key that is cited anywhere."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
# Where a source is cited by its key.
SOURCES: Final = sorted(
    path
    for folder in ("simulators", "conformance", "reference_provisioner", "fixtures", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".toml", ".md"} and path != Path(__file__)
)
KEY: Final = re.compile(r"\bS[1-9][0-9]?\b")


def explained_keys() -> set[str]:
    """The keys that the page's table of sources explains; `S11 to S14` stands for four."""
    cells = re.findall(r"^\| (S[0-9].*?) \|", PAGE, re.MULTILINE)
    ranges = [(first, last) for cell in cells for first, last in re.findall(r"S(\d+) to S(\d+)", cell)]
    between = {f"S{number}" for first, last in ranges for number in range(int(first), int(last) + 1)}
    return between.union(*(KEY.findall(cell) for cell in cells))


def test_every_source_key_is_explained() -> None:
    """A key in a comment leads to the page, and the page to the source."""
    cited = {key for path in SOURCES for key in KEY.findall(path.read_text(encoding="utf-8"))}

    assert cited - explained_keys() == set()
