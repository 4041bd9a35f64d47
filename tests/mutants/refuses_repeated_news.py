"""A faulty provisioner: it refuses a notification that it has taken before (NOTICE-DUPLICATE)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import UnknownOrderError
from reference_provisioner.models import Report
from reference_provisioner.store import Store

SEEN: set[str] = set()


class StrictStore(Store):
    """Wants each notification once."""

    def add_report(self, report: Report) -> bool:
        """Refuse what was told before."""
        if report.notification_id in SEEN:
            raise UnknownOrderError("told before")
        is_news = super().add_report(report)
        SEEN.add(report.notification_id)
        return is_news


if __name__ == "__main__":
    vars(provisioner)["Store"] = StrictStore
    main()
