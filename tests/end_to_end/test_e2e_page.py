"""The page itself: its story on a clock that runs by itself, and its printed examples."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import requests

from simulators.bundled import fixtures
from simulators.portabilling.settings import Reading
from simulators.settings import StackSettings
from simulators.stack import Stack

FORM = "application/x-www-form-urlencoded"
ONE_HOUR = 3600


def test_story_of_the_page_on_a_clock_that_runs_by_itself(
    beside_reference: Callable[..., AbstractContextManager[Stack]],
) -> None:
    """With the clock `auto` nobody advances time: an hour passes as soon as nothing is in flight."""
    with beside_reference(clock="auto", settle=0.1) as stack:
        started = stack.clock.now()
        with stack.guard:
            stack.emitter.emit("Account/New", i_account=189)

        assert stack.journal.wait_until(lambda: stack.espf.status_of(189, "PCRF") == "OK", timeout=30)

        history = {
            group: [report.status for report in stack.espf.history(189, group)] for group in ("HSS", "PCRF")
        }
        assert history == {"HSS": ["IN_PROGRESS", "OK"], "PCRF": ["IN_PROGRESS", "OK"]}
        assert stack.clock.now() - started == pytest.approx(ONE_HOUR)


def test_event_of_the_page_is_sent_as_printed() -> None:
    """The emitter's first event about account 189 has the documented body."""
    documented = json.loads((fixtures() / "examples" / "account-new.json").read_text())
    with Stack() as stack, stack.guard:
        event = stack.emitter.emit("Account/New", i_account=189)

    assert json.loads(event.body("ints")) == documented


@pytest.mark.parametrize(
    ("example", "reading", "answered", "stored"),
    [
        ("status-update.txt", "strict", 200, "OK"),
        ("status-update.txt", "lenient", 200, "OK"),
        ("status-update-as-printed.txt", "strict", 400, None),
        ("status-update-as-printed.txt", "lenient", 200, "OK"),
    ],
)
def test_status_update_of_the_page(example: str, reading: Reading, answered: int, stored: str | None) -> None:
    """The 19 bytes of the capture are always taken; the editor's JSON only in the lenient reading."""
    with Stack(StackSettings(reading=reading)) as stack:
        response = requests.post(
            f"{stack.addresses.portabilling}/espf/v1/account/i/189/status",
            data=(fixtures() / "examples" / example).read_bytes(),
            headers={"Content-Type": FORM},
            auth=("provisioner", "offline-only"),
            timeout=10,
        )

        assert response.status_code == answered
        assert stack.espf.status_of(189, "HSS") == stored
