"""Duty 1: refuse or pass over what is no event for this provisioner."""

import pytest

from conformance.story import Story


@pytest.mark.proves("EVENT-AUTH")
def test_events_without_the_agreed_credentials(story: Story) -> None:
    """Somebody else sends an event of an account, and is refused; then ESPF tells of another account."""
    account = story.create_account()
    story.send_probes("unauthorized events", account)
    story.provision()


@pytest.mark.proves("EVENT-MALFORMED")
def test_events_that_cannot_be_read(story: Story) -> None:
    """Bodies that are no event of this account have no effect; then ESPF tells of another account."""
    account = story.create_account()
    story.send_probes("malformed events", account)
    story.send_probes("odd events", account)
    story.provision()


@pytest.mark.proves("EVENT-MALFORMED", "EVENT-UNKNOWN")
def test_events_of_generated_nonsense(story: Story) -> None:
    """Whatever breaks the description of events is refused; then ESPF tells of another account."""
    account = story.create_account()
    story.send_probes("generated events", account)
    story.provision()


@pytest.mark.proves("EVENT-UNKNOWN")
def test_events_of_types_that_are_not_declared(story: Story) -> None:
    """Events of unknown types have no effect; then ESPF tells of another account."""
    account = story.create_account()
    story.send_probes("unknown events", account)
    story.provision()
