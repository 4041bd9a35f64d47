"""A faulty provisioner: it refuses an event when its own look-up fails (EVENT-RESEND)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import MalformedError, NeighbourError
from reference_provisioner.query_subscriber import PortaBilling
from reference_provisioner.receive_events import EventReceiver, read_event

LOOK_UPS: list[PortaBilling] = []


class KeptPortaBilling(PortaBilling):
    """Is found by the receiver."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        LOOK_UPS.append(self)


class AnxiousReceiver(EventReceiver):
    """Takes an event only when PortaBilling answers."""

    def receive(self, body: bytes) -> None:
        """Refuse for good what only fails at the moment."""
        event = read_event(body, actions=self.actions)
        try:
            if event:
                LOOK_UPS[0].account(event.i_account)
        except NeighbourError as error:
            raise MalformedError("no such account") from error
        super().receive(body)


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = KeptPortaBilling
    vars(provisioner)["EventReceiver"] = AnxiousReceiver
    main()
