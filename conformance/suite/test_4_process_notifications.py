"""Duty 4: receive and process notifications from the external system."""

import pytest

from conformance.story import Story


@pytest.mark.proves("NOTICE-ACK", "NOTICE-DELAY", "STATUS-MAPPING", "STATUS-GROUP")
def test_one_group_completes_and_another_fails(story: Story) -> None:
    """The first group completes after ten minutes and the others fail after an hour: each is told its own."""
    account = story.create_account()
    story.plan(account, last="failed")
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=10)
    story.give_time_to_report(account)
    story.advance(minutes=50)
    story.until_reported(account)


@pytest.mark.proves("NOTICE-DELAY", "STATUS-MAPPING", "STATUS-GROUP")
def test_one_group_fails_and_another_completes(story: Story) -> None:
    """The first group fails after ten minutes and the others complete after an hour."""
    account = story.create_account()
    story.plan(account, first="failed")
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=10)
    story.give_time_to_report(account)
    story.advance(minutes=50)
    story.until_reported(account)
