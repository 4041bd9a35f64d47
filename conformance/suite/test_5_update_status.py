"""Duty 5: update the provisioning status for the account via the ESPF API."""

from itertools import product
from typing import Any

import pytest

from conformance.story import Story

# IDs as they are in the wild (S23, S24, S30): RFC 3986 wants `#`, `/`, `%`, `?` and the blank encoded.
UNUSUAL_IDS = ("PIN {}/A", "ph{}#456", "{}%3F?", "8{:018d}", "first.last+{}@example.org")
TROUBLES: tuple[dict[str, Any], ...] = (
    {"effect": "answer", "status": 503},
    {"effect": "reset"},
    {"effect": "reset", "after": True},
)


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


@pytest.mark.proves("STATUS-URL-EQUIVALENT")
def test_both_forms_tell_the_same(story: Story) -> None:
    """With either URL form, what is under way and what failed is stored alike."""
    first, *others = story.services
    # What three accounts show alike is no matter of chance.
    for account in [story.create_account() for _ in range(3)]:
        story.plan_service(account, first, outcome="silent")
        for service in others:
            story.plan_service(account, service, outcome="failed", delay=3600)
        story.emit("activate", account)
        story.until_ordered(account)
    story.advance(minutes=60)
    story.pause()


@pytest.mark.proves("STATUS-GROUP-CUSTOM")
def test_group_that_espf_does_not_know_by_itself(story: Story) -> None:
    """The outcomes of a group of its own come a day later; by then it is registered."""
    account = story.create_account()
    for group in story.custom_groups:
        for service in story.groups[group]:
            story.plan_service(account, service, outcome="completed", delay=86_400)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=24 * 60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("STATUS-AUTH")
def test_dead_session_loses_no_status(story: Story) -> None:
    """PortaBilling forgets its sessions while the OMS is at work; the statuses are stored all the same."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account)
    story.until_ordered(account)
    story.kill_sessions()
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.proves("STATUS-RETRY", "STATUS-SEQUENCE")
@pytest.mark.parametrize("trouble", TROUBLES, ids=["answer", "reset", "lost-answer"])
def test_status_that_espf_did_not_take_is_sent_again(story: Story, trouble: dict[str, Any]) -> None:
    """ESPF fails when the outcomes are reported; they are stored when it is well again."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account)
    story.until_ordered(account)
    story.strike("espf/status", trouble, account=account, first=2)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.first_form
@pytest.mark.proves("STATUS-RETRY", "STATUS-SEQUENCE")
def test_status_that_espf_never_answered_is_sent_again(story: Story) -> None:
    """ESPF hangs when the outcomes are reported; they are stored when it is well again."""
    account = story.create_account()
    story.plan(account)
    story.emit("activate", account)
    story.until_ordered(account)
    story.strike("espf/status", {"effect": "hang"}, account=account, first=2)
    story.advance(minutes=60)
    story.until_reported(account)


@pytest.mark.faulty
@pytest.mark.first_form
@pytest.mark.proves("STATUS-SEQUENCE")
def test_newer_status_does_not_wait_to_be_overtaken(story: Story) -> None:
    """ESPF fails for a while: what was true before is not told after what is true now."""
    # Several, since who repeats in no order may be right by chance. The groups that nothing is notified
    # about show by when a report that failed so often is sent again.
    accounts = [story.create_account() for _ in range(4)]
    told, *_ = story.groups.values()
    for account, service in product(accounts, story.services):
        outcome = {"outcome": "completed", "delay": 3600} if service in told else {"outcome": "silent"}
        story.plan_service(account, service, **outcome)
    story.strike("espf/status", {"effect": "answer", "status": 503})
    story.emit_at_once("activate", accounts)
    for account in accounts:
        story.until_ordered(account)
    story.advance(minutes=60)
    story.pause()
    story.clear_weather()
    for account in accounts:
        story.until_reported(account)
        story.give_time_to_repeat(account)


@pytest.mark.faulty
@pytest.mark.proves("STATUS-REFUSED")
def test_status_that_is_refused_for_good(story: Story) -> None:
    """ESPF refuses the reports of one account for good; they are not repeated without end."""
    account = story.create_account()
    story.plan(account)
    story.strike("espf/status", {"effect": "answer", "status": 404}, account=account)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.pause()
    story.provision()


@pytest.mark.proves("STATUS-MESSAGE")
def test_long_message_of_the_oms(story: Story) -> None:
    """The OMS explains a failure at length, an hour later; what is passed on has at most 4,000 characters."""
    account = story.create_account()
    for service in story.services:
        story.plan_service(account, service, outcome="failed", delay=3600, message="m" * 6000)
    story.emit("activate", account)
    story.until_ordered(account)
    story.advance(minutes=60)
    story.until_reported(account)
