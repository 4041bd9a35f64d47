"""A faulty provisioner: it takes each fault for a dead session, without pause (DATA-FAULT)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.query_subscriber import PortaBilling


class StubbornPortaBilling(PortaBilling):
    """Knows one cause of faults."""

    def _call(self, method: str, i_account: int) -> dict[str, Any]:
        token = self.session.token()
        ok, reply = self._post(method, i_account, token)
        while not ok:
            token = self.session.token(refused=token)
            ok, reply = self._post(method, i_account, token)
        return reply


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = StubbornPortaBilling
    main()
