"""Duty 3: send the subscriber data to the external system."""

from typing import Any

import pytest

from conformance.story import Story

DAY = 24 * 60
TROUBLES: tuple[dict[str, Any], ...] = (
    {"effect": "answer", "status": 503},
    {"effect": "hang"},
    {"effect": "reset"},
)


@pytest.mark.proves("ORDER-CHANGE")
def test_changed_account_is_ordered_anew(story: Story) -> None:
    """An account gets another SIM card a day after its activation; the OMS reports a day later."""
    account = story.provision()
    story.advance(minutes=DAY)
    story.change_sim_card(account)
    for service in story.services:
        story.plan_service(account, service, outcome="completed", delay=86_400)
    story.emit("modify", account)
    story.until_ordered_anew(account)
    story.advance(minutes=DAY)
    story.until_reported(account)


@pytest.mark.proves("ORDER-CLOSE")
def test_closed_account_is_deactivated(story: Story) -> None:
    """An account is closed a day after its activation; the OMS is told to take its services away."""
    account = story.provision()
    story.advance(minutes=DAY)
    story.close(account)
    story.plan(account)
    story.emit("deactivate", account)
    story.until_ordered_anew(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("ORDER-RETRY")
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble["effect"])
def test_oms_in_trouble_is_tried_again(story: Story, trouble: dict[str, Any]) -> None:
    """The OMS takes the order at the third request; the outcomes come two hours later."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="completed", delay=7200)
    story.strike("oms/order", trouble, account=account, first=1 if trouble["effect"] == "hang" else 2)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=120)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("ORDER-REPLY-LOST", "ORDER-ONCE")
def test_order_whose_answer_was_lost(story: Story) -> None:
    """The OMS took the order, and its answer was lost: the order comes again, under the same reference."""
    account = story.create_account()
    story.plan(account)
    story.strike("oms/order", {"effect": "reset", "after": True}, account=account, first=1)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("ORDER-REFUSED")
def test_order_that_is_refused_for_good(story: Story) -> None:
    """The OMS refuses the order for good: its groups end with FAILED, an hour later too."""
    account = story.create_account()
    story.strike("oms/order", {"effect": "answer", "status": 422}, account=account)
    story.emit("activate", account)
    story.until_refused(account)
    story.advance(minutes=60)
    story.until_reported(account)
