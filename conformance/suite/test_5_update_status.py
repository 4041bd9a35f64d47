"""Duty 5: update the provisioning status for the account via the ESPF API."""

import pytest

from conformance.story import Story

# IDs as they are in the wild (S23, S24, S30): RFC 3986 wants `#`, `/`, `%`, `?` and the blank encoded.
UNUSUAL_IDS = ("PIN {}/A", "ph{}#456", "{}%3F?", "8{:018d}", "first.last+{}@example.org")


@pytest.mark.proves("STATUS-URL-ID")
@pytest.mark.url_form("id")
@pytest.mark.parametrize("pattern", UNUSUAL_IDS)
def test_status_reaches_an_account_with_an_unusual_id(story: Story, pattern: str) -> None:
    """An account ID of any characters, all digits too, is encoded so that it reaches its own account."""
    account = story.create_account(pattern=pattern)
    story.plan(account)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)
