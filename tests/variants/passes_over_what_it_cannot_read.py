"""A legal variant: it answers 200 to what it cannot read, and forgets it, so that nobody sends it again."""

import logging

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import MalformedError, UnknownOrderError
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver

log = logging.getLogger(__name__)


class CalmEvents(EventReceiver):
    """Complains to nobody but its own log."""

    def receive(self, body: bytes) -> None:
        """Store the event, if it is one."""
        try:
            super().receive(body)
        except MalformedError as error:
            log.warning("passed over: %s", error)


class CalmNotifications(NotificationReceiver):
    """Complains to nobody but its own log."""

    def receive(self, body: bytes) -> None:
        """Store the report, if it is one about an order of its own."""
        try:
            super().receive(body)
        except (MalformedError, UnknownOrderError) as error:
            log.warning("passed over: %s", error)


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = CalmEvents
    vars(provisioner)["NotificationReceiver"] = CalmNotifications
    main()
