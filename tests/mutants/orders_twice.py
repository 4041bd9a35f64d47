"""A faulty provisioner: it places each order a second time, under another reference (ORDER-ONCE)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Report
from reference_provisioner.send_order import SendOrder
from reference_provisioner.store import Store

AGAIN = "-again"


class DoubleOrder(SendOrder):
    """Goes for sure."""

    def _send(self, order: Order) -> str | None:
        super()._send(order.model_copy(update={"reference": order.reference + AGAIN}))
        return super()._send(order)


class TolerantStore(Store):
    """Knows both orders for one."""

    def add_report(self, report: Report) -> bool:
        """Take news of either for news of the first."""
        reference = (report.reference or "").removesuffix(AGAIN)
        return super().add_report(report.model_copy(update={"reference": reference}))


if __name__ == "__main__":
    vars(provisioner)["SendOrder"] = DoubleOrder
    vars(provisioner)["Store"] = TolerantStore
    main()
