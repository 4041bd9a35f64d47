"""A faulty provisioner: it takes events from anybody (EVENT-AUTH)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.receive_events import EventReceiver


class OpenReceiver(EventReceiver):
    """Has an open door."""

    def authorize(self, user: str | None, password: str | None) -> None:
        """Let everybody in."""


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = OpenReceiver
    main()
