"""A faulty provisioner: it ends in the middle of its work, after so many events (DIE_AFTER)."""

import os
from itertools import count

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Event
from reference_provisioner.store import Store

AFTER = int(os.environ.get("DIE_AFTER", "100"))
NUMBERS = count(1)


class MortalStore(Store):
    """Bears so much and no more."""

    def add_event(self, event: Event) -> bool:
        """Store the event, or end all."""
        if next(NUMBERS) > AFTER:
            os._exit(9)
        return super().add_event(event)


if __name__ == "__main__":
    vars(provisioner)["Store"] = MortalStore
    main()
