"""The records that a world is made of, as they stand in a world file: accounts, customers, users."""

from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, ValidationError, model_validator

from simulators.oms.plans import OmsWorld
from simulators.portabilling.shapes import (
    OWN_OF_ACCOUNT,
    OWN_OF_CUSTOMER,
    OWN_OF_INVOICE,
    OWN_OF_NUMBER,
    CustomerInfo,
    DetailedAccountInfo,
    InvoiceInfo,
    NumberInfo,
    Shape,
)
from simulators.validation import Strict, mistakes

# Below 2^31, as the documented `int` (S3).
RecordNumber = Annotated[int, Field(ge=1, lt=2**31)]
# At most 64 characters (S30); assumed: any that can be printed, since IDs with @, #, _ and . are in use.
AccountId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _fitting(shape: type[Shape], own: frozenset[str], info: Mapping[str, Any]) -> Mapping[str, Any]:
    if misplaced := sorted(own & set(info)):
        raise ValueError(f"{', '.join(misplaced)}: no further field, it follows from the record itself")
    try:
        shape.model_validate(info)
    except ValidationError as error:
        raise ValueError("; ".join(mistakes(error))) from error
    return info


# Further fields of a record, in the place of the captured ones; each must have the captured type.
AccountFields = Annotated[
    Mapping[str, Any], AfterValidator(partial(_fitting, DetailedAccountInfo, OWN_OF_ACCOUNT))
]
CustomerFields = Annotated[
    Mapping[str, Any], AfterValidator(partial(_fitting, CustomerInfo, OWN_OF_CUSTOMER))
]
NumberFields = Annotated[Mapping[str, Any], AfterValidator(partial(_fitting, NumberInfo, OWN_OF_NUMBER))]
InvoiceFields = Annotated[Mapping[str, Any], AfterValidator(partial(_fitting, InvoiceInfo, OWN_OF_INVOICE))]


# O open, I inactive, C closed, S suspended (S23).
BillStatus = Literal["O", "I", "C", "S"]


class Account(Strict):
    """A subscriber's account with the data of its SIM card; empty SIM data stand for no card."""

    i_account: RecordNumber
    id: AccountId
    msisdn: str = ""
    imsi: Annotated[str, Field(pattern=r"^([0-9]{6,15})?$")] = ""
    iccid: Annotated[str, Field(pattern=r"^([0-9]{18,22})?$")] = ""
    i_customer: RecordNumber = 1
    i_product: RecordNumber = 1
    # An alias is an account of its own that names its master (S18).
    i_master_account: RecordNumber | None = None
    bill_status: BillStatus = "O"
    blocked: bool = False
    # The services that the account needs; None stands for those of its product, or all.
    services: tuple[str, ...] | None = None
    custom_fields: Mapping[str, str] = Field(default_factory=dict)
    info: AccountFields = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole_card(self) -> Self:
        if bool(self.iccid) != bool(self.imsi):
            raise ValueError("iccid and imsi belong together: give both, or neither for no SIM card")
        return self


class Product(Strict):
    """A product: what its accounts need, where they do not say so themselves."""

    i_product: RecordNumber
    name: str
    services: tuple[str, ...] | None = None


class Customer(Strict):
    """A customer, the owner of accounts."""

    i_customer: RecordNumber
    name: Annotated[str, Field(min_length=1)]
    # O open, S suspended, C closed, E exported, D deactivated (S23).
    bill_status: Literal["O", "S", "C", "E", "D"] = "O"
    blocked: bool = False
    info: CustomerFields = Field(default_factory=dict)


class Number(Strict):
    """A DID: a telephone number of the inventory, and whose it is."""

    number: Annotated[str, Field(min_length=1, max_length=64)]
    i_customer: RecordNumber | None = None
    i_account: RecordNumber | None = None
    info: NumberFields = Field(default_factory=dict)


class Invoice(Strict):
    """An invoice of a customer."""

    i_invoice: RecordNumber
    i_customer: RecordNumber
    info: InvoiceFields = Field(default_factory=dict)


Realm = Literal["admin", "accounts", "customers"]
NumberName = Literal["i_user", "i_account", "i_customer"]
_REALMS: Final[Mapping[NumberName, Realm]] = {
    "i_user": "admin",
    "i_account": "accounts",
    "i_customer": "customers",
}


class User(Strict):
    """A user of PortaBilling, with the claims that its access tokens carry (S25).

    One of the accounts' realm is an account: it names it by `i_account`, and lacks the ESPF's audience. One
    of the customers' realm names its customer by `i_customer`; assumed: its token is like an account's.
    """

    login: str
    password: str
    api_token: str
    i_user: int = 1
    i_account: RecordNumber | None = None
    i_customer: RecordNumber | None = None
    i_env: int = 1
    scopes: str = "espf.api:write espf.handlers:write"
    audience: tuple[str, ...] = ("portabilling-api", "portasip-api", "espf-api")
    is_super_user: bool = False
    # The web password's life is 30 days by default; an expired one cannot log in (S18, S26).
    password_expired: bool = False

    @model_validator(mode="before")
    @classmethod
    def _claims_of_an_account(cls, data: Any) -> Any:
        if isinstance(data, dict) and any(data.get(name) is not None for name in ("i_account", "i_customer")):
            return {"scopes": "", "audience": ("portabilling-api", "portasip-api"), **data}
        return data

    @model_validator(mode="after")
    def _of_one_realm(self) -> Self:
        if self.i_account is not None and self.i_customer is not None:
            raise ValueError("i_account and i_customer: a user is of one realm, so give one of them")
        return self

    @property
    def number_name(self) -> NumberName:
        """The claim of a token that holds the number."""
        if self.i_account is not None:
            return "i_account"
        return "i_user" if self.i_customer is None else "i_customer"

    @property
    def number(self) -> int:
        """The number that a ping answers: the user's, the account's or the customer's."""
        return self.i_account or self.i_customer or self.i_user

    @property
    def realm(self) -> Realm:
        """The realm that a token names (S25, S18); that of customers is assumed after that of accounts."""
        return _REALMS[self.number_name]


