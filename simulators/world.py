"""The world's state: PortaBilling's accounts, customers, numbers, invoices and groups, and their changes."""

import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any, Final

from simulators.bundled import load
from simulators.contradictions import contradictions
from simulators.errors import WorldError
from simulators.records import Account, Customer, Invoice, Number, Product, User, WorldFile
from simulators.validation import InvalidFileError, mistaken

# Registered in every PortaSwitch, in the order of their ids (P, S32).
PREDEFINED_GROUPS: Final = (
    "VoIP", "HSS", "PCRF", "IPTV", "WiMAX", "Netaccess", "NumberPortability", "LawfulInterception",
)  # fmt: skip
# The documented example of a custom group has i_group 1001 (S32).
FIRST_CUSTOM_GROUP: Final = 1001
MAX_GROUP_NAME: Final = 64
MAX_ID: Final = 64
# Numbers of records stay below it, as the documented `int` (S3).
LIMIT: Final = 2**31


class World:
    """The state that PortaBilling's simulators share; the plans of the OMS are read from it too.

    `source` is the file that it was read from, for messages about it.

    Raises:
        WorldError: the file contradicts itself; every mistake is named.
    """

    def __init__(self, file: WorldFile, *, source: str = "The world") -> None:
        if found := tuple(contradictions(file)):
            raise WorldError(mistaken(source, found))
        self.source = source
        self._file = file
        self.events = file.events
        self.oms = file.oms
        self.methods = file.methods
        self.names = file.names
        self.derived = file.derived
        self.users: dict[str, User] = {user.login: user for user in file.users}
        self.products: Mapping[int, Product] = {product.i_product: product for product in file.products}
        self._customers = {customer.i_customer: customer for customer in file.customers}
        self._numbers = {number.number: number for number in file.numbers}
        self.invoices: Mapping[int, Invoice] = {invoice.i_invoice: invoice for invoice in file.invoices}
        self._groups = {name: number for number, name in enumerate(PREDEFINED_GROUPS, start=1)}
        self._custom_numbers = itertools.count(FIRST_CUSTOM_GROUP)
        for name in file.groups:
            try:
                self.add_group(name)
            except WorldError as error:
                raise WorldError(mistaken(source, [f"groups: {error}"])) from error
        self._accounts: dict[int, Account] = {}
        self._ids: dict[str, int] = {}
        self._former_ids: dict[str, int] = {}
        self._highest = file.derived.first + file.derived.count - 1 if file.derived.count else 0
        for account in file.accounts:
            self.add_account(account)

    @classmethod
    def load(cls, name: str) -> "World":
        """Read a world from a file, or by the name of one that comes with the harness.

        Raises:
            WorldError: the file cannot be used; every mistake in it is named.
        """
        try:
            path, file = load("worlds", name, WorldFile)
        except InvalidFileError as error:
            raise WorldError(str(error)) from error
        return cls(file, source=str(path))

    def anew(self) -> "World":
        """The world as it was loaded, without what changed since."""
        return World(self._file, source=self.source)

    @property
    def groups(self) -> Mapping[str, int]:
        """The registered groups and their numbers (`i_group`), predefined ones first."""
        return self._groups

    def add_group(self, name: str) -> int:
        """Register a custom group; gives its number, which is never used again.

        Raises:
            WorldError: the name is empty, too long (S32) or taken.
        """
        if not 0 < len(name) <= MAX_GROUP_NAME:
            raise WorldError(
                f"Group name {name!r} is not possible: it needs 1 to {MAX_GROUP_NAME} characters."
            )
        if name in self._groups:
            raise WorldError(f"Group {name!r} is registered already: choose another name.")
        self._groups[name] = next(self._custom_numbers)
        return self._groups[name]

    def delete_group(self, name: str) -> None:
        """Delete a custom group.

        Raises:
            WorldError: it is predefined.
        """
        if name in PREDEFINED_GROUPS:
            raise WorldError(f"Group {name!r} is predefined: only custom groups can be deleted (S32).")
        del self._groups[name]

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts that were named or changed, in the order of their making; derived ones are not."""
        return tuple(self._accounts.values())

    def matching(self, fits_id: Callable[[str], bool], fields: Mapping[str, Any]) -> Iterator[int]:
        """The numbers of the accounts whose ID fits and whose fields have these values, derived ones last."""
        for i_account, account in tuple(self._accounts.items()):
            if fits_id(account.id) and has_fields(account, fields):
                yield i_account
        # Derived accounts differ in their IDs and cards alone: one stands for all.
        sample = self.derived.account(self.derived.first)
        if sample and has_fields(sample, fields):
            for i_account in range(self.derived.first, self.derived.first + self.derived.count):
                if i_account not in self._accounts and fits_id(self.derived.id_of(i_account)):
                    yield i_account

    def add_account(self, account: Account) -> None:
        """Add an account.

        Raises:
            WorldError: its number or its ID is taken.
        """
        if self.account(account.i_account) is not None:
            raise WorldError(
                f"i_account {account.i_account} is taken: each account needs a number of its own."
            )
        self._store(account)

    def replace_account(self, account: Account) -> None:
        """Put a changed account in the place of the one with its number.

        Raises:
            WorldError: its new ID is another account's.
        """
        before = self.account(account.i_account)
        self._store(account)
        if before is not None and before.id != account.id:
            self._ids.pop(before.id, None)

    def close_account(self, i_account: int) -> Account:
        """Close an account: it stays readable, under its ID with an ending such as `-old000` (S23)."""
        account = self.account(i_account)
        if account is None:
            raise WorldError(f"No account has the i_account {i_account}.")
        closed = account.model_copy(update={"bill_status": "C", "id": self._closed_id(account.id)})
        self.replace_account(closed)
        self._former_ids[account.id] = i_account
        return closed

    def next_i_account(self) -> int:
        """A number that no account has.

        Raises:
            WorldError: each has one.
        """
        after_derived = self.derived.first + self.derived.count
        ranges = ((self._highest + 1, LIMIT), (1, self.derived.first), (after_derived, LIMIT))
        return _first_free((range(*ends) for ends in ranges), self._accounts)

    def next_i_customer(self) -> int:
        """A number that no customer has.

        Raises:
            WorldError: each has one.
        """
        taken = {customer.i_customer for customer in self.customers()}
        return _first_free((range(max(taken, default=0) + 1, LIMIT), range(1, LIMIT)), taken)

    def account(self, i_account: int | None) -> Account | None:
        """The account with this number, or None."""
        if i_account is None:
            return None
        return self._accounts.get(i_account) or self.derived.account(i_account)

    def open_account(self, i_account: int | None) -> Account | None:
        """The account with this number; None where there is none, or it is closed."""
        account = self.account(i_account)
        return account if account and account.bill_status != "C" else None

    def account_by_id(self, account_id: str) -> Account | None:
        """The account with this ID, or None."""
        if account_id in self._ids:
            return self._accounts[self._ids[account_id]]
        i_account = self.derived.number_of(account_id)
        # A derived account that was changed stands under its ID of now.
        return self.derived.account(i_account) if i_account and i_account not in self._accounts else None

    def account_by_card(self, card: Mapping[str, str]) -> Account | None:
        """The account whose SIM card has these data, or None."""
        known = [account for account in self._accounts.values() if has_fields(account, card)]
        derived = (self.account(self.derived.number_on(value)) for value in card.values())
        known += [account for account in derived if account and has_fields(account, card)]
        # A card that a closed account had can be another's by now.
        return min(known, key=lambda account: account.bill_status == "C", default=None)

    def account_by_login(self, login: str) -> Account | None:
        """The account that logs in to the self-care under this name, or None."""
        return next((one for one in self._accounts.values() if one.info.get("login") == login), None)

    def account_by_former_id(self, account_id: str) -> Account | None:
        """The closed account that had this ID; None once the ID is another account's."""
        return self.account(self._former_ids.get(account_id))

    def has_product(self, i_product: int) -> bool:
        """Whether accounts can have this product: any, unless the world declares some."""
        return not self.products or i_product in self.products

    def services(self, account: Account) -> tuple[str, ...] | None:
        """The services that an account needs, by itself or by its product; None stands for all."""
        if account.services is not None:
            return account.services
        product = self.products.get(account.i_product)
        return product.services if product else None

    def customer(self, i_customer: int) -> Customer | None:
        """The customer with this number; one that accounts name exists without being declared."""
        if i_customer in self._customers:
            return self._customers[i_customer]
        if any(owner == i_customer for owner in self._owners()):
            return Customer(i_customer=i_customer, name=f"Customer {i_customer}")
        return None

    def open_customer(self, i_customer: int) -> Customer | None:
        """The customer with this number; None where there is none, or it is closed."""
        customer = self.customer(i_customer)
        return customer if customer and customer.bill_status != "C" else None

    def customers(self) -> tuple[Customer, ...]:
        """All customers, by number."""
        found = (self.customer(i_customer) for i_customer in sorted({*self._customers, *self._owners()}))
        return tuple(customer for customer in found if customer)

    def store_customer(self, customer: Customer) -> None:
        """Add a customer, or put a changed one in the place of the one with its number."""
        self._customers[customer.i_customer] = customer

    def numbers(self) -> tuple[Number, ...]:
        """All numbers of the inventory."""
        return tuple(self._numbers.values())

    def store_number(self, number: Number) -> None:
        """Add a number, or put a changed one in its place."""
        self._numbers[number.number] = number

    def _store(self, account: Account) -> None:
        owner = self.account_by_id(account.id)
        if owner is not None and owner.i_account != account.i_account:
            raise WorldError(f"Account ID {account.id!r} is taken: each account needs an ID of its own.")
        self._highest = max(self._highest, account.i_account)
        self._accounts[account.i_account] = account
        self._ids[account.id] = account.i_account
        self._former_ids.pop(account.id, None)

    def _owners(self) -> Iterator[int]:
        """The customers that accounts name."""
        if sample := self.derived.account(self.derived.first):
            yield sample.i_customer
        yield from (account.i_customer for account in self._accounts.values())

    def _closed_id(self, account_id: str) -> str:
        endings = (f"-old{number:03d}" for number in itertools.count())
        ids = (account_id[: MAX_ID - len(ending)] + ending for ending in endings)
        return next(free for free in ids if self.account_by_id(free) is None)


def _first_free(ranges: Iterable[Iterable[int]], taken: Container[int]) -> int:
    free = (number for number in itertools.chain.from_iterable(ranges) if number not in taken)
    number = next(free, None)
    if number is None:
        raise WorldError("Every number is taken: start with a world of fewer records.")
    return number


def has_fields(account: Account, fields: Mapping[str, Any]) -> bool:
    """Whether an account has these values in these fields."""
    return all(getattr(account, name) == value for name, value in fields.items())


def read_number(value: Any) -> int | None:
    """Read an id written as a number or as a string of digits (S17, S24); None when it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        # Python itself refuses to read thousands of digits; no id is that long.
        digits = value.lstrip("0") or "0"
        return int(digits) if len(digits) <= len(str(LIMIT)) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
