"""A faulty provisioner: it posts PCRF's outcome under HSS (STATUS-GROUP)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Status
from reference_provisioner.outbox import Task
from reference_provisioner.update_status import UpdateStatus


class MuddledUpdate(UpdateStatus):
    """Knows one group for all outcomes."""

    def __call__(self, task: Task) -> str:
        """Report an outcome of PCRF as one of HSS."""
        is_outcome = task.payload["status"] in {Status.OK, Status.FAILED}
        if is_outcome and task.payload["group"] == "PCRF":
            task.payload["group"] = "HSS"
        return super().__call__(task)


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = MuddledUpdate
    main()
