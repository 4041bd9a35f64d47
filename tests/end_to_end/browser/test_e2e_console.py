"""The console in a real browser: what people see and do there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from simulators.clock import parse_mode
from simulators.control.journal import SLOTS
from simulators.oms.plans import Plan
from simulators.records import Account
from simulators.settings import StackSettings
from simulators.stack import Stack
from simulators.weather.plans import read_plan

MOST_ROWS = 300
HOSTILE = "<img src=x onerror=\"alert('run')\"><script>alert('run')</script>"
Open = Callable[[str], Page]


@pytest.fixture(name="stack")
def _stack() -> Iterator[Stack]:
    """The demo world on a manual clock, with nobody who takes events."""
    with Stack(StackSettings(port_base=0, clock="manual", events_url="http://127.0.0.1:1/events")) as stack:
        yield stack


@pytest.fixture(name="page")
def _page(stack: Stack, open_page: Open) -> Page:
    """The console of the stack, as soon as it shows the accounts."""
    page = open_page(stack.addresses.control)
    expect(page.get_by_role("button", name="189", exact=True)).to_be_visible()
    return page


def known(stack: Stack) -> Account:
    """Account 189 as the world has it."""
    account = stack.world.account(189)
    assert account
    return account


def order(stack: Stack) -> None:
    """Order HSS for account 189; what becomes of it is left to the test."""
    stack.oms.plan(Plan(outcome="silent"))
    body = {
        "reference": "event-1",
        "action": "activate",
        "account": {"i_account": 189, "id": "12065550189@msisdn"},
        "services": ["HSS"],
        "notify_url": "http://127.0.0.1:1/notifications",
    }
    headers = {"Authorization": "Bearer offline-oms"}
    assert requests.post(f"{stack.addresses.oms}/orders", json=body, headers=headers, timeout=10).ok


def test_newcomer_sees_a_story_to_its_end(
    beside_reference: Callable[..., AbstractContextManager[Stack]], open_page: Open
) -> None:
    """Emit an event, advance ten minutes, and see that HSS is OK while PCRF is still at work."""
    with beside_reference(port_base=0, clock="manual") as stack:
        page = open_page(stack.addresses.control)
        page.get_by_role("button", name="Emit").click()
        row = page.get_by_role("row").filter(has_text="12065550189@msisdn")
        expect(row).to_contain_text("IN_PROGRESS")

        page.get_by_role("button", name="Advance").click()

        expect(row.get_by_role("cell", name="OK", exact=True)).to_be_visible()
        expect(row.get_by_role("cell", name="IN_PROGRESS", exact=True)).to_be_visible()
        expect(page.locator("#conversation")).to_contain_text("HSS OK")


def test_exchange_is_shown_with_all_that_went_over_the_wire(stack: Stack, page: Page) -> None:
    """Select one by the keyboard: its headers, its body and its answer are shown, and no secret."""
    page.get_by_role("button", name="Emit").click()
    event = page.get_by_role("button", name="ESPF events to provisioner: Account/New, no answer").first
    event.focus()
    page.keyboard.press("Enter")

    shown = page.locator("#exchange")
    expect(shown).to_contain_text('{"event_type": "Account/New", "variables": {"i_account": 189')
    expect(shown).to_contain_text("Authorization: Basic ***")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="account 191 is").first).to_be_focused()
    assert stack.world.events.password not in page.content()


def test_open_order_is_decided(stack: Stack, page: Page) -> None:
    """An order that awaits its outcome is completed twice, which notifies twice, and is open no more."""
    order(stack)
    page.get_by_role("button", name="Complete twice HSS of").click()

    expect(page.get_by_text("None.", exact=True)).to_be_visible()
    notified = [record for record in stack.journal.records() if record.operation == "notification"]
    assert [record.detail["state"] for record in notified] == ["completed", "completed"]


def test_fault_is_armed_and_taken_away(stack: Stack, page: Page) -> None:
    """A fault that is armed strikes, is listed with what it struck, and goes when it is taken away."""
    page.get_by_label("Point").select_option("espf/status")
    page.get_by_label("First").fill("2")
    page.get_by_role("button", name="Arm").click()
    expect(page.get_by_text("struck 0 of 0")).to_be_visible()
    assert [armed.plan.first for armed in stack.weather.plans()] == [2]

    page.get_by_role("button", name="Take away fault 1").click()

    expect(page.get_by_text("None is armed.")).to_be_visible()
    assert not stack.weather.plans()


def test_account_clock_and_world_are_changed(stack: Stack, page: Page) -> None:
    """The selected account is suspended, the clock switched; after a reset all is as it was."""
    page.get_by_role("button", name="189", exact=True).click()
    page.get_by_label("bill_status").select_option("S")
    page.get_by_label("blocked").check()
    page.get_by_role("button", name="Change").click()
    row = page.get_by_role("row").filter(has_text="12065550189@msisdn")
    expect(row).to_contain_text("S, blocked")
    page.get_by_label("Clock").select_option("auto")
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_role("status")).to_have_text("The clock is auto now.")
    assert stack.clock.mode.name == "auto"

    page.get_by_role("button", name="Reset").click()

    expect(row).not_to_contain_text("blocked")
    assert stack.clock.mode.name == "manual"


def test_change_leaves_alone_what_was_not_touched(stack: Stack, page: Page) -> None:
    """The form begins with what the selected account is, and sends what differs, or says that none does."""
    stack.world.replace_account(known(stack).model_copy(update={"bill_status": "S", "blocked": True}))
    page.get_by_role("button", name="Emit").click()
    expect(page.get_by_role("row").filter(has_text="12065550189@msisdn")).to_contain_text("S, blocked")
    page.get_by_role("button", name="189", exact=True).click()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("status")).to_have_text("i_account 189 is like that already.")

    page.get_by_label("blocked").uncheck()
    page.get_by_role("button", name="Change").click()

    expect(page.get_by_role("status")).to_contain_text("Changed i_account 189")
    assert (known(stack).bill_status, known(stack).blocked) == ("S", False)


def test_what_is_done_from_a_shell_shows(stack: Stack, page: Page) -> None:
    """What leaves no record, as an armed fault or a switched clock, is seen all the same."""
    stack.weather.add(read_plan({"point": "espf/status", "fault": {"effect": "answer", "status": 503}}))
    stack.clock.switch(parse_mode("scaled:1.5"))

    expect(page.get_by_text("struck 0 of 0")).to_be_visible()
    expect(page.get_by_label("Clock")).to_have_value("scaled:1.5")


def test_conversation_is_in_the_order_of_its_beginnings(stack: Stack, open_page: Open) -> None:
    """An event that is answered last, after all that it led to, still stands before it."""
    sent: dict[str, Any] = {
        "source": "emitter",
        "destination": "provisioner",
        "method": "POST",
        "target": "/events",
    }
    event = stack.journal.open(**sent, headers={}, body=b"", operation="event", i_account=189)
    stack.journal.fact("account", data={"id": "asked meanwhile"}, i_account=189)
    event.answered(status=200, headers={}, body="")

    rows = open_page(stack.addresses.control).locator("#conversation > li")

    expect(rows.nth(-2)).to_contain_text("(200)")
    expect(rows.last).to_contain_text("asked meanwhile")


def test_page_that_may_not_follow_says_so(stack: Stack, open_page: Open) -> None:
    """So many pages may follow the journal; the next one shows why it does not."""
    with ExitStack() as others:
        for _ in range(SLOTS):
            url = f"{stack.addresses.control}/_sim/journal/stream"
            others.enter_context(requests.get(url, stream=True, timeout=10))
        expect(open_page(stack.addresses.control).get_by_role("status")).to_contain_text("Trying again.")


def test_refusal_is_told_in_the_words_of_the_control_api(page: Page) -> None:
    """What cannot be done is said where it was tried."""
    page.get_by_label("Point").select_option("espf/status")
    page.get_by_role("combobox", name="Fault").select_option("sent twice (what the simulators send)")
    page.get_by_role("button", name="Arm").click()

    expect(page.get_by_role("status")).to_contain_text("effect 'duplicate' cannot happen at espf/status")


def test_ten_thousand_exchanges_stay_a_page(stack: Stack, open_page: Open) -> None:
    """At most 300 rows are in the page, the newest last; older ones are a button away, and it goes on."""
    for number in range(10_000):
        stack.journal.fact("account", data={"i_account": number, "id": f"account-{number}"})
    page = open_page(stack.addresses.control)
    expect(page.get_by_text("account-9999").first).to_be_attached()
    assert page.locator("#conversation > li").count() == MOST_ROWS

    page.get_by_role("button", name="Older").click()
    expect(page.get_by_text("account-9500", exact=False).first).to_be_attached()
    assert page.locator("#conversation > li").count() == MOST_ROWS

    page.get_by_role("button", name="Newer").click()
    page.get_by_role("button", name="Emit").click()
    expect(page.locator("#conversation > li").last).to_contain_text("Account/New")


def test_hostile_content_stays_text(stack: Stack, page: Page) -> None:
    """Markup in what a provisioner sent is shown as it is, and nothing of it runs."""
    url = f"{stack.addresses.portabilling}/espf/v1/account/i/189/status"
    requests.post(url, data=HOSTILE, headers={"Content-Type": "text/html", "X-Odd": HOSTILE}, timeout=10)
    page.get_by_role("button", name="provisioner to ESPF API").first.click()

    expect(page.locator("#exchange")).to_contain_text(HOSTILE)
    assert page.locator("#exchange img").count() == 0


def test_token_is_asked_for_and_kept(open_page: Open) -> None:
    """Where the control API has a token, the page asks until it is right, and then shows everything."""
    with Stack(StackSettings(port_base=0, control_token="right")) as stack:
        page = open_page(stack.addresses.control)
        page.get_by_role("textbox", name="Token").fill("wrong")
        page.get_by_role("button", name="Enter").click()
        page.get_by_role("textbox", name="Token").fill("right")
        page.get_by_role("button", name="Enter").click()

        expect(page.get_by_role("button", name="189", exact=True)).to_be_visible()


def test_everybody_can_use_it(
    stack: Stack,
    page: Page,
    complaints_of_axe: Callable[[Page], list[str]],
    take_picture: Callable[[Page, str], None],
) -> None:
    """With a conversation, an order, timers and a fault in it, axe-core finds nothing, in light and dark."""
    order(stack)
    page.get_by_role("button", name="Arm").click()
    page.get_by_role("button", name="Emit").click()
    page.get_by_role("button", name="ESPF events to provisioner").first.click()
    expect(page.locator("#exchange")).to_contain_text("Request")

    assert complaints_of_axe(page) == []
    take_picture(page, "console")
