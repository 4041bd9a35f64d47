"""A faulty provisioner: it believes what came last, not what occurred last (NOTICE-REORDERED)."""

from datetime import UTC, datetime

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Report
from reference_provisioner.store import Store


class GullibleStore(Store):
    """Takes each notification for the newest."""

    def add_report(self, report: Report) -> bool:
        """Date the report by its arrival."""
        return super().add_report(report.model_copy(update={"occurred_at": datetime.now(UTC)}))


if __name__ == "__main__":
    vars(provisioner)["Store"] = GullibleStore
    main()
