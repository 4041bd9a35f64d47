"""A faulty provisioner: an order whose answer was lost gets another reference (ORDER-REPLY-LOST)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Report
from reference_provisioner.outbox import Task
from reference_provisioner.send_order import SendOrder
from reference_provisioner.store import Store


class ForgetfulOrder(SendOrder):
    """Numbers its attempts."""

    def __call__(self, task: Task) -> str:
        """Give each attempt after the first a reference of its own."""
        if task.attempts:
            task.payload["reference"] = f"{task.payload['reference']}+{task.attempts}"
        return super().__call__(task)


class TolerantStore(Store):
    """Knows all attempts for one order."""

    def add_report(self, report: Report) -> bool:
        """Take news of any attempt for news of the first."""
        reference = (report.reference or "").partition("+")[0]
        return super().add_report(report.model_copy(update={"reference": reference}))


if __name__ == "__main__":
    vars(provisioner)["SendOrder"] = ForgetfulOrder
    vars(provisioner)["Store"] = TolerantStore
    main()
