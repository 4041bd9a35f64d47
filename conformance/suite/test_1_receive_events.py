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


@pytest.mark.proves("EVENT-VOCABULARY")
def test_every_declared_type_is_taken(story: Story) -> None:
    """Each declared type that activates is sent for an account of its own, in either vocabulary."""
    for event_type in story.event_types("activate"):
        account = story.create_account()
        story.plan(account)
        story.emit_type(event_type, account)
        story.until_ordered(account)
        story.advance(minutes=60)
        story.until_reported(account)


@pytest.mark.proves("EVENT-NUMBERS")
def test_ids_as_texts_of_digits(story: Story) -> None:
    """The documented example writes i_account as a text of digits, the type table as a number."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account, form="texts")
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.proves("EVENT-EXTRA")
def test_variables_that_a_later_release_adds(story: Story) -> None:
    """An event carries a variable that nobody knows yet, and is taken like any other."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account, form="extra")
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.proves("EVENT-CONCURRENT", "NOTICE-INTERLEAVED")
def test_events_of_several_accounts_at_once(story: Story) -> None:
    """Six accounts are created in the same moment; each comes to its own end a day later."""
    accounts = [story.create_account() for _ in range(6)]
    for account in accounts:
        for number, service in enumerate(story.services):
            story.plan_service(account, service, outcome="completed", delay=86_400 - 600 * number)
    story.emit_at_once("activate", accounts)
    for account in accounts:
        story.until_ordered(account)
    story.advance(minutes=24 * 60)
    for account in accounts:
        story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("EVENT-RESEND")
def test_event_in_trouble_is_never_refused(story: Story) -> None:
    """PortaBilling is down when the event comes; the event is taken now or when it comes again."""
    account = story.create_account()
    story.plan(account)
    story.strike("portabilling", {"effect": "reset"}, first=3)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.proves("EVENT-REORDER")
def test_event_of_an_account_that_was_closed_meanwhile(story: Story) -> None:
    """The event of a creation is delivered when the account has been closed: nothing is activated."""
    account = story.create_account()
    story.close(account)
    story.emit("activate", account)
    story.pause()
    story.provision()
