"""The vocabulary: every documented event type by release (1.5), its webhook (1.6) and variables (1.4)."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any, get_args

import pytest

from simulators.emitter.vocabulary import Vocabulary, VocabularyName
from simulators.errors import EventError
from simulators.portabilling.changes import account_events, customer_events
from simulators.release import DEFAULT_RELEASE, Release

OLDEST, NEWEST = Release.parse("MR80"), Release.parse("MR121")

# As section 1.5 prints them.
LIST_OF_MR80 = """
Accessibility/{Deleted,Inserted} AccessPolicy/Changed AccessPolicy/Phase/{Changed,Deleted,New}
Account/AccessPolicy/Changed Account/ActivationDate/Changed Account/Alias/Delete Account/AvailableFundsAppear
Account/BalanceChanged Account/Blocked Account/CustomField/Changed Account/Discount/Changed
Account/ExpirationDate/Changed Account/FollowMe/Changed Account/FollowMeNumber/{Changed,Deleted,Inserted}
Account/Id/Changed Account/IPDeviceAssignment Account/New Account/Password/Changed
Account/ProductAddon/{Changed,Deleted,Inserted} Account/Product/Changed Account/ServiceAttribute/Changed
Account/ServiceFlags/Changed Account/Service/Msg/QuotaExceeded Account/Service/Netaccess/QuotaExceeded
Account/ServicePassword/Changed Account/Service/{QuotaAvailable,QuotaExceeded} Account/SIMCardAssignment
Account/Status/{Changed,Closed,Exported,Imported,Suspend,Unsuspend} Account/Unblocked
Account/ZeroAvailableFunds Connection/{Changed,Deleted,New}
Customer/{AvailableFundsAppear,BalanceChanged,Blocked,New,Unblocked,ZeroAvailableFunds}
Customer/CustomField/Changed Customer/Name/Changed Customer/ServiceAttribute/Changed
Customer/ServiceFlags/Changed CustomerSite/ServiceAttribute/Changed
Customer/Status/{Activated,Changed,Closed,Deactivated,Exported,Imported,Suspend,Unsuspend}
CustomField/Changed Custom/Jasper/CapReached DID/{Deleted,New}
DID/Status/{Activated,Assigned,Canceled,Moved,Unassigned} Invoice/Adjustments/Changed
Invoice/AmountPaid/Changed Invoice/New Invoice/Status/Changed IPDeviceProfile/New PaymentTransaction/New
PaymentTransaction/{ResultCode,Status}/Changed Product/{AccessPolicy,Discount,ServiceAttribute}/Changed
ServiceAttribute/Changed Subscriber/{Address,ContactInfo,Name}/Changed
"""
EventsOf = Callable[..., Any]
QUOTAS_EXPIRED = [f"Account/Service/{service}QuotaExpired" for service in ("", "Msg/", "Netaccess/")]
QUOTAS_EXCEEDED = [f"Account/Service/{service}QuotaExceeded" for service in ("", "Msg/", "Netaccess/")]
SIM = [f"SIM/{what}" for what in ("Created", "Updated", "Deleted", "Replaced")]


def expanded(text: str) -> list[str]:
    """The names that a list with alternatives in braces stands for."""
    names = []
    for word in text.split():
        head, _, rest = word.partition("{")
        choices, _, tail = rest.partition("}")
        names += [head + choice + tail for choice in choices.split(",")]
    return names


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The bundled vocabulary."""
    return Vocabulary.load()


def test_list_of_mr80_is_complete(vocabulary: Vocabulary) -> None:
    """Every name of the list exists in that release, and no other does (S22)."""
    assert sorted(vocabulary.types("legacy", release=OLDEST)) == sorted(expanded(LIST_OF_MR80))


