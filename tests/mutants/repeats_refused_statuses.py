"""A faulty provisioner: it repeats for ever what ESPF refuses for good (STATUS-REFUSED)."""

import os

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import NeighbourError, RefusedError
from reference_provisioner.models import StatusUpdate
from reference_provisioner.update_status import UpdateStatus


class StubbornUpdate(UpdateStatus):
    """Takes no refusal for an answer."""

    def _report(self, update: StatusUpdate) -> None:
        try:
            super()._report(update)
        except RefusedError as refusal:
            raise NeighbourError(str(refusal)) from refusal


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = StubbornUpdate
    os.environ["RETRY_CAP_SECONDS"] = "0.1"
    main()
