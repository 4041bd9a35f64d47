"""A faulty provisioner: it drops news that come half an hour after the first (NOTICE-DELAY)."""

from datetime import datetime, timedelta

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Report
from reference_provisioner.store import Store

FIRST: dict[str, datetime] = {}


class ForgetfulStore(Store):
    """Remembers an order for half an hour."""

    def add_report(self, report: Report) -> bool:
        """Take in what comes soon, and drop the rest."""
        first = FIRST.setdefault(str(report.reference), report.occurred_at)
        if report.occurred_at - first > timedelta(minutes=30):
            return False
        return super().add_report(report)


if __name__ == "__main__":
    vars(provisioner)["Store"] = ForgetfulStore
    main()