def test_names_are_unique_and_have_two_to_four_parts(vocabulary: Vocabulary) -> None:
    """Receivers that split a name at one slash break on the longer ones (1.5)."""
    names = vocabulary.types("legacy", release=NEWEST)

    assert len(set(names)) == len(names)
    assert {len(name.split("/")) for name in names} == {2, 3, 4}
    assert all(re.fullmatch(r"[A-Za-z]+(/[A-Za-z]+){1,3}", name) for name in names)


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ("Account/ID/Changed", {"MR80": "Account/Id/Changed", "MR98": "Account/Id/Changed", "MR99": None}),
        (
            "Account/Status/Suspended",
            {"MR99": "Account/Status/Suspend", "MR107": "Account/Status/Suspend", "MR115": None},
        ),
        (
            "Account/Status/SuspensionRemoved",
            {"MR99": "Account/Status/Unsuspend", "MR114": "Account/Status/Unsuspend", "MR115": None},
        ),
        ("Customer/Status/Suspended", {"MR80": "Customer/Status/Suspend", "MR96": None}),
    ],
)
def test_renamed_event_has_the_name_of_its_release(
    vocabulary: Vocabulary, event: str, names: dict[str, str | None]
) -> None:
    """An older release uses the older name, a newer one the newest (S8, S22)."""
    for release, name in names.items():
        assert vocabulary.legacy_name(event, release=Release.parse(release)) == (name or event)
    assert vocabulary.legacy_name(event, release=DEFAULT_RELEASE) == event


@pytest.mark.parametrize(
    ("event", "first"),
    [
        *((name, "MR115") for name in QUOTAS_EXPIRED),
        *((name, "MR121") for name in SIM),
        ("Customer/Status/Limited", "MR96"),
    ],
)
def test_later_event_exists_from_its_release_on(vocabulary: Vocabulary, event: str, first: str) -> None:
    """Before the first release that has an event nobody is told of it (S5, S13)."""
    release = Release.parse(first)
    before = Release(release.number - 1)

    assert vocabulary.legacy_name(event, release=release) == event
    assert vocabulary.legacy_name(event, release=before) is None
    for kind in ("legacy", "webhooks"):
        variables = {"i_account": 1, "i_customer": 1}
        assert vocabulary.told(event, variables, vocabulary=kind, release=before) is None


WEBHOOKS = {
    "Account/New": "Subscriber/Created",
    "Account/Status/Closed": "Subscriber/Deleted",
    "Customer/New": "Customer/Created",
    "Customer/Status/Closed": "Customer/Deleted",
    "DID/New": "DID/Created",
    "DID/Deleted": "DID/Deleted",
    "Invoice/New": "Invoice/Created",
}
UPDATED = {"Account": "Subscriber/Updated", "Customer": "Customer/Updated"} | {
    entity: f"{entity}/Updated" for entity in ("DID", "Invoice")
}


def test_every_internal_event_maps_to_its_webhook(vocabulary: Vocabulary) -> None:
    """What is made and what is closed have types of their own, all else is an update or is not told (1.6)."""
    events = [event.name for event in vocabulary.events]

    assert set(WEBHOOKS) <= set(events)
    assert {event.name: event.webhook for event in vocabulary.events} == {
        name: WEBHOOKS.get(name, UPDATED.get(name.partition("/")[0])) for name in events
    }


def test_webhook_types_have_their_documented_variables(vocabulary: Vocabulary) -> None:
    """The table of 1.4, beside i_event."""
    assert vocabulary.webhooks == {
        **{f"Subscriber/{what}": ("i_account",) for what in ("Created", "Updated", "Deleted")},
        **{f"Customer/{what}": ("i_customer",) for what in ("Created", "Updated", "Deleted")},
        **{f"DID/{what}": ("number",) for what in ("Created", "Updated", "Deleted")},
        **{f"Invoice/{what}": ("i_customer", "i_invoice") for what in ("Created", "Updated")},
    }


