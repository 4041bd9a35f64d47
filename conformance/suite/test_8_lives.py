"""Lives: accounts that come, change and go in any order, amid faults, dead sessions and restarts."""

from collections.abc import Callable

import pytest


@pytest.mark.faulty
@pytest.mark.proves("STATUS-FINAL")
def test_life_of_several_accounts(lives: Callable[[], None]) -> None:
    """Whatever befalls them, each comes to the statuses that the facts allow."""
    lives()
