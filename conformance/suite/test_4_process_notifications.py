"""Duty 4: receive and process notifications from the external system."""

import pytest

from conformance.story import Story

THREE_DAYS = 3 * 24 * 60


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


@pytest.mark.proves("NOTICE-DELAY")
@pytest.mark.parametrize("days", [3, 7, 30])
def test_outcome_comes_days_later(story: Story, days: int) -> None:
    """The OMS needs days, or a month, for its order."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="completed", delay=days * 86_400)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=days * 24 * 60)
    story.until_reported(account)


@pytest.mark.proves("NOTICE-EARLY")
def test_notification_overtakes_the_answer_to_its_order(story: Story) -> None:
    """The OMS tells the outcome before it answers the order; a refusal of that is sent again."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="completed", early=True)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=1)
    story.until_reported(account)


@pytest.mark.proves("NOTICE-DUPLICATE")
def test_notification_comes_three_times(story: Story) -> None:
    """Each outcome is told three times at once, and nothing changes by it."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="completed", delay=3600, copies=3)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.proves("NOTICE-DUPLICATE")
def test_notification_comes_again_when_it_was_taken(story: Story) -> None:
    """The OMS missed the answer and tells each outcome once more, a day later; nothing changes by it."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="manual")
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    for service in story.services:
        story.decide(account, service, "completed")
    story.until_reported(account)
    story.advance(minutes=24 * 60)
    for service in story.services:
        story.repeat(account, service)


@pytest.mark.proves("NOTICE-REORDERED")
def test_older_report_comes_after_a_newer_one(story: Story) -> None:
    """What the OMS was doing an hour ago arrives after the outcome, which stays."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="completed", delay=7200, in_progress=1, reordered=True)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=240)
    story.until_reported(account)


@pytest.mark.proves("NOTICE-INTERLEAVED")
def test_notifications_of_several_accounts_cross(story: Story) -> None:
    """Four accounts are ordered one after the other and notified in another order, over three days."""
    accounts = [story.create_account() for _ in range(4)]
    for number, account in enumerate(accounts):
        for place, service in enumerate(story.services):
            outcome = "failed" if (number + place) % 3 == 0 else "completed"
            delay = (4 - number) * 3600 + place * 86_400
            story.plan_service(account, service, outcome=outcome, delay=delay)
        story.emit("activate", account)
    for account in accounts:
        story.until_ordered(account)
    story.advance(minutes=THREE_DAYS)
    for account in accounts:
        story.until_reported(account)


@pytest.mark.proves("NOTICE-MISSING")
def test_no_outcome_is_ever_notified(story: Story) -> None:
    """The OMS is at work, and never says what came of it: within a week nobody invents an OK."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="silent", in_progress=1)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=7 * 24 * 60)
    story.pause()


@pytest.mark.proves("STATUS-MAPPING")
def test_failure_that_is_retried_and_succeeds(story: Story) -> None:
    """After a failure the OMS tries again and succeeds: RETRY and OK follow FAILED."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="manual")
    story.emit("activate", account)
    story.until_ordered(account)
    for state in ("in_progress", "retrying", "completed"):
        story.advance(minutes=60)
        for service in story.services:
            story.decide(account, service, state)
    story.until_reported(account)