def test_every_webhook_carries_exactly_its_variables(vocabulary: Vocabulary) -> None:
    """Whatever else an internal event carries is not told to a webhook handler."""
    variables = {"i_account": 1, "i_customer": 2, "i_invoice": 3, "number": "4", "prev_balance": 5}
    for event in vocabulary.events:
        told = vocabulary.told(event.name, variables, vocabulary="webhooks", release=NEWEST)
        assert (told is None) == (event.webhook is None)
        if told is not None:
            assert told == (event.webhook, {name: variables[name] for name in vocabulary.webhooks[told[0]]})


@pytest.mark.parametrize(
    ("event", "variables", "lacking"),
    [
        ("Account/New", {"i_customer": 1}, "i_account: its webhook Subscriber/Created"),
        ("Account/BalanceChanged", {"curr_balance": 1}, "i_account: its webhook Subscriber/Updated"),
        ("Invoice/New", {}, "i_customer, i_invoice: its webhook Invoice/Created"),
        ("DID/Status/Moved", {"i_did": 5}, "number: its webhook DID/Updated"),
    ],
)
def test_webhook_without_a_variable_is_refused(
    vocabulary: Vocabulary, event: str, variables: dict[str, Any], lacking: str
) -> None:
    """All variables of a webhook are mandatory (1.4), so an event that lacks one cannot be told."""
    with pytest.raises(EventError, match=f"{event} lacks {lacking}"):
        vocabulary.told(event, variables, vocabulary="webhooks", release=NEWEST)


def test_legacy_event_carries_what_it_is_given(vocabulary: Vocabulary) -> None:
    """A balance's event names its entity with `billing_entity_id` and has no `i_account` (S20)."""
    variables = {"billing_entity_id": 189, "prev_balance": 1.5, "curr_balance": 0.5}

    legacy = vocabulary.told("Account/BalanceChanged", variables, vocabulary="legacy", release=NEWEST)
    webhook = vocabulary.told("Account/BalanceChanged", variables, vocabulary="webhooks", release=NEWEST)
    customer = vocabulary.told("Customer/BalanceChanged", variables, vocabulary="webhooks", release=NEWEST)

    assert legacy == ("Account/BalanceChanged", variables)
    assert webhook == ("Subscriber/Updated", {"i_account": 189})
    assert customer == ("Customer/Updated", {"i_customer": 189})


def test_coalesced_types_are_the_documented_ones(vocabulary: Vocabulary) -> None:
    """Add-ons changed and deleted, quotas, and three states of a customer; no other (S5)."""
    assert {event.name for event in vocabulary.events if event.coalesced} == {
        "Account/ProductAddon/Changed",
        "Account/ProductAddon/Deleted",
        *QUOTAS_EXCEEDED,
        *QUOTAS_EXPIRED,
        *(f"Customer/Status/{status}" for status in ("Limited", "Suspend", "Suspended")),
    }


def test_events_coalesce_by_type_and_entity(vocabulary: Vocabulary) -> None:
    """The entity is the account or the customer, however its id is written; without one nothing coalesces."""
    exceeded, addon = QUOTAS_EXCEEDED[0], "Account/ProductAddon/Changed"
    key = vocabulary.coalescing_key(exceeded, {"i_account": 189})

    assert key is not None
    assert key == vocabulary.coalescing_key(exceeded, {"i_account": "189", "i_customer": 1})
    others = (exceeded, {"i_account": 190}), (addon, {"i_account": 189})
    assert key not in [vocabulary.coalescing_key(event, variables) for event, variables in others]
    assert vocabulary.coalescing_key("Customer/Status/Limited", {"i_customer": 1}) is not None
    for event, variables in [(exceeded, {}), ("Account/New", {"i_account": 1}), ("My/Event", {})]:
        assert vocabulary.coalescing_key(event, variables) is None


