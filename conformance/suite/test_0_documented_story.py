"""The story that the page tells: from the creation of an account to its stored statuses."""

import pytest

from conformance.smoke import documented_story
from conformance.story import Story


@pytest.mark.proves(
    "EVENT-ACK",
    "DATA-QUERY",
    "ORDER-CONTENT",
    "ORDER-ONCE",
    "NOTICE-ACK",
    "NOTICE-DELAY",
    "STATUS-VALUES",
    "STATUS-MAPPING",
    "STATUS-IN-PROGRESS",
    "STATUS-NOT-EARLY",
    "STATUS-GROUP",
    "STATUS-URL-I-ACCOUNT",
    "STATUS-URL-ID",
    "STATUS-BODY",
    "STATUS-FINAL",
)
def test_documented_story(story: Story) -> None:
    """An account is created; the OMS completes one group in ten minutes and the others in an hour."""
    documented_story(story)
