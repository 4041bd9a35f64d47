"""A faulty provisioner: it takes an event of any type for an activation (EVENT-UNKNOWN)."""

import json

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.receive_events import EventReceiver


class EagerReceiver(EventReceiver):
    """Reads no types."""

    def receive(self, body: bytes) -> None:
        """Take the event for one of a new account."""
        event = json.loads(body)
        if isinstance(event, dict) and event.get("event_type") not in self.actions:
            event["event_type"] = "Account/New"
        super().receive(json.dumps(event).encode())


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = EagerReceiver
    main()
