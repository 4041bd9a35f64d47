"""A faulty provisioner: it drops a notification that comes before its order was answered (NOTICE-EARLY)."""

import sqlalchemy as sa

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Report
from reference_provisioner.store import Store
from reference_provisioner.tables import orders


class BlindStore(Store):
    """Sees an order once it was answered."""

    def add_report(self, report: Report) -> bool:
        """Drop what comes too early."""
        known = sa.select(orders.c.order_id).where(orders.c.reference == report.reference)
        with self._database.transaction() as connection:
            is_answered = connection.scalar(known) is not None
        return is_answered and super().add_report(report)


if __name__ == "__main__":
    vars(provisioner)["Store"] = BlindStore
    main()
