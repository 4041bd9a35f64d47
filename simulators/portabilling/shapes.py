"""The records of the JSON API as answers show them: each field with its type and captured default.

The captures are of a public PHP library (S23, about MR100); further fields are those that other public
clients read (S17, S18). A field that is absent while it has nothing to say is declared `Absent`.
"""

import re
import sys
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema

T = TypeVar("T")
Absent = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
YesNo = Literal["Y", "N"]


def _unquoted(value: Any) -> Any:
    """A number that a client quoted, as old releases take it (S17, S24)."""
    if isinstance(value, str) and re.fullmatch(_QUOTED, value):
        return float(value) if "." in value else int(value)
    return value


def _amount(value: Any) -> Any:
    number = _unquoted(value)
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    # What is no number compares with none, so that it is not below the largest either.
    if not is_number or not abs(number) <= sys.float_info.max:
        raise ValueError("a finite number is required")
    return number


_QUOTED: Final = r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"
Int = Annotated[
    int,
    BeforeValidator(_unquoted),
    WithJsonSchema(
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]{1,18}$"}]}, mode="validation"
    ),
]
# Whole amounts are captured without a point (S23).
Amount = Annotated[
    int | float,
    BeforeValidator(_amount),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _QUOTED}]}, mode="validation"
    ),
]


