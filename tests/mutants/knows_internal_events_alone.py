"""A faulty provisioner: it refuses the types of webhooks, although it declares them (EVENT-VOCABULARY)."""

import json

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import MalformedError
from reference_provisioner.receive_events import EventReceiver


class InternalReceiver(EventReceiver):
    """Knows the internal names alone."""

    def receive(self, body: bytes) -> None:
        """Refuses what a webhook is called."""
        if json.loads(body)["event_type"].startswith("Subscriber/"):
            raise MalformedError("not an event of ESPF")
        super().receive(body)


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = InternalReceiver
    main()
