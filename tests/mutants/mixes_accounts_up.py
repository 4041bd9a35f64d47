"""A faulty provisioner: it takes each notification for one of its newest order (NOTICE-INTERLEAVED)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Report
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store

NEWEST: list[str] = []


class MuddledStore(Store):
    """Knows one order at a time."""

    def make_order(self, task: Task, order: Order) -> None:
        """Remember the newest order."""
        NEWEST[:] = [order.reference]
        super().make_order(task, order)

    def add_report(self, report: Report) -> bool:
        """Ask no notification whose it is."""
        newest = NEWEST[0] if NEWEST else report.reference
        return super().add_report(report.model_copy(update={"reference": newest}))


if __name__ == "__main__":
    vars(provisioner)["Store"] = MuddledStore
    main()
