"""The methods of the inventory in the JSON API: SIM cards and DIDs (2.5)."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, StringConstraints, TypeAdapter, model_validator

from simulators.portabilling.faults import BAD_PARAMS, Fault
from simulators.portabilling.methods import Method, Occurred, fits_pattern, page
from simulators.portabilling.parameters import (
    Number,
    OptionalNumber,
    OptionalText,
    Paging,
    Parameters,
    one_of,
)
from simulators.portabilling.shapes import NumberInfo, SimCardInfo
from simulators.portabilling.views import number_info, sim_card_info
from simulators.records import Account
from simulators.records import Number as NumberRecord
from simulators.world import World

# By which fields of a SIM card it can be looked up beside the account's keys; assumed like its name.
_SIM_KEYS: Final = ("iccid", "imsi", "msisdn")
Key = Annotated[str, StringConstraints(min_length=1)]


class GetSimCardInfo(Parameters):
    """Which SIM card: that of an account, or the one with these data."""

    model_config = ConfigDict(json_schema_extra=one_of("i_account", "id", *_SIM_KEYS))

    i_account: OptionalNumber = None
    id: OptionalText = None
    iccid: OptionalText = None
    imsi: OptionalText = None
    msisdn: OptionalText = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("i_account, id, iccid, imsi or msisdn is required")
        return self


class AssignSimCard(Parameters):
    """A SIM card for an account; empty data take the card away."""

    i_account: Number
    iccid: Annotated[str, StringConstraints(pattern=r"^([0-9]{18,22})?$")]
    imsi: Annotated[str, StringConstraints(pattern=r"^([0-9]{6,15})?$")]
    msisdn: OptionalText = None

    @model_validator(mode="after")
    def _whole_card(self) -> Self:
        if bool(self.iccid) != bool(self.imsi):
            raise ValueError("iccid and imsi belong together: give both, or neither to take the card away")
        return self


class GetNumberList(Paging):
    """The filters of `get_number_list` (S19); `%` in `number` stands for anything."""

    number: OptionalText = None
    # All, idle, used by an account, free (used by none), frozen: no DID is here (S19).
    usage: Literal["A", "I", "U", "F", "Z"] = "A"
    i_customer: OptionalNumber = None
    i_account: OptionalNumber = None
    i_dv_batch: OptionalNumber = None
    i_vendor: OptionalNumber = None
    i_group: OptionalNumber = None
    available_to_customer: OptionalNumber = None

    def keeps(self, info: Mapping[str, Any]) -> bool:
        """Whether a DID is used as wanted, and available; assumed: those of nobody else, and no account's."""
        usages = {"A": {"I", "F", "U"}, "F": {"I", "F"}}.get(self.usage, {self.usage})
        is_available = not info["i_account"] and info["i_customer"] in {None, self.available_to_customer}
        return info["usage"] in usages and (self.available_to_customer is None or is_available)


class DidKey(Parameters):
    """Which DID: by the number of its record (S19, S24) or, assumed, by its own."""

    model_config = ConfigDict(json_schema_extra=one_of("i_did_number", "number"))

    i_did_number: OptionalNumber = None
    number: Key | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.i_did_number is None and self.number is None:
            raise ValueError("i_did_number or number is required")
        return self


class AssignToCustomer(DidKey):
    """A DID for a customer."""

    i_customer: Number


