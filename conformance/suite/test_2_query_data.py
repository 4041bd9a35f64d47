"""Duty 2: query the obligatory subscriber data via the PortaBilling API."""

import json

import pytest

from conformance.story import Story

FAULT = {
    "effect": "answer",
    "status": 500,
    "content_type": "application/json",
    "body": json.dumps({"faultcode": "Server.Account.busy", "faultstring": "Try again later"}),
}


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


@pytest.mark.proves("DATA-QUERY", "DATA-FRESH")
def test_changed_sim_card_is_asked_for_again(story: Story) -> None:
    """A day after its activation the account gets another SIM card; what is ordered then carries it."""
    account = story.provision()
    story.advance(minutes=24 * 60)
    story.change_sim_card(account)
    story.plan(account)
    story.emit("modify", account)
    story.pause()
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("DATA-SESSION-EXPIRY")
def test_dead_session_loses_no_event(story: Story) -> None:
    """PortaBilling forgets its sessions between two events; the second one is done all the same."""
    story.provision()
    story.kill_sessions()
    story.provision()


@pytest.mark.proves("DATA-SESSION-REUSE")
def test_one_session_serves_many_events(story: Story) -> None:
    """Eight accounts are provisioned one after the other, an hour each."""
    for _ in range(8):
        story.provision()


@pytest.mark.faulty
@pytest.mark.proves("DATA-FAULT")
def test_business_fault_is_no_dead_session(story: Story) -> None:
    """PortaBilling answers with a fault for a while; it is not asked again without pause."""
    # Who gives up a session at a fault shows it by one that has served before.
    story.provision()
    account = story.create_account()
    story.plan(account)
    story.strike("portabilling", FAULT, account=account)
    story.emit("activate", account)
    story.pause()
    story.clear_weather()
    story.advance(minutes=60)
    story.pause()


@pytest.mark.proves("DATA-NOT-FOUND")
def test_event_of_an_account_that_is_gone(story: Story) -> None:
    """PortaBilling does not know the account of an event; the next account is done all the same."""
    story.emit("activate", story.unknown_account())
    story.pause()
    story.provision()


@pytest.mark.faulty
@pytest.mark.proves("DATA-SLOW")
@pytest.mark.parametrize("effect", ["hang", "reset", "truncate"])
def test_portabilling_without_an_answer_delays_an_event(story: Story, effect: str) -> None:
    """PortaBilling hangs or breaks off while it is asked; the event is done later."""
    account = story.create_account()
    story.plan(account)
    story.strike("portabilling", {"effect": effect}, account=account, first=1)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)
