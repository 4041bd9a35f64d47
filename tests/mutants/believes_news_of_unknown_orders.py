"""A faulty provisioner: it takes news of an unknown order for news of its newest (NOTICE-UNKNOWN)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import UnknownOrderError
from reference_provisioner.models import Order, Report
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store

NEWEST: list[str] = []


class TrustingStore(Store):
    """Finds an order for all news."""

    def make_order(self, task: Task, order: Order) -> None:
        """Remember the newest order."""
        NEWEST[:] = [order.reference]
        super().make_order(task, order)

    def add_report(self, report: Report) -> bool:
        """Give what is nobody's to the newest order."""
        try:
            return super().add_report(report)
        except UnknownOrderError:
            return bool(NEWEST) and super().add_report(report.model_copy(update={"reference": NEWEST[0]}))


if __name__ == "__main__":
    vars(provisioner)["Store"] = TrustingStore
    main()
