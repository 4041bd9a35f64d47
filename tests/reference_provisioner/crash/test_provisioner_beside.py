"""The provisioner's process beside the simulators: changes, terminations, both vocabularies, every id."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from simulators.emitter.settings import EmitterSettings
from simulators.records import Account, derived_account

BuildTown = Callable[..., Any]
I_ACCOUNT = 189
IDS = (".", "..", "a/b", "i/190", "ph123#456", "50% off?", " +1206;v=1", "8900100000000001896", "190", "ü@é")


def change(town: Any, method: str, **params: Any) -> None:
    """Change something in PortaBilling, as its operator does; that raises events."""
    body = {"auth_info": {"login": "provisioner", "password": "offline-only"}, "params": params}
    url = f"{town.stack.addresses.portabilling}/rest/{method}"
    assert requests.post(url, json=body, timeout=10).status_code == 200


def orders(town: Any) -> list[tuple[str, str]]:
    """The action of each order that the OMS took, and the id that it names."""
    return [
        (order.request.action, order.request.account["id"])
        for order in sorted(town.stack.oms.orders(), key=lambda order: order.accepted_at)
    ]


def wait_for_orders(town: Any, count: int) -> None:
    """Wait until the OMS took so many orders, and until the last one is done."""
    assert town.stack.journal.wait_until(lambda: len(orders(town)) >= count, timeout=60), town.trouble()
    town.live_through([I_ACCOUNT])


@pytest.mark.parametrize(("vocabulary", "url_form"), [("legacy", "id"), ("webhooks", "i_account")])
def test_an_account_is_followed_through_its_life(
    build_town: BuildTown, vocabulary: Any, url_form: str
) -> None:
    """Created, changed and terminated, each becomes an order and ends in OK, in either vocabulary."""
    town = build_town(env={"URL_FORM": url_form}, events=EmitterSettings(vocabulary=vocabulary))
    with town.stack.guard:
        town.stack.emitter.occurred("Account/New", i_account=I_ACCOUNT)
    wait_for_orders(town, 1)
    change(town, "Account/update_account", account_info={"i_account": I_ACCOUNT, "i_product": 2})
    wait_for_orders(town, 2)
    change(town, "Account/terminate_account", i_account=I_ACCOUNT)
    wait_for_orders(town, 3)
    former = "12065550189@msisdn"
    assert orders(town) == [("activate", former), ("modify", former), ("deactivate", f"{former}-old000")]


def test_an_activation_that_comes_after_the_termination_orders_nothing(build_town: BuildTown) -> None:
    """Sent again late, the event of a closed account does not open it anew."""
    town = build_town()
    change(town, "Account/terminate_account", i_account=I_ACCOUNT)
    wait_for_orders(town, 1)
    town.emit(I_ACCOUNT)
    town.wait_for(lambda record: record.operation == "event" and record.i_event == 2 and record.status == 200)
    town.stack.clock.advance(hours=1)
    assert [action for action, _id in orders(town)] == ["deactivate"]


@pytest.mark.parametrize("body_form", ["form", "json"])
def test_every_id_is_named_so_that_the_espf_knows_it(build_town: BuildTown, body_form: str) -> None:
    """Accounts of any id get their statuses by it, in either form of the body and in the strict reading."""
    town = build_town(env={"URL_FORM": "id", "BODY_FORM": body_form}, reading="strict")
    numbers = [2_000_000 + number for number in range(len(IDS))]
    for i_account, account_id in zip(numbers, IDS, strict=True):
        card = derived_account(i_account)
        town.stack.add_account(Account.model_validate(card.model_dump() | {"id": account_id}))
        town.emit(i_account)
    town.live_through(numbers)
    town.must_be_right(numbers)
