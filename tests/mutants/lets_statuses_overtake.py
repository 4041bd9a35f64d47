"""A faulty provisioner: it repeats an old status after a newer one was taken (STATUS-SEQUENCE)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.outbox import STATUS, Outbox


class HurriedOutbox(Outbox):
    """Keeps no order among statuses."""

    def put(self, connection: Any, *, kind: str, lane: str, **content: Any) -> None:
        """Give each status a lane of its own."""
        if kind == STATUS:
            lane += f":{content['payload']['status']}"
        super().put(connection, kind=kind, lane=lane, **content)


if __name__ == "__main__":
    vars(provisioner)["Outbox"] = HurriedOutbox
    main()