class Shape(BaseModel):
    """A record of an answer; fields that nobody captured are kept as they are.

    All is JSON, and finite: numbers too large for a reader become infinite on their way in.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)
    __pydantic_extra__: dict[str, JsonValue]


class Attribute(Shape):
    """An attribute of a service feature; its lists may be empty, or hold nulls (S23)."""

    name: str
    values: list[str | None] = []
    effective_values: list[str | None] = []


class ServiceFeature(Shape):
    """A service feature: `Y`, `N`, `~`, `^`, `/` or a code, and what is in effect (S23)."""

    name: str
    flag_value: str = "N"
    effective_flag_value: str | None = None
    attributes: list[Attribute] = []


# The one feature whose name and values are public (S23).
NETACCESS_POLICY = ServiceFeature(
    name="netaccess_policy",
    flag_value="Y",
    effective_flag_value="Y",
    attributes=[Attribute(name="access_policy", values=["30"], effective_values=["30"])],
)


class Addon(Shape):
    """An add-on product of an account; `addon_effective_to` is absent when open-ended, never null (S23)."""

    i_product: Int
    name: str = ""
    description: str = ""
    i_product_group: Int | None = None
    i_vd_plan: Int | None = None
    addon_priority: Int = 0
    addon_effective_from: str = "2026-01-01 00:00:00"
    addon_effective_to: Absent[str] = None


class AccountInfo(Shape):
    """The captured default shape of a mobile account (S23); SIM data are not in it (2.4)."""

    i_account: Int = 0
    id: str = ""
    i_customer: Int = 1
    i_product: Int = 1
    i_master_account: Absent[Int] = None
    i_role: Int = 1
    # 8 mobile; 1 credit, 2 alias (S23, S14).
    i_account_role: Int = 8
    billing_model: Int = 1
    i_subscriber: Int = 0
    i_time_zone: Int = 1
    i_acl: Int = 1
    i_account_balance_control_type: Int = 1
    i_lang: str = "en"
    # O open, I inactive, C closed, S suspended.
    bill_status: str = "O"
    # Absent while all is well: clients take a missing one as fine (S23).
    status: Absent[str] = None
    blocked: YesNo = "N"
    is_active: Int = 1
    idle_days: Int = 0
    has_custom_fields: Int = 0
    customer_name: str = ""
    customer_blocked: YesNo = "N"
    customer_bill_status: str = "O"
    customer_bill_suspended: Int = 0
    cust_bill_suspension_delayed: Int = 0
    product_name: str = ""
    product_visible_name: str = ""
    h323_password: str = ""
    # Contact fields are empty when unset, never null.
    companyname: str = ""
    salutation: str = ""
    midinit: str = ""
    cont1: str = ""
    cont2: str = ""
    phone1: str = ""
    phone2: str = ""
    faxnum: str = ""
    address_line_2: str = ""
    bcc: str = ""
    note: str = ""
    opening_balance: Amount = 0
    balance: Amount = 0.0
    credit_limit: Amount | None = None
    iso_4217: str = "USD"
    iso_639_1: str = "en"
    time_zone_name: str = "UTC"
    ecommerce_enabled: YesNo = "N"
    service_flags: str = ""
    in_date_format: str = "YYYY-MM-DD"
    out_date_format: str = "YYYY-MM-DD"
    in_time_format: str = "HH24:MI:SS"
    out_time_format: str = "HH24:MI:SS"
    out_date_time_format: str = "YYYY-MM-DD HH24:MI:SS"
    # Dates these, date-times those, always UTC (S23, S25); the captured account was in use.
    activation_date: str = "2026-01-01"
    issue_date: str = "2026-01-01"
    first_usage: str | None = "2026-01-01"
    first_usage_time: str | None = "2026-01-01 00:00:00"
    last_usage: str | None = "2026-01-01 00:00:00"
    expiration_date: str | None = None
    inactivity_expire_time: str | None = None
    life_time: Int | None = None
    assigned_addons: list[Addon] = []
    service_features: Absent[list[ServiceFeature]] = [NETACCESS_POLICY]
    included_services: Absent[list[str]] = None


class DetailedAccountInfo(AccountInfo):
    """An account with `detailed_info`, which adds these fields (S17, S18)."""

    login: str = ""
    password: str = ""
    email: str = ""
    subscriber_email: str = ""
    firstname: str = ""
    lastname: str = ""
    zip: str = ""
    sip_status: Int = 0
    alias_list: list[dict[str, JsonValue]] = []


class CustomerInfo(Shape):
    """The captured shape of a customer (S23)."""

    i_customer: Int = 0
    name: str = ""
    bill_status: str = "O"
    status: Absent[str] = None
    blocked: YesNo = "N"
    i_customer_type: Int = 1
    i_customer_class: Int = 1
    i_balance_control_type: Int = 1
    i_office_type: Int = 1
    balance: Amount = 0.0
    credit_limit: Amount | None = None
    perm_credit_limit: Amount | None = None
    unallocated_payments: Amount = 0
    billed_to: str | None = None
    next_billed_to: str | None = None
    creation_date: str = "2026-01-01 00:00:00"
    iso_4217: str = "USD"
    scheduled_status_change_list: list[dict[str, JsonValue]] = []
    service_features: list[ServiceFeature] = []


class SimCardInfo(Shape):
    """A SIM card (S14, S29); the name of this record is not public."""

    i_sim_card: Int
    i_account: Int
    iccid: str
    imsi: str
    msisdn: str
    status: Literal["available", "reserved", "used", "disposed"] = "used"


class NumberInfo(Shape):
    """A DID of the inventory, by the fields that a public client filters on (S19)."""

    i_did_number: Int = 0
    number: str = ""
    i_customer: Int | None = None
    i_account: Int | None = None
    i_dv_batch: Int | None = None
    i_vendor: Int | None = None
    i_group: Int | None = None
    # I idle, F a customer's but no account's, U an account's; assumed to be shown: a filter has them (S19).
    usage: Literal["I", "F", "U"] = "I"


class InvoiceInfo(Shape):
    """An invoice; only the two numbers are public (S3, S19)."""

    i_invoice: Int = 0
    i_customer: Int = 0
    invoice_number: str = ""
    invoice_status: str = "OK"
    amount_net: Amount = 0.0
    amount_paid: Amount = 0.0
    amount_due: Amount = 0.0
    issue_date: str = "2026-01-01"
    due_date: str = "2026-01-31"


class CustomField(Shape):
    """The value of a custom field of an account (S23)."""

    name: str
    db_value: str | None = None


# What a record says by itself, so that none of its further fields can say it too.
OWN_OF_ACCOUNT: Final = frozenset(
    {
        "i_account", "id", "i_customer", "i_product", "i_master_account", "bill_status", "blocked",
        "has_custom_fields", "included_services", "alias_list",
    }
)  # fmt: skip
OWN_OF_CUSTOMER: Final = frozenset({"i_customer", "name", "bill_status", "blocked"})
OWN_OF_NUMBER: Final = frozenset({"i_did_number", "number", "i_customer", "i_account", "usage"})
OWN_OF_INVOICE: Final = frozenset({"i_invoice", "i_customer"})
# What follows from other records: written back by a client that sends a whole record, it changes nothing.
COMPUTED: Final = frozenset(
    {
        "customer_name", "customer_blocked", "customer_bill_status", "customer_bill_suspended", "status",
        "product_name", "product_visible_name", "has_custom_fields", "included_services", "is_active",
        "alias_list",
    }
)  # fmt: skip
