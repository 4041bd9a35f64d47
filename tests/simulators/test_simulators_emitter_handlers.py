"""Handlers of events: several at once, vocabularies and subscriptions, and coalescing in their queues."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from simulators.clock import Clock
from simulators.emitter.core import Emitter, EmitterSettings, Event, Handler
from simulators.errors import EventError
from simulators.records import EventCredentials
from simulators.release import Release
from simulators.settings import StackSettings
from simulators.stack import Stack
from simulators.wire.transport import Answer, Outbound

RESEND_INTERVAL = EmitterSettings().resend_interval
EXCEEDED = "Account/Service/QuotaExceeded"
CREDENTIALS = EventCredentials(type="Token", value="planted", header="X-Other")


def second(**options: Any) -> Handler:
    """Another handler, with credentials of its own."""
    return Handler(name="second", url="https://[::1]:9/hook", credentials=CREDENTIALS, **options)


def told(sent: list[Outbound]) -> list[tuple[str, str, dict[str, Any]]]:
    """Host, type and variables of each delivery."""
    bodies = [(outbound.url.split("/")[2], json.loads(outbound.body)) for outbound in sent]
    return [(host, body["event_type"], body["variables"]) for host, body in bodies]


def fates(event: Event) -> list[str]:
    """What became of an event with each handler, then over all."""
    return [*(handling.fate for handling in event.handlings), event.fate]


def test_each_handler_is_told_in_its_vocabulary(
    make_emitter: Callable[..., Emitter], sent: list[Outbound]
) -> None:
    """One event has one i_event; names, variables, addresses and credentials are each handler's own."""
    emitter = make_emitter(handlers=(second(vocabulary="webhooks"),))

    event = emitter.occurred("Account/SIMCardAssignment", i_account=189, iccid="89001")

    assert told(sent) == [
        ("127.0.0.1:8080", "Account/SIMCardAssignment", {"i_account": 189, "iccid": "89001", "i_event": 1}),
        ("[::1]:9", "Subscriber/Updated", {"i_account": 189, "i_event": 1}),
    ]
    assert sent[1].headers["X-Other"] == "Token planted"
    assert "Authorization" not in sent[1].headers
    assert (event.event_type, [handling.handler for handling in event.handlings]) == (
        "Account/SIMCardAssignment",
        ["provisioner", "second"],
    )


@pytest.mark.parametrize(
    ("release", "event_type", "name"),
    [
        ("MR98", "Account/ID/Changed", "Account/Id/Changed"),
        ("MR107", "Account/Status/Suspended", "Account/Status/Suspend"),
        ("MR117", "Account/Status/SuspensionRemoved", "Account/Status/SuspensionRemoved"),
    ],
)
def test_event_has_the_name_of_the_release(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], release: str, event_type: str, name: str
) -> None:
    """Whoever raises an event need not know how the imitated release calls it (S8)."""
    event = make_emitter(release=Release.parse(release)).occurred(event_type, i_account=189)

    assert (event.event_type, told(sent)[0][1]) == (name, name)


@pytest.mark.parametrize(
    ("vocabulary", "event_type"),
    [("webhooks", "Product/Discount/Changed"), ("legacy", "SIM/Updated"), ("webhooks", "SIM/Updated")],
)
def test_event_that_a_handler_does_not_know_is_not_told(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], clock: Clock, vocabulary: str, event_type: str
) -> None:
    """No webhook stands for it (1.6), or the release does not have it: it takes a number and goes nowhere."""
    emitter = make_emitter(vocabulary=vocabulary)

    event = emitter.occurred(event_type, i_account=189)
    emitter.resend(event.i_event)

    assert (fates(event), sent, clock.pending()) == (["unsubscribed"], [], ())
    assert emitter.occurred("Account/New", i_account=189).i_event == 2


def test_event_that_cannot_be_told_leaves_no_trace(
    make_emitter: Callable[..., Emitter], sent: list[Outbound]
) -> None:
    """A handler that could be told is not, when the event is a mistake for another one."""
    emitter = make_emitter(handlers=(second(vocabulary="webhooks"),))
    mistakes: list[tuple[str, dict[str, Any]]] = [
        ("Account/New", {}),
        ("Account/Nwe", {}),
        ("Account/New", {"i_account": []}),
    ]
    for event_type, variables in mistakes:
        with pytest.raises(EventError):
            emitter.occurred(event_type, **variables)

    assert (sent, emitter.event(1)) == ([], None)


