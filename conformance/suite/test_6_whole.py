"""The provisioner as a whole: what it survives, what it keeps up with, and whether it rests."""

import pytest

from conformance.story import Story


@pytest.mark.faulty
@pytest.mark.proves("WHOLE-RESTART")
def test_killed_after_the_event_was_acknowledged(story: Story) -> None:
    """It is killed as soon as it answered the event, and started again: the event is not lost."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account)
    story.kill()
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("WHOLE-RESTART")
def test_killed_while_the_oms_is_at_work(story: Story) -> None:
    """It is killed after the order was accepted; the outcomes of the next day reach their account."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="completed", delay=86_400)
    story.emit("activate", account)
    story.until_ordered(account)
    story.kill()
    story.advance(minutes=24 * 60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("WHOLE-RATE")
def test_burst_of_events(story: Story) -> None:
    """Thirty accounts are created at once, as in a bulk import: none is lost."""
    accounts = [story.create_account() for _ in range(30)]
    for account in accounts:
        story.plan(account)
    story.emit_at_once("activate", accounts)
    for account in accounts:
        story.until_ordered(account)
    story.advance(minutes=60)
    for account in accounts:
        story.until_reported(account)


@pytest.mark.proves("WHOLE-QUIET")
def test_nothing_is_to_be_done(story: Story) -> None:
    """An account is done; from then on the neighbours are left alone."""
    story.provision()
    story.watch()
