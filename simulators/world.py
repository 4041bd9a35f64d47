"""The world's data: accounts, groups, users and credentials, read from a file or made at run time."""

from base64 import b64encode
from collections.abc import Mapping
from itertools import count
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from simulators.bundled import load
from simulators.errors import WorldError
from simulators.validation import InvalidFileError, Strict

# Registered in every PortaSwitch, in the order of their ids (P, S32).
PREDEFINED_GROUPS: Final = (
    "VoIP", "HSS", "PCRF", "IPTV", "WiMAX", "Netaccess", "NumberPortability", "LawfulInterception",
)  # fmt: skip
# The documented example of a custom group has i_group 1001 (S32).
FIRST_CUSTOM_GROUP: Final = 1001
MAX_GROUP_NAME: Final = 64

Outcome = Literal["completed", "failed"]


class Account(Strict):
    """A subscriber's account with the data of its SIM card."""

    i_account: Annotated[int, Field(ge=1, lt=2**31)]
    # Any string of at most 64 characters (S30).
    id: Annotated[str, Field(min_length=1, max_length=64)]
    msisdn: str
    imsi: Annotated[str, Field(pattern=r"^\d{6,15}$")]
    iccid: Annotated[str, Field(pattern=r"^\d{18,22}$")]
    i_customer: int = 1
    # O open, I inactive, C closed, S suspended (S23).
    bill_status: Literal["O", "I", "C", "S"] = "O"
    # The services that the account needs; None stands for all of them.
    services: tuple[str, ...] | None = None


class User(Strict):
    """An API user of PortaBilling, with the claims that its access tokens carry (S25)."""

    login: str
    password: str
    api_token: str
    i_user: int = 1
    i_env: int = 1
    realm: Literal["admin", "accounts"] = "admin"
    scopes: str = "espf.api:write espf.handlers:write"
    audience: tuple[str, ...] = ("portabilling-api", "portasip-api", "espf-api")
    is_super_user: bool = False
    # The web password's life is 30 days by default; an expired one cannot log in (S18, S26).
    password_expired: bool = False


class EventCredentials(Strict):
    """What the ESPF shows to a provisioner: Basic, or an operator's own type word and value (S2, S20).

    The third documented method, `signature`, is not imitated: its algorithm is not public.
    """

    user: str = ""
    password: str = ""
    type: Annotated[str, Field(pattern=r"^\S*$")] = ""
    value: Annotated[str, Field(pattern=r"^\S*$")] = ""
    # The header's name may be replaced by a custom one (S20).
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "Authorization"

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


class Plan(Strict):
    """What the OMS makes of an ordered service, `delay` virtual seconds after it accepted the order."""

    service: str
    outcome: Outcome = "completed"
    # Thirty years are above any plan, and safely below the end of the clock.
    delay: Annotated[float, Field(ge=0, le=1e9)] = 600.0


class OmsWorld(Strict):
    """The OMS's part of a world."""

    token: str
    plans: tuple[Plan, ...] = ()


class WorldFile(Strict):
    """A world as it stands in a file."""

    users: tuple[User, ...]
    events: EventCredentials
    oms: OmsWorld
    groups: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()


class World:
    """The state that PortaBilling's simulators share; the plans of the OMS are read from it too."""

    def __init__(self, file: WorldFile) -> None:
        self.users: Mapping[str, User] = {user.login: user for user in file.users}
        self.events = file.events
        self.oms = file.oms
        self._groups = {name: number for number, name in enumerate(PREDEFINED_GROUPS, start=1)}
        self._custom_numbers = count(FIRST_CUSTOM_GROUP)
        for name in file.groups:
            self.add_group(name)
        self._accounts: dict[int, Account] = {}
        self._ids: dict[str, int] = {}
        for account in file.accounts:
            self.add_account(account)

    @classmethod
    def load(cls, name: str) -> "World":
        """Read a world from a file, or by the name of one that comes with the harness.

        Raises:
            WorldError: the file cannot be used; every mistake in it is named.
        """
        try:
            return cls(load("worlds", name, WorldFile)[1])
        except InvalidFileError as error:
            raise WorldError(str(error)) from error

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
        """All accounts, in the order of their making."""
        return tuple(self._accounts.values())

    def add_account(self, account: Account) -> None:
        """Add an account.

        Raises:
            WorldError: its number or its ID is taken.
        """
        if account.i_account in self._accounts:
            raise WorldError(
                f"i_account {account.i_account} is taken: each account needs a number of its own."
            )
        if account.id in self._ids:
            raise WorldError(f"Account ID {account.id!r} is taken: each account needs an ID of its own.")
        self._accounts[account.i_account] = account
        self._ids[account.id] = account.i_account

    def account(self, i_account: int | None) -> Account | None:
        """The account with this number, or None."""
        return self._accounts.get(i_account) if i_account is not None else None

    def account_by_id(self, account_id: str) -> Account | None:
        """The account with this ID, or None."""
        return self._accounts.get(self._ids.get(account_id, 0))


def read_number(value: Any) -> int | None:
    """Read an id written as a number or as a string of digits (S17, S24); None when it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        # Python itself refuses to read thousands of digits; no id is that long.
        return int(value[:20])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def derived_account(i_account: int) -> Account:
    """The account that belongs to a number: always the same data, all told apart by the number."""
    return Account(
        i_account=i_account,
        id=f"12{i_account:010d}@msisdn",
        msisdn=f"12{i_account:010d}",
        imsi=f"00101{i_account:010d}",
        iccid=f"89001{i_account:014d}",
    )
