"""A faulty provisioner: it takes one event at a time, and loses the others (EVENT-CONCURRENT)."""

import threading
import time

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.receive_events import EventReceiver

BUSY = threading.Lock()


class SingleReceiver(EventReceiver):
    """Does one thing at a time."""

    def receive(self, body: bytes) -> None:
        """Forget what comes meanwhile."""
        if not BUSY.acquire(blocking=False):
            return
        try:
            # Work that takes its time.
            time.sleep(0.1)
            super().receive(body)
        finally:
            BUSY.release()


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = SingleReceiver
    main()