@pytest.mark.parametrize(
    ("events_of", "was", "now"),
    [
        (events_of, was, now)
        for events_of, statuses in ((account_events, "OISC"), (customer_events, "OSCED"))
        for was, now in product(statuses, repeat=2)
    ],
)
def test_every_change_raises_events_that_can_be_told(
    vocabulary: Vocabulary, events_of: EventsOf, was: str, now: str
) -> None:
    """What the JSON API's changes raise is known in both vocabularies, with the variables that it needs."""
    names = "id i_product activation_date expiration_date h323_password password service_flags balance name"
    ids = {"i_account": 1, "i_customer": 2}
    old, new = ({"i_product": number, "x": x} for number, x in ((1, 1), (2, 2)))
    before = {**dict.fromkeys(names.split(), "a"), **ids, "bill_status": was, "blocked": "N"}
    after = {
        **dict.fromkeys([*names.split(), "service_features", "email", "zip", "firstname"], "b"),
        **ids,
        "bill_status": now,
        "blocked": "Y",
        "assigned_addons": [{**new, "x": 3}, {"i_product": 3}],
    }
    for event_type, variables in events_of({**before, "assigned_addons": [old, new]}, after):
        for kind in get_args(VocabularyName):
            told = vocabulary.told(event_type, variables, vocabulary=kind, release=DEFAULT_RELEASE)
            assert (told is None) == (kind == "webhooks" and event_type.startswith("Subscriber/"))


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("Account/Nwe", "Account/New"), ("Account/Id/Changed", "Account/ID/Changed"), ("", "")],
)
def test_unknown_event_is_told_with_the_nearest(vocabulary: Vocabulary, name: str, nearest: str) -> None:
    """A name is exact to its letter case, and a former one is no event's newest name."""
    for ask in (
        lambda: vocabulary.legacy_name(name, release=NEWEST),
        lambda: vocabulary.told(name, {}, vocabulary="webhooks", release=NEWEST),
    ):
        with pytest.raises(
            EventError, match=f"'{name}' is no internal event: the nearest known are .*{nearest}"
        ):
            ask()


@pytest.mark.parametrize(
    ("release", "kind", "name"),
    [
        ("MR117", "legacy", "Account/New"),
        ("MR98", "legacy", "Account/Id/Changed"),
        ("MR117", "legacy", "Account/ID/Changed"),
        ("MR121", "legacy", "SIM/Replaced"),
        ("MR117", "webhooks", "Invoice/Updated"),
        ("MR117", "webhooks", "DID"),
    ],
)
def test_available_events_can_be_subscribed(
    vocabulary: Vocabulary, release: str, kind: Any, name: str
) -> None:
    """Legacy types one by one, by the release's names (S7); webhooks by type and by group (S3)."""
    vocabulary.check_subscriptions([name], vocabulary=kind, release=Release.parse(release))


@pytest.mark.parametrize(
    ("release", "kind", "name", "nearest"),
    [
        ("MR117", "legacy", "Account/Nwe", "Account/New"),
        ("MR117", "legacy", "Account/Id/Changed", "Account/ID/Changed"),
        ("MR98", "legacy", "Account/ID/Changed", "Account/Id/Changed"),
        ("MR117", "legacy", "SIM/Replaced", ""),
        ("MR117", "legacy", "Account", ""),
        ("MR117", "legacy", "Subscriber/Created", ""),
        ("MR117", "webhooks", "Invoice/Deleted", "Invoice/Updated"),
        ("MR117", "webhooks", "Account/New", "it is told as Subscriber/Created"),
        ("MR117", "webhooks", "subscriber", "Subscriber"),
    ],
)
def test_what_does_not_exist_cannot_be_subscribed(
    vocabulary: Vocabulary, release: str, kind: Any, name: str, nearest: str
) -> None:
    """A misspelt type would silently receive nothing, so it is refused with the nearest ones."""
    with pytest.raises(EventError, match=f"'{name}' is no event type of .*{kind}.*{release}: .*{nearest}"):
        vocabulary.check_subscriptions(
            ["DID", name][kind == "legacy" :], vocabulary=kind, release=Release.parse(release)
        )
