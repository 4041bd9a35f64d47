"""Who may log in to PortaBilling: the users of a world file, and each account under its own login."""

from dataclasses import dataclass

from simulators.records import Account, User
from simulators.world import World


@dataclass(frozen=True)
class Users:
    """The users of a world as they are now."""

    world: World

    def get(self, login: str, /) -> User | None:
        """The user with this login, or None.

        An open account logs in with the `login` and the `password` or `api_token` of its `account_info`:
        clients look these up and log the account in to its own realm (S18).
        """
        if login in self.world.users:
            return self.world.users[login]
        account = self._account(login)
        if account is None:
            return None
        return User(
            login=login,
            password=account.info.get("password", ""),
            api_token=account.info.get("api_token") or "",
            i_account=account.i_account,
        )

    def set_password(self, user: User, password: str) -> User:
        """Give a user a new password, which has not expired; an account shows it in its `account_info`."""
        changed = user.model_copy(update={"password": password, "password_expired": False})
        if user.login in self.world.users:
            self.world.users[user.login] = changed
        account = self._account(user.login)
        if account and account.i_account == user.i_account:
            info = {**account.info, "password": password}
            self.world.replace_account(account.model_copy(update={"info": info}))
        return changed

    def _account(self, login: str) -> Account | None:
        account = self.world.account_by_login(login) if login else None
        return account if account and account.bill_status != "C" else None
