"""Shows the world's records in the shapes of the JSON API."""

from typing import Any, Final

from simulators.portabilling.methods import shown
from simulators.portabilling.shapes import (
    AccountInfo,
    CustomerInfo,
    DetailedAccountInfo,
    InvoiceInfo,
    NumberInfo,
    SimCardInfo,
)
from simulators.records import Account, Customer, Invoice, Number
from simulators.world import World

# The words of a status that is shown; an account in order shows none (S23, S14).
_BILL_STATUS_WORDS: Final = {"C": "closed", "I": "inactive", "S": "inactive"}
# Those of a customer (S23); assumed: `D` is what the library calls provisionally terminated.
_CUSTOMER_WORDS: Final = {
    "C": "closed",
    "S": "suspended",
    "E": "exported",
    "D": "provisionally_terminated",
}
# What an account shows of its customer's status; a closed customer's word for it is assumed.
_INHERITED_WORDS: Final = {
    "closed": "closed",
    "suspended": "customer_suspended",
    "exported": "customer_exported",
    "provisionally_terminated": "customer_provisionally_terminated",
    "blocked": "customer_blocked",
    "limited": "customer_limited",
    "no_available_funds": "customer_has_no_available_funds",
    "credit_exceeded": "customer_credit_exceed",
    "suspension_delayed": "customer_suspension_delayed",
    "limiting_delayed": "customer_limiting_delayed",
}
_FLAGS: Final = {True: "Y", False: "N"}
# The `billing_model` of an alias (S23).
_ALIAS: Final = 2
_CREDIT: Final = AccountInfo().billing_model


def account_info(account: Account, world: World, *, detailed: bool = False) -> dict[str, Any]:
    """The `account_info` of an account (2.4); `detailed` adds the fields of `detailed_info`."""
    shape = DetailedAccountInfo if detailed else AccountInfo
    customer = world.customer(account.i_customer)
    product = world.products.get(account.i_product)
    product_name = product.name if product else f"Product {account.i_product}"
    services = world.services(account)
    fields: dict[str, Any] = {
        "i_subscriber": account.i_account,
        "product_name": product_name,
        "product_visible_name": product_name,
        "is_active": int(account.bill_status == "O"),
        **_of_customer(customer),
        **account.info,
        "i_account": account.i_account,
        "id": account.id,
        "i_customer": account.i_customer,
        "i_product": account.i_product,
        "i_master_account": account.i_master_account,
        "bill_status": account.bill_status,
        "blocked": _FLAGS[account.blocked],
        "has_custom_fields": int(bool(account.custom_fields)),
        "included_services": list(services) if services is not None else None,
        "status": status_of(account, customer),
    }
    fields["billing_model"] = billing_model(account)
    if detailed:
        fields["alias_list"] = alias_list(account, world)
    return shown(shape.model_validate(fields))


def status_of(account: Account, customer: Customer | None) -> str | None:
    """The word for what keeps an account from service; None while nothing does (S23)."""
    if account.bill_status in _BILL_STATUS_WORDS:
        return _BILL_STATUS_WORDS[account.bill_status]
    if account.blocked:
        return "blocked"
    # What follows from no other field, such as `quarantine`, is for a world file to say.
    own: str | None = account.info.get("status")
    return own or (_INHERITED_WORDS.get(status_of_customer(customer) or "") if customer else None)


def status_of_customer(customer: Customer) -> str | None:
    """The word for what keeps a customer from service; None while nothing does (S23)."""
    own: str | None = "blocked" if customer.blocked else customer.info.get("status")
    return _CUSTOMER_WORDS.get(customer.bill_status, own)


def billing_model(account: Account) -> Any:
    """The `billing_model` of an account, which an alias has of its own (S23)."""
    if account.i_master_account is not None:
        return _ALIAS
    return account.info.get("billing_model", _CREDIT)


def alias_list(account: Account, world: World) -> list[dict[str, Any]]:
    """The aliases of an account as they stand in its `account_info`."""
    return [{"i_account": alias.i_account, "id": alias.id} for alias in aliases(account, world)]


def aliases(account: Account, world: World) -> list[Account]:
    """The accounts that are aliases of this one."""
    return [alias for alias in world.accounts if alias.i_master_account == account.i_account]


def customer_info(customer: Customer) -> dict[str, Any]:
    """The `customer_info` of a customer (2.5)."""
    fields = {
        **customer.info,
        "i_customer": customer.i_customer,
        "name": customer.name,
        "bill_status": customer.bill_status,
        "blocked": _FLAGS[customer.blocked],
        "status": status_of_customer(customer),
    }
    return shown(CustomerInfo.model_validate(fields))


def sim_card_info(account: Account) -> dict[str, Any] | None:
    """The record of an account's SIM card; None when it has none."""
    if not account.iccid:
        return None
    # Assumed: an account's card has the account's own number.
    return shown(
        SimCardInfo(
            i_sim_card=account.i_account,
            i_account=account.i_account,
            iccid=account.iccid,
            imsi=account.imsi,
            msisdn=account.msisdn,
        )
    )


def number_info(number: Number, i_did_number: int) -> dict[str, Any]:
    """The record of a DID (2.5) and the number of that record."""
    own = {name: getattr(number, name) for name in ("number", "i_customer", "i_account")}
    usage = "U" if number.i_account else "F" if number.i_customer else "I"
    computed = {"i_did_number": i_did_number, "usage": usage}
    return shown(NumberInfo.model_validate({**number.info, **own, **computed}))


def invoice_info(invoice: Invoice) -> dict[str, Any]:
    """The `invoice_info` of an invoice (2.5)."""
    own = {"i_invoice": invoice.i_invoice, "i_customer": invoice.i_customer}
    return shown(
        InvoiceInfo.model_validate({"invoice_number": str(invoice.i_invoice), **invoice.info, **own})
    )


def _of_customer(customer: Customer | None) -> dict[str, Any]:
    if customer is None:
        return {}
    return {
        "customer_name": customer.name,
        "customer_bill_status": customer.bill_status,
        "customer_bill_suspended": int(customer.bill_status == "S"),
        "customer_blocked": _FLAGS[customer.blocked],
    }
