"""Duty 1: receive provisioning events from the ESPF."""

import pytest

from conformance.story import Story


@pytest.mark.proves("EVENT-ACK", "EVENT-DUPLICATE", "ORDER-ONCE")
def test_event_sent_twice_has_one_effect(story: Story) -> None:
    """An event whose answer was lost comes again, before and after its outcome; nothing happens twice."""
    account = story.create_account()
    story.plan(account)
    event = story.emit("activate", account)
    story.resend(event)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)
    story.resend(event)