@pytest.mark.parametrize(
    ("options", "wanted", "unwanted"),
    [
        ({}, ["Account/New", "Subscriber/Created", "My/Own"], []),
        ({"subscriptions": ("Account/New",)}, ["Account/New"], ["Account/Blocked", "Account"]),
        (
            {"vocabulary": "webhooks", "subscriptions": ("DID", "Invoice/Updated")},
            ["DID/Created", "DID/Deleted", "Invoice/Updated"],
            ["Invoice/Created", "Subscriber/Created", "Account/New"],
        ),
    ],
)
def test_verbatim_event_goes_to_who_subscribes(
    make_emitter: Callable[..., Emitter],
    sent: list[Outbound],
    options: dict[str, Any],
    wanted: list[str],
    unwanted: list[str],
) -> None:
    """Without subscriptions a handler gets all (S7), even what no vocabulary has, and as it is."""
    emitter = make_emitter(**options)

    events = [emitter.emit(event_type, x=1) for event_type in (*wanted, *unwanted)]

    assert [event_type for _, event_type, _ in told(sent)] == wanted
    assert [event.fate for event in events] == ["queued"] * len(wanted) + ["unsubscribed"] * len(unwanted)


def test_subscription_is_to_the_type_that_is_told(
    make_emitter: Callable[..., Emitter], sent: list[Outbound]
) -> None:
    """A webhook handler of a group gets all that is mapped to it, and nothing else."""
    emitter = make_emitter(vocabulary="webhooks", subscriptions=("Subscriber",))

    emitter.occurred("Account/Blocked", i_account=189)
    emitter.occurred("Customer/Blocked", i_customer=1)

    assert [event_type for _, event_type, _ in told(sent)] == ["Subscriber/Updated"]


def test_handlers_are_independent(
    make_emitter: Callable[..., Emitter],
    sent: list[Outbound],
    answer: Callable[[int], None],
    clock: Clock,
    known: Callable[..., Event],
) -> None:
    """One handler's success stops no other's resends, and the event is queued until all have ended (S10)."""
    emitter = make_emitter(handlers=(second(),), concurrency=1)
    emitter.emit("Account/New", i_account=189)
    answer(200)
    answer(500)
    assert fates(known(of=emitter)) == ["finished", "queued", "queued"]

    emitter.emit("Account/New", i_account=190)
    clock.advance(seconds=RESEND_INTERVAL)

    assert [(host, variables["i_event"]) for host, _, variables in told(sent)] == [
        ("127.0.0.1:8080", 1),
        ("[::1]:9", 1),
        ("127.0.0.1:8080", 2),
        ("[::1]:9", 2),
    ]
    for status in (200, 200, 404):
        answer(status)
    event = known(of=emitter)
    assert fates(event) == ["finished", "dropped", "dropped"]
    told_of = [(delivery.handler, delivery.attempt, delivery.status) for delivery in event.deliveries]
    assert told_of == [("provisioner", 1, 200), ("second", 1, 500), ("second", 2, 404)]


