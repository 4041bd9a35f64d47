"""The world's data: accounts, groups, users and credentials, read from a file or made at run time."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from simulators.bundled import load
from simulators.errors import WorldError
from simulators.validation import InvalidFileError, Strict

# Registered in every PortaSwitch, in the order of their ids (P, S32).
PREDEFINED_GROUPS: Final = (
    "VoIP", "HSS", "PCRF", "IPTV", "WiMAX", "Netaccess", "NumberPortability", "LawfulInterception",
)  # fmt: skip
# The documented example of a custom group has i_group 1001 (S32).
FIRST_CUSTOM_GROUP: Final = 1001

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
    """An API user of PortaBilling."""

    login: str
    password: str
    api_token: str


class EventCredentials(Strict):
    """What the ESPF shows to a provisioner."""

    user: str
    password: str


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
        self.groups: Mapping[str, int] = {
            **{name: number for number, name in enumerate(PREDEFINED_GROUPS, start=1)},
            **{name: number for number, name in enumerate(file.groups, start=FIRST_CUSTOM_GROUP)},
        }
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


def read_i_account(value: Any) -> int | None:
    """Read an i_account written as a number or as a string of digits (S17, S24); None when it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        # Python itself refuses to read thousands of digits; no i_account is that long.
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
