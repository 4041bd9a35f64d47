"""A faulty provisioner: it takes every event, and loses one of so many (DROP_ONE_IN)."""

import os
from itertools import count

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Event
from reference_provisioner.store import Store

ONE_IN = int(os.environ.get("DROP_ONE_IN", "1000"))
NUMBERS = count(1)


class LossyStore(Store):
    """Says that it has what it has not."""

    def add_event(self, event: Event) -> bool:
        """Store the event, or forget it."""
        return False if next(NUMBERS) % ONE_IN == 0 else super().add_event(event)


if __name__ == "__main__":
    vars(provisioner)["Store"] = LossyStore
    main()
