"""Duty 4: let nothing come of notifications that cannot be read, or of orders that were never made."""

import pytest

from conformance.story import Story


@pytest.mark.proves("NOTICE-MALFORMED", "NOTICE-ANSWER")
def test_notifications_that_cannot_be_read(story: Story) -> None:
    """Half a notification of an account that is OK already, then nonsense about it: it stays OK."""
    account = story.provision()
    story.send_probes("malformed notifications", account)
    story.send_probes("odd notifications", account)
    story.provision()


@pytest.mark.proves("NOTICE-MALFORMED", "NOTICE-ANSWER")
def test_notifications_of_generated_nonsense(story: Story) -> None:
    """Whatever breaks the description of notifications changes no status."""
    account = story.provision()
    story.send_probes("generated notifications", account)
    story.provision()


@pytest.mark.proves("NOTICE-UNKNOWN", "NOTICE-ANSWER")
def test_notifications_of_orders_that_were_never_made(story: Story) -> None:
    """Good and bad news of unknown orders reach no account, be its own order done or still under way."""
    story.provision()
    waiting = story.create_account()
    story.plan(waiting)
    story.emit("activate", waiting)
    story.until_ordered(waiting)
    story.send_probes("unknown notifications", waiting)
    story.advance(minutes=60)
    story.until_reported(waiting)
