"""Settings of a stack: a file's, what a shell gives in their place, and every mistake named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.errors import SettingsError
from simulators.release import Release
from simulators.settings import StackSettings, read_settings

FILE = """
release = "MR98"
port_base = 18000
world = "demo"
[events]
rate = 5
numbers = "strings"
[espf]
conflict = 400
[portabilling]
token_lifetime = 900
not_found = "fault"
[oms]
notify_limit = 3
[[handlers]]
name = "second"
url = "http://127.0.0.1:9000/events"
credentials = {type = "Custom", value = "secret"}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Write a file of settings and give its path as a user would."""

    def to_file(text: str) -> str:
        path = tmp_path / "settings.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return to_file


def test_file_sets_every_part(write: Callable[[str], str]) -> None:
    """Each table holds the settings of a part by their names, and the rest keep their defaults."""
    settings = read_settings(write(FILE), {}, defaults={})

    assert (settings.release, settings.port_base, settings.reading) == (Release(98), 18_000, "lenient")
    assert (settings.events.rate, settings.events.numbers, settings.events.success) == (5, "strings", "200")
    assert (settings.espf.conflict, settings.portabilling.token_lifetime) == (400, 900)
    assert (settings.oms.notify_limit, settings.handlers[0].credentials.header_value) == (3, "Custom secret")


def test_what_is_given_comes_before_the_file_and_that_before_the_defaults(
    write: Callable[[str], str],
) -> None:
    """A part that is given in part keeps the file's other settings."""
    given = {"port_base": 0, "events": {"numbers": "mixed"}}

    settings = read_settings(write(FILE), given, defaults={"port_base": 17_000, "clock": "real"})

    assert (settings.port_base, settings.clock) == (0, "real")
    assert (settings.events.numbers, settings.events.rate) == ("mixed", 5)


def test_nothing_given_is_the_default() -> None:
    """Without a file and without options a stack is set up as in Python."""
    assert read_settings(None, {}, defaults={}) == StackSettings()


@pytest.mark.parametrize(
    ("text", "given", "named"),
    [
        ("colour = 1", {}, "colour: "),
        ("[espf]\nconflict = 500", {}, "espf.conflict: "),
        ("[events]\nrate = 0", {}, "rate is 0.0: a number from 0.001 on is required"),
        ("", {"release": "117"}, "'117' is no release"),
        ("[portabilling]\nrelease = 'MR98'", {}, "portabilling.release: set it at the top"),
        ("[events]\nrelease = 'MR98'", {}, "events.release: set it at the top"),
        ("[espf", {}, "cannot be read as TOML"),
    ],
)
def test_impossible_setting_is_named(
    write: Callable[[str], str], text: str, given: dict[str, Any], named: str
) -> None:
    """The message says which file, which setting and which value."""
    path = write(text)

    with pytest.raises(SettingsError) as refused:
        read_settings(path, given, defaults={})

    assert named in str(refused.value)
    assert path in str(refused.value)


def test_all_mistakes_are_told_at_once(write: Callable[[str], str]) -> None:
    """Each mistake has a line of its own."""
    with pytest.raises(SettingsError) as refused:
        read_settings(write("colour = 1\nreading = 'loose'"), {"port_base": "x"}, defaults={})

    assert len(str(refused.value).splitlines()) == 4


def test_missing_file_is_named() -> None:
    """A file that is not there is told by its name."""
    with pytest.raises(SettingsError, match=r"no\.toml does not exist"):
        read_settings("no.toml", {}, defaults={})
