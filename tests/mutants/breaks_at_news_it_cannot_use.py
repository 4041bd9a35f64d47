"""A faulty provisioner: it answers 500 to a notification that it cannot use (NOTICE-ANSWER)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import RequestError
from reference_provisioner.receive_notifications import NotificationReceiver


class FragileReceiver(NotificationReceiver):
    """Is not prepared for mistakes."""

    def receive(self, body: bytes) -> None:
        """Break at what cannot be read."""
        try:
            super().receive(body)
        except RequestError as error:
            raise RuntimeError from error


if __name__ == "__main__":
    vars(provisioner)["NotificationReceiver"] = FragileReceiver
    main()
