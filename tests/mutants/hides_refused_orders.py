"""A faulty provisioner: it reports nothing of an order that the OMS refuses for good (ORDER-REFUSED)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Status
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store


class SilentStore(Store):
    """Knows no failure of an order."""

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """End the task, and report acceptance alone."""
        if status is Status.FAILED:
            self.finish(task)
        else:
            super().finish_order(task, order, status=status, order_id=order_id)


if __name__ == "__main__":
    vars(provisioner)["Store"] = SilentStore
    main()
