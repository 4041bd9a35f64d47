"""A legal variant: it reports in JSON, and each status a second time, which changes nothing."""

import os

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import StatusUpdate
from reference_provisioner.update_status import UpdateStatus


class EagerUpdate(UpdateStatus):
    """Says it twice."""

    def _report(self, update: StatusUpdate) -> None:
        super()._report(update)
        super()._report(update)


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = EagerUpdate
    os.environ["BODY_FORM"] = "json"
    main()
