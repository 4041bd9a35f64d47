"""The methods `Customer/...` and `Invoice/...` of the JSON API (2.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from simulators.errors import WorldError
from simulators.portabilling.changes import INHERITED, customer_events
from simulators.portabilling.faults import BAD_PARAMS, Fault
from simulators.portabilling.methods import Answer, File, Method, Occurred, fits_pattern, given, page
from simulators.portabilling.parameters import (
    Number,
    Option,
    OptionalNumber,
    OptionalText,
    Paging,
    Parameters,
)
from simulators.portabilling.shapes import OWN_OF_CUSTOMER, CustomerInfo, Int, InvoiceInfo
from simulators.portabilling.views import customer_info, invoice_info
from simulators.records import Customer
from simulators.world import World

_OWN: Final = ("name", "bill_status")
_PDF: Final = "application/pdf"


class GetCustomerInfo(Parameters):
    """What `get_customer_info` takes; the options change nothing here."""

    i_customer: Number
    detailed_info: Option = False
    effective_values: Option = False
    get_time_zone_name: Option = False


class GetCustomerList(Paging):
    """The filters of `get_customer_list`; `%` in `name` stands for anything (S24)."""

    name: OptionalText = None
    bill_status: OptionalText = None


class CustomerChange(CustomerInfo):
    """A change of a customer: the fields that are given count."""

    name: Annotated[str, Field(min_length=1)] = "-"
    i_customer: Int
    bill_status: Literal["O", "S", "C", "E", "D"] = "O"


class NewCustomer(CustomerInfo):
    """A new customer."""

    name: Annotated[str, Field(min_length=1)]
    bill_status: Literal["O", "S", "C", "E", "D"] = "O"


class AddCustomer(Parameters):
    """What `add_customer` takes."""

    customer_info: NewCustomer


class UpdateCustomer(Parameters):
    """What `update_customer` takes."""

    customer_info: CustomerChange


class GetInvoiceInfo(Parameters):
    """What `get_invoice_info` takes; `get_pdf` asks for the file (S19)."""

    i_invoice: Number
    get_pdf: Option = False


class GetInvoiceList(Paging):
    """The filters of `get_invoice_list`."""

    i_customer: OptionalNumber = None


@dataclass(frozen=True, kw_only=True)
class CustomerMethods:
    """Answers them over a world."""

    world: World
    occurred: Occurred

    def methods(self) -> Iterator[Method]:
        """All of them."""
        yield Method(
            name="Customer/get_customer_info",
            parameters=GetCustomerInfo,
            answer=self._get_customer_info,
            answers={"customer_info": TypeAdapter(CustomerInfo)},
        )
        yield Method(
            name="Customer/get_customer_list",
            parameters=GetCustomerList,
            answer=self._get_customer_list,
            answers={"customer_list": TypeAdapter(list[CustomerInfo]), "total": TypeAdapter(int)},
        )
        for name, parameters, answer in (
            ("add_customer", AddCustomer, self._add_customer),
            ("update_customer", UpdateCustomer, self._update_customer),
        ):
            yield Method(
                name=f"Customer/{name}",
                parameters=parameters,
                answer=answer,
                answers={"i_customer": TypeAdapter(int)},
                is_write=True,
            )
        yield Method(
            name="Invoice/get_invoice_info",
            parameters=GetInvoiceInfo,
            answer=self._get_invoice_info,
            answers={"invoice_info": TypeAdapter(InvoiceInfo)},
            files=(_PDF,),
        )
        yield Method(
            name="Invoice/get_invoice_list",
            parameters=GetInvoiceList,
            answer=self._get_invoice_list,
            answers={"invoice_list": TypeAdapter(list[InvoiceInfo]), "total": TypeAdapter(int)},
        )

    def _get_customer_info(self, params: GetCustomerInfo) -> dict[str, Any]:
        customer = self.world.customer(params.i_customer)
        return {"customer_info": customer_info(customer)} if customer else {}

    def _get_customer_list(self, params: GetCustomerList) -> dict[str, Any]:
        fits_name = fits_pattern(params.name if params.name is not None else "%")
        found = (
            customer
            for customer in self.world.customers()
            if fits_name(customer.name) and params.bill_status in (None, customer.bill_status)
        )
        rows, total = page(found, params)
        return {"customer_list": [customer_info(customer) for customer in rows], **total}

    def _add_customer(self, params: AddCustomer) -> dict[str, Any]:
        try:
            i_customer = self.world.next_i_customer()
        except WorldError as error:
            raise Fault(BAD_PARAMS, str(error)) from error
        blank = Customer(i_customer=i_customer, name=params.customer_info.name)
        self.world.store_customer(_changed(blank, given(params.customer_info)))
        self.occurred("Customer/New", i_customer=i_customer)
        return {"i_customer": i_customer}

    def _update_customer(self, params: UpdateCustomer) -> dict[str, Any]:
        i_customer = params.customer_info.i_customer
        customer = self.world.customer(i_customer)
        if customer is None:
            raise Fault(BAD_PARAMS, f"There is no customer {i_customer}")
        changed = _changed(customer, given(params.customer_info))
        if changed != customer:
            self.world.store_customer(changed)
        for event_type, variables in customer_events(customer_info(customer), customer_info(changed)):
            self.occurred(event_type, **variables)
            self._inherit(event_type, i_customer)
        return {"i_customer": i_customer}

    def _inherit(self, event_type: str, i_customer: int) -> None:
        """Tell of the customer's change by its accounts too (S8); those derived on demand stay silent."""
        if event_type not in INHERITED:
            return
        for account in self.world.accounts:
            if account.i_customer == i_customer and account.bill_status != "C":
                self.occurred(INHERITED[event_type], i_account=account.i_account)

    def _get_invoice_info(self, params: GetInvoiceInfo) -> Answer:
        invoice = self.world.invoices.get(params.i_invoice)
        if invoice is None:
            return {}
        if params.get_pdf:
            # Assumed: files come as attachments (S25), and which methods answer one is not public.
            name = f"invoice_{invoice.i_invoice}.pdf"
            return File(name=name, content_type=_PDF, content=_EMPTY_PDF)
        return {"invoice_info": invoice_info(invoice)}

    def _get_invoice_list(self, params: GetInvoiceList) -> dict[str, Any]:
        found = (
            invoice
            for invoice in self.world.invoices.values()
            if params.i_customer in (None, invoice.i_customer)
        )
        # A client of MR70 reads the total of each page without asking for it (S24).
        rows, total = page(found, params.model_copy(update={"get_total": True}))
        return {"invoice_list": [invoice_info(invoice) for invoice in rows], **total}


# The smallest file that readers take for a PDF without pages.
_EMPTY_PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def _changed(customer: Customer, fields: Mapping[str, Any]) -> Customer:
    """A customer with these fields of a `customer_info` in the place of its own, where they differ."""
    own: dict[str, Any] = {name: fields[name] for name in _OWN if name in fields}
    if "blocked" in fields:
        own["blocked"] = fields["blocked"] == "Y"
    now = customer_info(customer)
    further = {
        name: value
        for name, value in fields.items()
        if name not in OWN_OF_CUSTOMER | {"status"} and (name not in now or now[name] != value)
    }
    return customer.model_copy(update={**own, "info": {**customer.info, **further}})
