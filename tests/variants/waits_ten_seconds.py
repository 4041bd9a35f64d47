"""A legal variant: it tries again ten seconds later, reports in JSON, and each status a second time."""

import os

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import StatusUpdate
from reference_provisioner.update_status import UpdateStatus


class EagerUpdate(UpdateStatus):
    """Says it twice, which changes nothing."""

    def _report(self, update: StatusUpdate) -> None:
        super()._report(update)
        super()._report(update)


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = EagerUpdate
    os.environ |= {"RETRY_BASE_SECONDS": "10", "RETRY_CAP_SECONDS": "10", "BODY_FORM": "json"}
    main()
