"""A faulty provisioner: it refuses an event with a variable that it does not know (EVENT-EXTRA)."""

import json

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import MalformedError
from reference_provisioner.receive_events import EventReceiver


class NarrowReceiver(EventReceiver):
    """Takes what it knows, to the letter."""

    def receive(self, body: bytes) -> None:
        """Refuses what is more than the two ids and the time."""
        if set(json.loads(body)["variables"]) - {"i_account", "i_event", "event_time", "i_env"}:
            raise MalformedError("unknown variables")
        super().receive(body)


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = NarrowReceiver
    main()