def test_only_the_latest_waiting_event_is_processed(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """Of several queued events of one type and account only the latest leaves; others are untouched (S5)."""
    emitter = make_emitter(concurrency=1)
    for i_account in (1, 189, 190, 189, 189):
        emitter.emit(EXCEEDED, i_account=i_account)
    emitter.emit("Account/ProductAddon/Changed", i_account=189)
    for _ in range(4):
        answer(200)

    assert [outbound.correlation["i_event"] for outbound in sent] == [1, 3, 5, 6]
    events = [emitter.event(i_event) for i_event in range(1, 7)]
    assert [event.fate for event in events if event] == [
        *("finished", "superseded", "finished", "superseded", "finished", "finished")
    ]


def test_newer_event_takes_the_place_of_a_resend(
    emitter: Emitter,
    sent: list[Outbound],
    answer: Callable[[int], None],
    clock: Clock,
    known: Callable[..., Event],
) -> None:
    """An event that failed is still queued, so a newer one ends it and its timer."""
    emitter.emit(EXCEEDED, i_account=189)
    answer(500)
    emitter.emit(EXCEEDED, i_account=189)
    answer(200)

    assert (known(1).fate, known(2).fate, len(sent), clock.pending()) == ("superseded", "finished", 2, ())


@pytest.mark.parametrize(
    ("status", "expected"), [(200, "finished"), (404, "dropped"), (500, "superseded"), (0, "superseded")]
)
def test_delivery_under_way_cannot_be_called_back(  # noqa: PLR0917 - fixtures, which pytest passes by name
    emitter: Emitter,
    waiting: deque[Callable[[Answer], None]],
    clock: Clock,
    known: Callable[..., Event],
    status: int,
    expected: str,
) -> None:
    """Its answer still counts, but it is not sent again once a newer event is there, even a finished one."""
    emitter.emit(EXCEEDED, i_account=189)
    emitter.emit(EXCEEDED, i_account=189)
    waiting.pop()(Answer(status=200))
    waiting.pop()(Answer(status=status))

    assert (known(1).fate, known(2).fate, clock.pending()) == (expected, "finished", ())


def test_coalescing_can_be_switched_off(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """Then each event is delivered for itself."""
    emitter = make_emitter(concurrency=1, coalesce=False)
    for _ in range(3):
        emitter.emit(EXCEEDED, i_account=189)
    for _ in range(3):
        answer(200)

    assert [outbound.correlation["i_event"] for outbound in sent] == [1, 2, 3]


def test_demanded_delivery_of_a_superseded_event_is_made(
    make_emitter: Callable[..., Emitter],
    sent: list[Outbound],
    answer: Callable[[int], None],
    known: Callable[..., Event],
) -> None:
    """Sent again whatever became of it means also when a newer event has come meanwhile."""
    emitter = make_emitter(concurrency=1)
    emitter.emit("Account/New", i_account=189)
    emitter.emit(EXCEEDED, i_account=189)
    emitter.resend(2)
    emitter.emit(EXCEEDED, i_account=189)
    for _ in range(3):
        answer(200)

    assert [outbound.correlation["i_event"] for outbound in sent] == [1, 2, 3]
    assert fates(known(2, of=emitter)) == ["superseded", "superseded"]


def test_webhooks_coalesce_by_what_occurred(
    make_emitter: Callable[..., Emitter], sent: list[Outbound], answer: Callable[[int], None]
) -> None:
    """The queue holds internal events (S10): two quotas coalesce, other updates of the account do not."""
    emitter = make_emitter(vocabulary="webhooks", concurrency=1)
    for event_type in ("Account/New", EXCEEDED, "Account/Blocked", EXCEEDED):
        emitter.occurred(event_type, i_account=189)
    for _ in range(3):
        answer(200)

    assert [outbound.correlation["i_event"] for outbound in sent] == [1, 3, 4]


def test_change_in_portabilling_is_told_in_the_handler_s_vocabulary(
    make_stack: Callable[..., Stack], http: requests.Session, received: list[tuple[Mapping[str, str], Any]]
) -> None:
    """A closed account is a deleted subscriber to a handler that speaks webhooks (S3, 1.6)."""
    with make_stack(events=EmitterSettings(vocabulary="webhooks")) as stack:
        rest = f"{stack.addresses.portabilling}/rest"
        params = {"login": "provisioner", "token": "offline-token"}
        token = http.post(f"{rest}/Session/login", json={"params": params}).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        closed = http.post(f"{rest}/Account/terminate_account", json={"params": {"i_account": 191}})
        stack.clock.advance()

    assert closed.json() == {"success": 1}
    variables = {"i_account": 191, "i_event": 1}
    assert [body for _, body in received] == [{"event_type": "Subscriber/Deleted", "variables": variables}]


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "localhost:8080/events", "127.0.0.1:8080", "ftp://host/", "http://", "http:///events",
     "http://host:x/", "http://host:0/", "http://host:65536/", "http://[::1/", "//host/events"],
)  # fmt: skip
def test_address_that_is_none_is_refused_at_start(url: str) -> None:
    """Without scheme, host or port events could go nowhere; the message names the address and a good one."""
    with pytest.raises(EventError) as refused:
        Stack(StackSettings(events_url=url))

    assert repr(url) in str(refused.value)
    assert "http://127.0.0.1:8080/events" in str(refused.value)


@pytest.mark.parametrize("url", ["http://host", "HTTPS://host:1/a?b=c", "http://[::1]:9/", "http://a..b/"])
def test_address_with_scheme_and_host_is_taken(url: str) -> None:
    """Whether something listens there shows when the first event is sent."""
    assert Stack(StackSettings(events_url=url)).settings.events_url == url


def test_handlers_have_names_of_their_own() -> None:
    """What became of an event is told by handler, so two of one name are refused."""
    with pytest.raises(EventError, match="used twice: second"):
        Stack(StackSettings(handlers=(second(), second())))


def test_subscription_that_does_not_exist_is_refused_at_start() -> None:
    """Each handler's are checked against its own vocabulary."""
    with pytest.raises(EventError, match="'Account/New' is no event type of the vocabulary 'webhooks'"):
        Stack(StackSettings(handlers=(second(vocabulary="webhooks", subscriptions=("Account/New",)),)))


def test_credentials_of_every_handler_are_masked(provisioner_url: str) -> None:
    """A header of a further handler's own is no less secret than the first one's."""
    handler = Handler(name="second", url=provisioner_url, credentials=CREDENTIALS)
    with Stack(StackSettings(events_url=provisioner_url, handlers=(handler,))) as stack:
        with stack.guard:
            stack.emitter.emit("Account/New", i_account=189)
        stack.clock.advance()

    assert [record.status for record in stack.journal.exchanges()] == [200, 200]
    assert "planted" not in repr(stack.journal.records())
