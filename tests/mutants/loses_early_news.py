"""A faulty provisioner: it drops a notification that comes before its order was answered (NOTICE-EARLY)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Report, Status
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store

ANSWERED: set[str] = set()


class BlindStore(Store):
    """Sees an order once it was answered."""

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """Remember that the order was answered."""
        ANSWERED.add(order.reference)
        super().finish_order(task, order, status=status, order_id=order_id)

    def add_report(self, report: Report) -> bool:
        """Drop what comes too early."""
        return report.reference in ANSWERED and super().add_report(report)


if __name__ == "__main__":
    vars(provisioner)["Store"] = BlindStore
    main()
