"""The methods `Account/...` of the JSON API: look up, list, add, update, terminate, custom fields (2.4)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema, model_validator

from simulators.errors import WorldError
from simulators.portabilling.changes import account_events
from simulators.portabilling.faults import BAD_PARAMS, DUPLICATE_ID, Fault
from simulators.portabilling.methods import Method, Occurred, fits_pattern, given, page, shown
from simulators.portabilling.parameters import (
    AccountKey,
    Option,
    OptionalNumber,
    OptionalText,
    Paging,
    Parameters,
    one_of,
)
from simulators.portabilling.shapes import (
    COMPUTED,
    OWN_OF_ACCOUNT,
    AccountInfo,
    CustomerInfo,
    CustomField,
    DetailedAccountInfo,
    Int,
)
from simulators.portabilling.views import (
    account_info,
    alias_list,
    aliases,
    billing_model,
    customer_info,
)
from simulators.records import Account, AccountId
from simulators.world import World, has_fields

# The fields of account_info that are fields of the record too; all others are kept in its `info`.
_OWN: Final = ("i_account", "id", "i_customer", "i_product", "i_master_account", "bill_status")
_CLOSED: Final = "C"
_SIP_STATUS: Final = DetailedAccountInfo().sip_status


RecordKey = Annotated[
    Int,
    Field(ge=1, lt=2**31),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"},
            ]
        }
    ),
]


class GetAccountInfo(AccountKey):
    """What `get_account_info` takes; the options that change nothing here are taken all the same."""

    model_config = ConfigDict(json_schema_extra=one_of("i_account", "id", "login"))

    login: OptionalText = None
    detailed_info: Option = False
    expand_alias: Option = False
    get_included_services: Option = False
    get_service_features: Option = False
    without_service_features: Option = False
    with_call_processing_mode: Option = False
    with_customer_info: Option = False
    with_reseller_info: Option = False
    limit_alias_did_number_list: OptionalNumber = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.i_account is None and self.id is None and self.login is None:
            raise ValueError("i_account, id or login is required")
        return self


class GetAccountList(Paging):
    """The filters of `get_account_list`; `%` in `id` stands for anything (S24)."""

    i_customer: OptionalNumber = None
    i_product: OptionalNumber = None
    id: OptionalText = None
    bill_status: OptionalText = None
    billing_model: OptionalNumber = None
    get_not_closed_accounts: Option = False
    get_only_real_accounts: Option = False
    get_statuses: Option = False
    with_aliases: Option = False
    detailed_info: Option = False

    def keeps(self, account: Account) -> bool:
        """Whether an account stays in the list; real ones are those that are no aliases (S18, S24)."""
        is_alias = account.i_master_account is not None
        return not (
            (self.get_not_closed_accounts and account.bill_status == _CLOSED)
            or (self.get_only_real_accounts and is_alias)
            or self.billing_model not in {None, billing_model(account)}
        )


class GetAliasList(AccountKey):
    """Whose aliases; an old client names the account as their master (S17)."""

    model_config = ConfigDict(json_schema_extra=one_of("i_account", "id", "i_master_account"))

    i_master_account: OptionalNumber = None

    @model_validator(mode="before")
    @classmethod
    def _master_is_the_account(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("i_account") is None and data.get("id") is None:
            return {**data, "i_account": data.get("i_master_account")}
        return data


class AccountChange(DetailedAccountInfo):
    """The fields of a new or a changed account; of a change, those that are given count."""

    i_account: Int = 0
    id: AccountId = ""
    i_customer: RecordKey = 1
    i_product: RecordKey = 1
    bill_status: Literal["O", "I", "S", "C"] = "O"


class NewAccount(AccountChange):
    """A new account, which is not closed: its ID and its customer are required, its number is given to it."""

    id: AccountId
    i_customer: RecordKey
    bill_status: Literal["O", "I", "S"] = "O"


class AddAccount(Parameters):
    """What `add_account` takes."""

    account_info: NewAccount


class ChangedAccount(AccountChange):
    """A change of an account, which its number names."""

    i_account: RecordKey


class UpdateAccount(Parameters):
    """What `update_account` takes."""

    account_info: ChangedAccount


class TerminateAccount(AccountKey):
    """What `terminate_account` takes."""

    force: Option = False
    release_assigned_did: Option = False


class UpdateCustomFields(AccountKey):
    """New values of custom fields."""

    custom_fields_values: list[CustomField]


@dataclass(frozen=True, kw_only=True)
class AccountMethods:
    """Answers them over a world; `release_numbers` takes an account's DIDs away from it."""

    world: World
    occurred: Occurred
    release_numbers: Callable[[int], None]

    def methods(self) -> Iterator[Method]:
        """All of them."""
        number = {"i_account": TypeAdapter(int)}
        yield from self._reading_methods()
        for name, parameters, answer in (
            ("add_account", AddAccount, self._add_account),
            ("update_account", UpdateAccount, self._update_account),
            ("update_custom_fields_values", UpdateCustomFields, self._update_custom_fields),
        ):
            yield Method(
                name=f"Account/{name}", parameters=parameters, answer=answer, answers=number, is_write=True
            )
        yield Method(
            name="Account/terminate_account",
            parameters=TerminateAccount,
            answer=self._terminate_account,
            answers={"success": TypeAdapter(int)},
            is_write=True,
        )

    def _reading_methods(self) -> Iterator[Method]:
        yield Method(
            name="Account/get_account_info",
            parameters=GetAccountInfo,
            answer=self._get_account_info,
            answers={"account_info": TypeAdapter(AccountInfo), "customer_info": TypeAdapter(CustomerInfo)},
        )
        yield Method(
            name="Account/get_account_list",
            parameters=GetAccountList,
            answer=self._get_account_list,
            answers={"account_list": TypeAdapter(list[AccountInfo]), "total": TypeAdapter(int)},
        )
        yield Method(
            name="Account/get_alias_list",
            parameters=GetAliasList,
            answer=self._get_alias_list,
            answers={"alias_list": TypeAdapter(list[AccountInfo])},
        )
        yield Method(
            name="Account/get_custom_fields_values",
            parameters=AccountKey,
            answer=self._get_custom_fields,
            answers={"custom_fields_values": TypeAdapter(list[CustomField])},
        )

    def find(self, key: AccountKey) -> Account | None:
        """The account that a key names, or None."""
        if key.i_account is not None:
            return self.world.account(key.i_account)
        return self.world.account_by_id(key.id or "")

    def _get_account_info(self, params: GetAccountInfo) -> dict[str, Any]:
        by_login = params.login if params.i_account is None and params.id is None else None
        account = self.find(params) if by_login is None else self.world.account_by_login(by_login)
        # Assumed: what expand_alias does is not public; here it gives the master in the alias's place.
        if account and account.i_master_account and params.expand_alias:
            account = self.world.account(account.i_master_account)
        if account is None:
            # Not found is an empty answer, never a fault (S18, S17, S23).
            return {}
        info = account_info(account, self.world, detailed=params.detailed_info)
        if params.without_service_features:
            info.pop("service_features", None)
        customer = self.world.customer(account.i_customer) if params.with_customer_info else None
        return {"account_info": info, **({"customer_info": customer_info(customer)} if customer else {})}

    def _get_account_list(self, params: GetAccountList) -> dict[str, Any]:
        numbers, total = page(self._filtered(params), params)
        found = (account for account in map(self.world.account, numbers) if account)
        return {"account_list": [self._row(account, params) for account in found], **total}

    def _row(self, account: Account, params: GetAccountList) -> dict[str, Any]:
        row = account_info(account, self.world, detailed=params.detailed_info)
        # Captured in lists alone (S23), and a client needs it there (S18).
        row.setdefault("sip_status", _SIP_STATUS)
        if params.with_aliases:
            row["alias_list"] = alias_list(account, self.world)
        if not params.get_statuses:
            # A list shows statuses only when it is asked for them (S23).
            row.pop("status", None)
        return row

    def _filtered(self, params: GetAccountList) -> Iterator[int]:
        kept = {account.i_account: params.keeps(account) for account in self.world.accounts}
        # Derived accounts are alike in all that is asked: one stands for each.
        sample = self.world.derived.account(self.world.derived.first)
        keeps_derived = sample is not None and params.keeps(sample)
        return (number for number in self._matching(params) if kept.get(number, keeps_derived))

    def _matching(self, params: GetAccountList) -> Iterator[int]:
        wanted = params.model_dump(include={"i_customer", "i_product", "bill_status"}, exclude_none=True)
        if params.id is not None and "%" not in params.id:
            account = self.world.account_by_id(params.id)
            return iter([account.i_account] if account and has_fields(account, wanted) else [])
        return self.world.matching(fits_pattern(params.id if params.id is not None else "%"), wanted)

    def _get_alias_list(self, params: GetAliasList) -> dict[str, Any]:
        account = self.find(params)
        if account is None:
            return {}
        return {"alias_list": [account_info(alias, self.world) for alias in aliases(account, self.world)]}

    def _get_custom_fields(self, params: AccountKey) -> dict[str, Any]:
        account = self.find(params)
        if account is None:
            return {}
        fields = (CustomField(name=name, db_value=value) for name, value in account.custom_fields.items())
        return {"custom_fields_values": [shown(field) for field in fields]}

    def _add_account(self, params: AddAccount) -> dict[str, Any]:
        try:
            i_account = self.world.next_i_account()
        except WorldError as error:
            raise Fault(BAD_PARAMS, str(error)) from error
        blank = Account(i_account=i_account, id=params.account_info.id)
        account = self._changed(blank, {**given(params.account_info), "i_account": i_account})
        self._check_references(account)
        try:
            self.world.add_account(account)
        except WorldError as error:
            raise Fault(DUPLICATE_ID, str(error)) from error
        self.occurred("Account/New", i_account=i_account)
        return {"i_account": i_account}

    def _update_account(self, params: UpdateAccount) -> dict[str, Any]:
        account = self._existing(AccountKey(i_account=params.account_info.i_account))
        changed = self._changed(account, given(params.account_info))
        if account.bill_status != changed.bill_status and _CLOSED in (
            account.bill_status,
            changed.bill_status,
        ):
            # Assumed: closing takes terminate_account, and nothing opens a closed account again.
            raise Fault(BAD_PARAMS, "bill_status C is for terminate_account to set, and it is final")
        self._check_references(changed, before=account)
        return self._replace(changed)

    def _update_custom_fields(self, params: UpdateCustomFields) -> dict[str, Any]:
        account = self._existing(params)
        values = {field.name: field.db_value for field in params.custom_fields_values}
        custom_fields = {name: value for name, value in {**account.custom_fields, **values}.items() if value}
        if custom_fields != account.custom_fields:
            self.world.replace_account(account.model_copy(update={"custom_fields": custom_fields}))
            self.occurred("Account/CustomField/Changed", i_account=account.i_account)
        return {"i_account": account.i_account}

    def _terminate_account(self, params: TerminateAccount) -> dict[str, Any]:
        account = self._existing(params)
        # Assumed: a second termination succeeds and changes nothing.
        if account.bill_status != _CLOSED:
            self.world.close_account(account.i_account)
            self.occurred("Account/Status/Closed", i_account=account.i_account)
            if params.release_assigned_did:
                self.release_numbers(account.i_account)
        return {"success": 1}

    def _replace(self, account: Account) -> dict[str, Any]:
        """Store a changed account and raise the events of what changed."""
        before = self._snapshot(account.i_account)
        try:
            self.world.replace_account(account)
        except WorldError as error:
            raise Fault(DUPLICATE_ID, str(error)) from error
        for event_type, variables in account_events(before, self._snapshot(account.i_account)):
            self.occurred(event_type, **variables)
        return {"i_account": account.i_account}

    def _snapshot(self, i_account: int) -> Mapping[str, Any]:
        return account_info(self._existing(AccountKey(i_account=i_account)), self.world, detailed=True)

    def _changed(self, account: Account, fields: Mapping[str, Any]) -> Account:
        """An account with these fields of an `account_info` in the place of its own, where they differ."""
        own: dict[str, Any] = {name: fields[name] for name in _OWN if name in fields}
        if "blocked" in fields:
            own["blocked"] = fields["blocked"] == "Y"
        now = account_info(account, self.world, detailed=True)
        further = {
            name: value
            for name, value in fields.items()
            if name not in COMPUTED | OWN_OF_ACCOUNT and (name not in now or now[name] != value)
        }
        return account.model_copy(update={**own, "info": {**account.info, **further}})

    def _check_references(self, account: Account, before: Account | None = None) -> None:
        """Refuse what names no record; what was so before may stay. The faults are assumed."""
        is_moved = not before or account.i_customer != before.i_customer
        if is_moved and self.world.open_customer(account.i_customer) is None:
            raise Fault(BAD_PARAMS, f"There is no open customer {account.i_customer}")
        is_another = not before or account.i_product != before.i_product
        if is_another and not self.world.has_product(account.i_product):
            raise Fault(BAD_PARAMS, f"There is no product {account.i_product}")
        if not before or account.i_master_account != before.i_master_account:
            self._check_master(account)

    def _check_master(self, account: Account) -> None:
        if account.i_master_account is None:
            return
        master = self.world.open_account(account.i_master_account)
        is_free = master is not None and master.i_master_account is None
        if not is_free or account.i_account == account.i_master_account or aliases(account, self.world):
            raise Fault(
                BAD_PARAMS,
                f"{account.i_master_account} is no master for {account.id!r}: it must be another account, "
                "open and no alias, and an account that has aliases cannot become one",
            )

    def _existing(self, key: AccountKey) -> Account:
        account = self.find(key)
        if account is None:
            # Assumed: what a change of no account is refused with is not public.
            raise Fault(BAD_PARAMS, f"There is no account {key.i_account or key.id!r}")
        return account
