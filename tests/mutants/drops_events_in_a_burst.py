"""A faulty provisioner: it takes ten events a second, and loses the others (WHOLE-RATE)."""

import time

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.receive_events import EventReceiver

ROOM = 10
RECENT: list[float] = []


class SmallReceiver(EventReceiver):
    """Holds ten events at a time."""

    def receive(self, body: bytes) -> None:
        """Forget what comes faster than ten a second."""
        now = time.monotonic()
        RECENT[:] = [moment for moment in RECENT if now - moment < 1]
        if len(RECENT) < ROOM:
            RECENT.append(now)
            super().receive(body)


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = SmallReceiver
    main()
