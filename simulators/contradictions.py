"""Finds what contradicts itself in a world file: what stands twice, and what names nothing."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from simulators.records import WorldFile

# In which table which key can stand only once.
_KEYS: Final = (
    ("users", "login"),
    ("products", "i_product"),
    ("customers", "i_customer"),
    ("accounts", "i_account"),
    ("accounts", "id"),
    ("accounts", "iccid"),
    ("accounts", "imsi"),
    ("numbers", "number"),
    ("invoices", "i_invoice"),
    ("methods", "name"),
)
# In which table which key names another record.
_REFERENCES: Final = (
    ("accounts", "i_master_account"),
    ("numbers", "i_account"),
    ("users", "i_account"),
    ("users", "i_customer"),
    ("numbers", "i_customer"),
    ("invoices", "i_customer"),
)
_CARD: Final = ("iccid", "imsi")


def contradictions(file: WorldFile) -> Iterator[str]:
    """One sentence for each mistake: where it is, what is wrong, and the value that was given."""
    for table, key in _KEYS:
        yield from _repeated(table, key, getattr(file, table))
    yield from _derived_twice(file)
    yield from _names_of_nothing(file)
    yield from _unknown_products(file)
    for position, account in enumerate(file.accounts):
        if account.i_master_account == account.i_account:
            yield _mistake("accounts", position, "i_master_account", "no account is its own alias", account)


def _repeated(table: str, key: str, records: Iterable[Any]) -> Iterator[str]:
    seen = set()
    for position, record in enumerate(records):
        value = getattr(record, key)
        # A card that a closed account had can be another's, and an empty one is none.
        if not value or (key in _CARD and record.bill_status == "C"):
            continue
        if value in seen:
            yield _mistake(table, position, key, "is taken: each can stand only once", record)
        seen.add(value)


def _derived_twice(file: WorldFile) -> Iterator[str]:
    for position, account in enumerate(file.accounts):
        if file.derived.account(account.i_account):
            yield _mistake("accounts", position, "i_account", "is taken by a derived account", account)
        if file.derived.number_of(account.id):
            yield _mistake("accounts", position, "id", "is taken by a derived account", account)


def _names_of_nothing(file: WorldFile) -> Iterator[str]:
    numbers = {account.i_account for account in file.accounts}
    customers = {customer.i_customer for customer in file.customers}
    customers |= {account.i_customer for account in file.accounts}
    if sample := file.derived.account(file.derived.first):
        customers.add(sample.i_customer)
    for table, key in _REFERENCES:
        for position, record in enumerate(getattr(file, table)):
            value = getattr(record, key)
            is_known = value in (customers if key == "i_customer" else numbers)
            is_derived = key != "i_customer" and value is not None and file.derived.account(value)
            if value is not None and not is_known and not is_derived:
                yield _mistake(table, position, key, "there is no such record in this world", record)


def _unknown_products(file: WorldFile) -> Iterator[str]:
    known = {product.i_product for product in file.products}
    for position, account in enumerate(file.accounts):
        # A world that declares no product has them all.
        if known and account.i_product not in known:
            what = f"there is no such product; this world declares {', '.join(map(str, sorted(known)))}"
            yield _mistake("accounts", position, "i_product", what, account)


def _mistake(table: str, position: int, key: str, what: str, record: Any) -> str:
    return f"{table}.{position}.{key}: {what} (given: {getattr(record, key)!r})"
