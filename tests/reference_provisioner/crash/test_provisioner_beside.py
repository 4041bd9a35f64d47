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


def test_a_neighbour_that_is_away_at_the_start_is_told(build_town: BuildTown) -> None:
    """It says in a sentence who is away and is not ready, and yet takes events and does what can be done."""
    town = build_town(env={"OMS_URL": "http://127.0.0.1:1"})
    town.emit(I_ACCOUNT)
    town.wait_for(lambda record: record.operation == "event" and record.status == 200)
    town.wait_for(lambda record: record.operation == "SIMCard/get_sim_card_info" and record.status == 200)
    ready_url = town.stack.settings.events_url.replace("/events", "/readyz")
    unready = requests.get(ready_url, timeout=10)
    sentence = "The OMS cannot be reached at http://127.0.0.1:1"
    assert unready.status_code == 503
    assert sentence in unready.json()["problems"][0]
    assert f"not ready: {sentence}" in town.instances[0].log.read_text()


def test_a_wrong_password_is_not_tried_by_everybody(build_town: BuildTown) -> None:
    """All who need a session wait for the one who tries, so that PortaBilling does not lock the user out."""
    town = build_town(env={"PASSWORD": "wrong", "RETRY_BASE_SECONDS": "0.5"})
    for i_account in (189, 190, 191):
        town.emit(i_account)
    town.wait_for(lambda record: record.operation == "Session/login" and record.status == 500)
    town.wait_for(lambda _: "pause after a failed one" in town.instances[0].log.read_text())
    logins = town.asked("Session/login")
    assert len(logins) < town.instances[0].log.read_text().count("tried again")


@pytest.mark.parametrize(
    ("body", "content_type", "answered"),
    [
        (b" " * 100_000, "application/json", 413),
        (b"{}", "application/json", 400),
        (b"{}", "text/html", 415),
        (b"", "application/json", 400),
    ],
)
def test_bad_input_is_refused_by_the_server_too(
    build_town: BuildTown, body: bytes, content_type: str, answered: int
) -> None:
    """Each is answered with its own 4xx by the process as it is served and counted, and it goes on."""
    town = build_town()
    headers, auth = {"Content-Type": content_type}, ("espf", "offline-events")
    url = town.stack.settings.events_url
    assert requests.post(url, data=body, headers=headers, auth=auth, timeout=10).status_code == answered
    metrics = requests.get(url.replace("/events", "/metrics"), timeout=10).text
    assert f'{{code="{answered}",path="/events"}} 1.0' in metrics
    town.emit(I_ACCOUNT)
    town.wait_for_statuses([I_ACCOUNT], "IN_PROGRESS")
