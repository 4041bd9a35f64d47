"""The pytest plugin: the fixture `espf_stack` gives a test the world around a provisioner, for itself alone.

It is loaded into every pytest run of an environment that has the harness, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulators.stack import Stack

MARKER = "espf_stack"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(**settings): how the fixture espf_stack is set up, by the names of StackSettings, "
        'such as clock="auto" or world="demo"; what stands nearest to the test holds.',
    )


@pytest.fixture
def espf_settings() -> Mapping[str, Any]:
    """Settings that all stacks have in common; define a fixture of this name in the place of this one."""
    return {}


@pytest.fixture
def espf_stack(request: pytest.FixtureRequest, espf_settings: Mapping[str, Any]) -> "Iterator[Stack]":
    """A running stack on free ports, with a clock that stands still until it is advanced.

    A setting that is not possible fails the test, and every mistake is named.

    Raises:
        StackError: at the end, if the simulators themselves went wrong.
    """
    # Only a test that asks for a stack pays for it.
    from simulators.errors import SimulatorError  # noqa: PLC0415
    from simulators.settings import read_settings  # noqa: PLC0415
    from simulators.stack import Stack  # noqa: PLC0415

    given = dict(espf_settings)
    for marker in reversed(list(request.node.iter_markers(MARKER))):
        if marker.args:
            pytest.fail(f'{MARKER}({marker.args[0]!r}) names no setting: write clock="auto".', pytrace=False)
        given |= marker.kwargs
    try:
        made = Stack(read_settings(None, given, defaults={}))
    except SimulatorError as error:
        # Where in the harness a mistake was found says nothing to whoever made it.
        pytest.fail(f"{MARKER}: {error}", pytrace=False)
    with made as stack:
        yield stack
