"""Which internal events a change of a record raises, by their names of about MR121 (1.5)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

Record = Mapping[str, Any]
Raised = Iterator[tuple[str, dict[str, Any]]]

# A field of `account_info` and the event that tells of its change.
_ACCOUNT_FIELDS: Final = {
    "id": "Account/ID/Changed",
    "i_product": "Account/Product/Changed",
    "activation_date": "Account/ActivationDate/Changed",
    "expiration_date": "Account/ExpirationDate/Changed",
    "h323_password": "Account/ServicePassword/Changed",
    "password": "Account/Password/Changed",
    "service_flags": "Account/ServiceFlags/Changed",
    "service_features": "Account/ServiceAttribute/Changed",
}
_CUSTOMER_FIELDS: Final = {
    "name": "Customer/Name/Changed",
    "service_flags": "Customer/ServiceFlags/Changed",
    "service_features": "Customer/ServiceAttribute/Changed",
}
# The events of a customer that its accounts inherit (S8).
INHERITED: Final = {
    "Customer/Status/Suspended": "Account/Status/Suspended",
    "Customer/Status/Unsuspend": "Account/Status/SuspensionRemoved",
    "Customer/ServiceAttribute/Changed": "Account/ServiceAttribute/Changed",
}
# The name of an event by the `bill_status` that is reached, or else by the one that is left. The renaming of
# MR115 is known of accounts alone (S8); for customers the name of MR80 is the only one (S22).
_REACHED: Final = {"C": "Closed", "S": "Suspended", "E": "Exported", "D": "Deactivated"}
_LEFT: Final = {
    "Account": {"S": "SuspensionRemoved"},
    "Customer": {"S": "Unsuspend", "E": "Imported", "D": "Activated"},
}
# Assumed: which fields make a name, an address or a contact.
_SUBSCRIBER_FIELDS: Final = {
    "Subscriber/Name/Changed": ("firstname", "lastname", "midinit", "salutation", "companyname"),
    "Subscriber/Address/Changed": ("address_line_2", "zip"),
    "Subscriber/ContactInfo/Changed": ("phone1", "phone2", "faxnum", "email", "cont1", "cont2", "bcc"),
}


def account_events(before: Record, after: Record) -> Raised:
    """The events of an account whose `account_info` was `before` and is `after`."""
    changed = _changed(before, after)
    types = [
        *_events("Account", _ACCOUNT_FIELDS, before, after),
        *_addon_events(before, after),
        *(event_type for event_type, names in _SUBSCRIBER_FIELDS.items() if changed.intersection(names)),
    ]
    yield from ((event_type, {"i_account": after["i_account"]}) for event_type in types)
    yield from _balance_events("Account", after["i_account"], before, after)


def customer_events(before: Record, after: Record) -> Raised:
    """The events of a customer whose `customer_info` was `before` and is `after`."""
    types = _events("Customer", _CUSTOMER_FIELDS, before, after)
    yield from ((event_type, {"i_customer": after["i_customer"]}) for event_type in types)
    yield from _balance_events("Customer", after["i_customer"], before, after)


def _events(entity: str, fields: Mapping[str, str], before: Record, after: Record) -> Iterator[str]:
    changed = _changed(before, after)
    yield from _status_events(entity, before, after)
    yield from (event_type for name, event_type in fields.items() if name in changed)


def _changed(before: Record, after: Record) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _status_events(entity: str, before: Record, after: Record) -> Iterator[str]:
    if before["blocked"] != after["blocked"]:
        yield f"{entity}/Blocked" if after["blocked"] == "Y" else f"{entity}/Unblocked"
    was, now = before["bill_status"], after["bill_status"]
    if was != now:
        yield f"{entity}/Status/{_REACHED.get(now) or _LEFT[entity].get(was, 'Changed')}"


def _addon_events(before: Record, after: Record) -> Iterator[str]:
    was, now = before["assigned_addons"], after["assigned_addons"]
    # One product can be assigned twice, for two times.
    old, new = (Counter(addon["i_product"] for addon in addons) for addons in (was, now))
    if new - old:
        yield "Account/ProductAddon/Inserted"
    if old - new:
        yield "Account/ProductAddon/Deleted"
    if any(addon not in was for addon in now if old[addon["i_product"]] == new[addon["i_product"]]):
        yield "Account/ProductAddon/Changed"


def _balance_events(entity: str, number: int, before: Record, after: Record) -> Raised:
    if before.get("balance") != after.get("balance"):
        # There is no i_account among its variables (S20).
        balances = {"prev_balance": before["balance"], "curr_balance": after["balance"]}
        yield f"{entity}/BalanceChanged", {"billing_entity_id": number, **balances}
