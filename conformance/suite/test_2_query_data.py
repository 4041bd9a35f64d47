"""Duty 2: query the obligatory subscriber data via the PortaBilling API."""

import pytest

from conformance.story import Story


@pytest.mark.proves("DATA-QUERY", "ORDER-CONTENT")
def test_each_order_carries_its_own_account(story: Story) -> None:
    """Two accounts created one after the other are queried and ordered each with its own data."""
    accounts = [story.create_account(), story.create_account()]
    for account in accounts:
        story.plan(account)
        story.emit("activate", account)
    for account in accounts:
        story.until_ordered(account)
    story.advance(minutes=60)
    for account in accounts:
        story.until_reported(account)
