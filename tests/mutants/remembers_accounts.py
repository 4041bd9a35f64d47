"""A faulty provisioner: it asks PortaBilling about each account once, and never again (DATA-QUERY)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.query_subscriber import PortaBilling

REPLIES: dict[tuple[str, int], dict[str, Any]] = {}


class RememberingPortaBilling(PortaBilling):
    """Believes that nothing changes."""

    def _call(self, method: str, i_account: int) -> dict[str, Any]:
        key = (method, i_account)
        if key not in REPLIES:
            REPLIES[key] = super()._call(method, i_account)
        return REPLIES[key]


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = RememberingPortaBilling
    main()
