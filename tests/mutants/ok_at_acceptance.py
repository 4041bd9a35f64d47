"""A faulty provisioner: it reports OK as soon as the OMS accepts the order (STATUS-NOT-EARLY)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Status
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store


class HastyStore(Store):
    """Takes an accepted order for a finished one."""

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """Store OK where work is only under way."""
        hasty = Status.OK if status is Status.IN_PROGRESS else status
        super().finish_order(task, order, status=hasty, order_id=order_id)


if __name__ == "__main__":
    vars(provisioner)["Store"] = HastyStore
    main()
