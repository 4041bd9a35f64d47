"""A faulty provisioner: it renews a dead session, and forgets the event (DATA-SESSION-EXPIRY)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import RefusedError
from reference_provisioner.outbox import Task
from reference_provisioner.query_subscriber import PortaBilling, QuerySubscriber


class StrictPortaBilling(PortaBilling):
    """Asks once."""

    def _post(self, method: str, i_account: int, token: str) -> tuple[bool, dict[str, Any]]:
        ok, reply = super()._post(method, i_account, token)
        if not ok and "check_auth" in str(reply.get("faultcode")):
            self.session.token(refused=token)
            raise RefusedError("the session is dead")
        return ok, reply


class ForgetfulQuery(QuerySubscriber):
    """Ends an event that it could not look up."""

    def __call__(self, task: Task) -> str:
        """Give up at a dead session."""
        try:
            return super().__call__(task)
        except RefusedError:
            self.store.finish(task)
            return "nothing"


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = StrictPortaBilling
    vars(provisioner)["QuerySubscriber"] = ForgetfulQuery
    main()
