"""A faulty provisioner: it answers 500 to an event that it cannot read (EVENT-MALFORMED)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import MalformedError
from reference_provisioner.receive_events import EventReceiver


class FragileReceiver(EventReceiver):
    """Is not prepared for mistakes."""

    def receive(self, body: bytes) -> None:
        """Breaks, so that ESPF sends the event for ever."""
        try:
            super().receive(body)
        except MalformedError as error:
            raise RuntimeError from error


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = FragileReceiver
    main()
