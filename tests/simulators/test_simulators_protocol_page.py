"""The page on the protocol is true: it prints each setting with its default, and explains each source key."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest

from simulators.emitter.settings import EmitterSettings
from simulators.espf.settings import EspfSettings
from simulators.oms.settings import OmsSettings
from simulators.portabilling.settings import PortaBillingSettings
from simulators.settings import StackSettings, read_settings

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
PARTS: Final = (EmitterSettings, EspfSettings, OmsSettings, PortaBillingSettings)
# Where a source is cited by its key.
SOURCES: Final = sorted(
    path
    for folder in ("simulators", "conformance", "reference_provisioner", "fixtures", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".toml", ".md"} and path != Path(__file__)
)
KEY: Final = re.compile(r"\bS[1-9][0-9]?\b")


def printed_settings() -> str:
    """The block of settings on the page."""
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found, "The page prints no settings."
    return found[1]


def explained_keys() -> set[str]:
    """The keys that the page's table of sources explains; `S11 to S14` stands for four."""
    cells = re.findall(r"^\| (S[0-9].*?) \|", PAGE, re.MULTILINE)
    ranges = [(first, last) for cell in cells for first, last in re.findall(r"S(\d+) to S(\d+)", cell)]
    between = {f"S{number}" for first, last in ranges for number in range(int(first), int(last) + 1)}
    return between.union(*(KEY.findall(cell) for cell in cells))


def test_printed_settings_are_the_defaults(tmp_path: Path) -> None:
    """Whoever copies the block gets what `up` does by itself."""
    copied = tmp_path / "settings.toml"
    copied.write_text(printed_settings(), encoding="utf-8")

    assert read_settings(str(copied), {}, defaults={}) == StackSettings()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_setting_of_a_part_is_printed(part: type) -> None:
    """Nothing that is assumed is hidden; release and reading hold for all parts and stand at the top."""
    names = {field.name for field in fields(part)} - {"release", "reading"}

    assert names - set(re.findall(r"^(?:# )?(\w+) = ", printed_settings(), re.MULTILINE)) == set()


def test_every_source_key_is_explained() -> None:
    """A key in a comment leads to the page, and the page to the source."""
    cited = {key for path in SOURCES for key in KEY.findall(path.read_text(encoding="utf-8"))}

    assert cited - explained_keys() == set()
