"""A legal variant: it leaves IN_PROGRESS out, which is a SHOULD (STATUS-IN-PROGRESS)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Status
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store


class QuietStore(Store):
    """Reports outcomes alone."""

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """End the task, and report a refusal only."""
        if status is Status.IN_PROGRESS:
            self.finish(task)
        else:
            super().finish_order(task, order, status=status, order_id=order_id)


if __name__ == "__main__":
    vars(provisioner)["Store"] = QuietStore
    main()