class MethodFault(Strict):
    """What a method of an installation always refuses with."""

    faultcode: str
    faultstring: str = ""


class MethodDefinition(Strict):
    """A `/rest` method of an installation's own: another name for a known one, a template or a fault.

    A template is the answer as data. A text in it that is one `{{ ... }}` becomes the value of that
    expression, another text is rendered. `params`, `account`, `sim_card` and `customer` are at hand.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*/[A-Za-z_]\w*$")]
    # Parameters that must be given; `i_account` and `id` name the account.
    parameters: tuple[str, ...] = ()
    same_as: str | None = None
    answer: Mapping[str, JsonValue] | None = None
    fault: MethodFault | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [self.same_as, self.answer, self.fault].count(None) != 2:  # noqa: PLR2004 - one of the three
            raise ValueError("exactly one of same_as, answer and fault is required")
        return self


def _told_apart(names: Mapping[str, str]) -> Mapping[str, str]:
    given = list(names.values())
    if twice := sorted({name for name in given if given.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)}: two cannot have one name")
    return names


class Names(Strict):
    """How an installation's answers name records and their fields, where they differ from the documented."""

    # Such as sim_card_info = "card_info".
    records: Annotated[Mapping[str, str], AfterValidator(_told_apart)] = Field(default_factory=dict)
    # By the documented name of the record, such as sim_card_info = {iccid = "ICCID"}.
    fields: Mapping[str, Annotated[Mapping[str, str], AfterValidator(_told_apart)]] = Field(
        default_factory=dict
    )


class EventCredentials(Strict):
    """What the ESPF shows to a provisioner: Basic, or an operator's own type word and value (S2, S20).

    The third documented method, `signature`, is not imitated: its algorithm is not public.
    """

    user: str = ""
    """Of Basic."""
    password: str = ""
    """Likewise."""
    type: Annotated[str, Field(pattern=r"^\S*$")] = ""
    """An operator's own type word (S2)."""
    value: Annotated[str, Field(pattern=r"^\S*$")] = ""
    """What follows it."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "Authorization"
    """The header's name, which may be replaced by a custom one (S20)."""

    @model_validator(mode="after")
    def _one_method(self) -> Self:
        if bool(self.user and self.password) == bool(self.type and self.value):
            raise ValueError("either user and password (Basic) or type and value (custom) are required")
        return self

    @property
    def header_value(self) -> str:
        """The header's value: two words, the method's and the credentials."""
        if self.type:
            return f"{self.type} {self.value}"
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


# Of the numbers below 2^31.
_DIGITS: Final = 10


class Derived(Strict):
    """Accounts that are made on demand: each number from `first` on stands for one, always the same.

    They cost no memory until they are changed. Worlds of another seed have other subscribers.
    """

    first: RecordNumber = 1_000_000
    count: Annotated[int, Field(ge=0, lt=2**31)] = 0
    seed: Annotated[int, Field(ge=0, lt=1000)] = 0

    @model_validator(mode="after")
    def _below_the_limit(self) -> Self:
        if self.first + self.count > 2**31:
            raise ValueError("first + count must stay below 2147483648")
        return self

    def account(self, i_account: int) -> Account | None:
        """The account of a number; None outside the range."""
        if not self.first <= i_account < self.first + self.count:
            return None
        return derived_account(i_account, seed=self.seed)

    def id_of(self, i_account: int) -> str:
        """The ID of the account that is derived from a number."""
        return f"{_msisdn(i_account, seed=self.seed)}@msisdn"

    def number_of(self, account_id: str) -> int | None:
        """The number of the account that is derived with this ID; None where none is."""
        number = self.number_on(account_id.partition("@")[0])
        return number if number and self.id_of(number) == account_id else None

    def number_on(self, text: str) -> int | None:
        """The number of a derived account that ends a text of its card or its ID; None where none does."""
        digits = text[-_DIGITS:]
        number = int(digits) if digits.isascii() and digits.isdigit() else 0
        return number if self.account(number) else None


class WorldFile(Strict):
    """A world as it stands in a file."""

    users: tuple[User, ...]
    events: EventCredentials
    oms: OmsWorld
    groups: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()
    customers: tuple[Customer, ...] = ()
    accounts: tuple[Account, ...] = ()
    derived: Derived = Derived()
    numbers: tuple[Number, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    methods: tuple[MethodDefinition, ...] = ()
    names: Names = Names()


def _msisdn(i_account: int, *, seed: int) -> str:
    # At most fourteen digits: a telephone number has no more than fifteen (E.164).
    return f"{12 + seed}{i_account:0{_DIGITS}d}"


def derived_account(i_account: int, *, seed: int = 0) -> Account:
    """The account that belongs to a number: always the same data, all told apart by the number."""
    msisdn = _msisdn(i_account, seed=seed)
    return Account(
        i_account=i_account,
        id=f"{msisdn}@msisdn",
        msisdn=msisdn,
        imsi=f"00101{i_account:0{_DIGITS}d}",
        iccid=f"89001{i_account:014d}",
    )
