"""A faulty provisioner: it leaves IN_PROGRESS out where it reports by ID (STATUS-URL-EQUIVALENT)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Status
from reference_provisioner.outbox import Task
from reference_provisioner.update_status import UpdateStatus


class UnequalUpdate(UpdateStatus):
    """Does not do by one form what it does by the other."""

    def __call__(self, task: Task) -> str:
        """Leave IN_PROGRESS out, with IDs alone."""
        if self.url_form == "id" and task.payload["status"] == Status.IN_PROGRESS:
            self.store.finish(task)
            return "nothing"
        return super().__call__(task)


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = UnequalUpdate
    main()
