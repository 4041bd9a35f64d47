"""Where the sources contradict each other (section 5): rows that no other module tests."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests
from werkzeug.test import Client

from simulators.emitter.settings import EmitterSettings, Numbers
from simulators.portabilling.settings import PortaBillingSettings
from simulators.release import Release
from simulators.stack import Stack

USER = {"login": "provisioner", "password": "offline-only"}
MakeWeb = Callable[..., tuple[Stack, Client]]


@pytest.mark.parametrize("numbers", ["ints", "strings", "mixed"])
def test_row_8_invalid_json_is_never_sent(
    make_stack: Callable[..., Stack], received: list[tuple[Mapping[str, str], Any]], numbers: Numbers
) -> None:
    """The webhook page's example misses a comma, and what is sent never does."""
    with make_stack(events=EmitterSettings(numbers=numbers)) as stack:
        stack.emitter.emit("Subscriber/Created", i_account=1_000_889, name='quote " and \u00e9')
        stack.clock.advance(seconds=0)

    (body,) = [body for _, body in received]
    assert body["variables"]["name"] == 'quote " and \u00e9'


@pytest.mark.parametrize(
    ("release", "name"), [("MR80", "Account/Id/Changed"), ("MR117", "Account/ID/Changed")]
)
def test_row_17_events_have_the_names_of_the_release(
    make_stack: Callable[..., Stack],
    received: list[tuple[Mapping[str, str], Any]],
    release: str,
    name: str,
) -> None:
    """One change of an account's ID, told by the name that the imitated release has for it."""
    with make_stack(release=Release.parse(release)) as stack:
        stack.emitter.occurred("Account/ID/Changed", i_account=189)
        stack.clock.advance(seconds=0)

    assert [body["event_type"] for _, body in received] == [name]


@pytest.mark.parametrize("lifetime", [900.0, 172_800.0])
def test_row_18_expiry_is_told_in_both_fields(make_web: MakeWeb, lifetime: float) -> None:
    """Clients rely on `expires_at` or on `expires_in`, and on lifetimes of 15 minutes or 48 hours."""
    _, web = make_web(portabilling=PortaBillingSettings(token_lifetime=lifetime))

    session = json.loads(web.post("/rest/Session/login", json={"params": USER}).data)

    assert session["expires_in"] == lifetime
    assert len(session["expires_at"]) == len("2026-01-01 00:00:00")


@pytest.mark.parametrize(
    ("release", "reading", "status"),
    [("MR98", "strict", 500), ("MR98", "lenient", 200), ("MR101", "strict", 200), ("MR117", "strict", 200)],
)
def test_row_19_json_on_rest_depends_on_the_release(
    make_web: MakeWeb, release: str, reading: str, status: int
) -> None:
    """To the letter, the JSON API of MR98 takes forms alone; a form is taken by all."""
    _, web = make_web(release=Release.parse(release), reading=reading)

    as_json = web.post("/rest/Session/login", json={"params": USER})
    as_form = web.post("/rest/Session/login", data={"params": json.dumps(USER)})

    assert (as_json.status_code, as_form.status_code) == (status, 200)


def test_row_21_a_refusal_means_one_thing_to_espf_and_another_to_the_oms(
    stack: Stack,
    http: requests.Session,
    provisioner_url: str,
    received: list[tuple[Mapping[str, str], Any]],
    answers: deque[int],
) -> None:
    """4xx drops an event for good, while a notification is sent again."""
    answers.extend([404, 404])
    order = {
        "reference": "r-1",
        "action": "activate",
        "account": {"i_account": 189, "id": "x"},
        "services": ["HSS"],
        "notify_url": provisioner_url,
    }
    http.post(f"{stack.addresses.oms}/orders", json=order, headers={"Authorization": "Bearer offline-oms"})

    stack.emitter.emit("Account/New", i_account=189)
    stack.clock.advance(hours=1)

    told = ["event" if "event_type" in body else "notification" for _, body in received]
    assert told == ["event", "notification", "notification"]
