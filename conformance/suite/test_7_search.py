"""The search: every small deviation from the documented story, one at a time."""

from collections.abc import Callable, Sequence

import pytest

from conformance.schedules import Schedule


@pytest.mark.faulty
@pytest.mark.proves("STATUS-FINAL")
def test_small_story(search: Callable[..., None], told: Sequence[Schedule]) -> None:
    """Whatever goes otherwise, each account comes to the statuses that the facts allow."""
    search(told)