class AssignToAccount(DidKey):
    """A DID for an account, which clients name as the master of what the DID becomes (S19, S24)."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [one_of("i_did_number", "number"), one_of("i_master_account", "i_account")]
        }
    )

    i_master_account: OptionalNumber = None
    i_account: OptionalNumber = None

    @model_validator(mode="after")
    def _names_an_account(self) -> Self:
        if self.i_master_account is None and self.i_account is None:
            raise ValueError("i_master_account is required")
        return self


@dataclass(frozen=True, kw_only=True)
class InventoryMethods:
    """Answers them over a world."""

    world: World
    occurred: Occurred

    def methods(self) -> Iterator[Method]:
        """All of them; the names of the SIM card's are assumed, the real ones are not public (2.5)."""
        sim_card: dict[str, Any] = {"sim_card_info": TypeAdapter(SimCardInfo)}
        yield Method(
            name="SIMCard/get_sim_card_info",
            parameters=GetSimCardInfo,
            answer=self._get_sim_card_info,
            answers=sim_card,
        )
        yield Method(
            name="SIMCard/assign_sim_card",
            parameters=AssignSimCard,
            answer=self._assign_sim_card,
            answers=sim_card,
            is_write=True,
        )
        yield Method(
            name="DID/get_number_list",
            parameters=GetNumberList,
            answer=self._get_number_list,
            answers={"number_list": TypeAdapter(list[NumberInfo]), "total": TypeAdapter(int)},
        )
        yield self._assignment("customer", AssignToCustomer, self._assign_to_customer)
        yield self._assignment("account", AssignToAccount, self._assign_to_account)

    def release_numbers(self, i_account: int) -> None:
        """Take the DIDs of an account away from it; they stay its customer's."""
        for number in self.world.numbers():
            if number.i_account == i_account:
                self._store(number, i_account=None)

    def _assignment(
        self, owner: str, parameters: type[Parameters], answer: Callable[[Any], dict[str, Any]]
    ) -> Method:
        return Method(
            name=f"DID/assign_did_to_{owner}",
            parameters=parameters,
            answer=answer,
            answers={"success": TypeAdapter(int)},
            is_write=True,
        )

    def _get_sim_card_info(self, params: GetSimCardInfo) -> dict[str, Any]:
        account = self._owner(params)
        info = sim_card_info(account) if account else None
        return {"sim_card_info": info} if info else {}

    def _owner(self, params: GetSimCardInfo) -> Account | None:
        if params.i_account is not None:
            return self.world.account(params.i_account)
        if params.id is not None:
            return self.world.account_by_id(params.id)
        return self.world.account_by_card(params.model_dump(include=set(_SIM_KEYS), exclude_none=True))

    def _assign_sim_card(self, params: AssignSimCard) -> dict[str, Any]:
        account = self._account(params.i_account)
        changed = account.model_copy(update=self._card(params, account))
        if changed != account:
            self.world.replace_account(changed)
            self.occurred("Account/SIMCardAssignment", i_account=account.i_account)
        info = sim_card_info(changed)
        return {"sim_card_info": info} if info else {}

    def _card(self, params: AssignSimCard, account: Account) -> dict[str, str]:
        if not params.iccid:
            return {"iccid": "", "imsi": "", "msisdn": ""} if account.iccid else {}
        for name in ("iccid", "imsi"):
            owner = self.world.account_by_card({name: getattr(params, name)})
            if owner and owner.bill_status != "C" and owner.i_account != account.i_account:
                raise Fault(BAD_PARAMS, f"{name} {getattr(params, name)} is account {owner.i_account}'s card")
        # The number of an assigned card is that of the linked account (S29).
        msisdn = params.msisdn if params.msisdn is not None else account.id.partition("@")[0]
        return {"iccid": params.iccid, "imsi": params.imsi, "msisdn": msisdn}

    def _account(self, i_account: int | None) -> Account:
        account = self.world.open_account(i_account)
        if account is None:
            # Assumed: a closed account gets nothing any more.
            raise Fault(BAD_PARAMS, f"There is no open account {i_account}")
        return account

    def _get_number_list(self, params: GetNumberList) -> dict[str, Any]:
        wanted = params.model_dump(
            include={"i_customer", "i_account", "i_dv_batch", "i_vendor", "i_group"},
            exclude_none=True,
        )
        fits_number = fits_pattern(params.number if params.number is not None else "%")
        found = (
            info
            for info in map(number_info, self.world.numbers(), itertools.count(1))
            if fits_number(info["number"])
            and all(info[name] == value for name, value in wanted.items())
            and params.keeps(info)
        )
        rows, total = page(found, params)
        return {"number_list": rows, **total}

    def _assign_to_customer(self, params: AssignToCustomer) -> dict[str, Any]:
        if self.world.open_customer(params.i_customer) is None:
            raise Fault(BAD_PARAMS, f"There is no open customer {params.i_customer}")
        self._store(self._number(params), i_customer=params.i_customer, i_account=None)
        return {"success": 1}

    def _assign_to_account(self, params: AssignToAccount) -> dict[str, Any]:
        i_account = params.i_account if params.i_master_account is None else params.i_master_account
        account = self._account(i_account)
        self._store(self._number(params), i_account=account.i_account, i_customer=account.i_customer)
        return {"success": 1}

    def _number(self, key: DidKey) -> NumberRecord:
        # Assumed: records are numbered in the order of the world file.
        for i_did_number, number in enumerate(self.world.numbers(), start=1):
            if key.i_did_number == i_did_number or (key.i_did_number is None and key.number == number.number):
                return number
        raise Fault(BAD_PARAMS, f"There is no DID {key.i_did_number or key.number!r}")

    def _store(self, number: NumberRecord, **owner: int | None) -> None:
        changed = number.model_copy(update=owner)
        if changed != number:
            self.world.store_number(changed)
            self.occurred(f"DID/Status/{_change(number, changed)}", number=number.number)


def _change(before: NumberRecord, after: NumberRecord) -> str:
    """What became of a DID: assigned, unassigned from its account, or moved to another customer (S3)."""
    if after.i_account is not None:
        return "Assigned"
    if before.i_account is not None:
        return "Unassigned"
    return "Assigned" if before.i_customer is None else "Moved"
