"""A legal variant: each status is sent up to 300 ms late, one per account and group at a time."""

import random
import time

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import StatusUpdate
from reference_provisioner.update_status import UpdateStatus

LATENESS = 0.3


class LateUpdate(UpdateStatus):
    """Takes its time."""

    def _report(self, update: StatusUpdate) -> None:
        time.sleep(random.uniform(0, LATENESS))
        super()._report(update)


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = LateUpdate
    main()
