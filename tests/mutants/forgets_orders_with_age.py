"""A faulty provisioner: it forgets orders after a quarter of an hour by its own clock (NOTICE-DELAY)."""

import time

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Report, Status
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store

LIFETIME = 15 * 60
ORDERED_AT: dict[str, float] = {}


class CacheStore(Store):
    """Keeps its orders in a cache whose entries expire."""

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """Remember when it was ordered."""
        ORDERED_AT[order.reference] = time.time()
        super().finish_order(task, order, status=status, order_id=order_id)

    def add_report(self, report: Report) -> bool:
        """Drop what is about an order that expired."""
        if time.time() - ORDERED_AT.get(str(report.reference), time.time()) > LIFETIME:
            return False
        return super().add_report(report)


if __name__ == "__main__":
    vars(provisioner)["Store"] = CacheStore
    main()
