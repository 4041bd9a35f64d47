"""A legal variant: half a second after an order without an outcome it reports FAILED, until it is told."""

import threading

import sqlalchemy as sa

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Order, Status
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store
from reference_provisioner.tables import notifications

PATIENCE = 0.5


class ImpatientStore(Store):
    """Gives an order up, and takes its outcome all the same."""

    def finish_order(self, task: Task, order: Order, *, status: Status, order_id: str | None = None) -> None:
        """End the task, and begin to wait."""
        super().finish_order(task, order, status=status, order_id=order_id)
        if status is Status.IN_PROGRESS:
            timer = threading.Timer(PATIENCE, self._give_up, [order])
            timer.daemon = True
            timer.start()

    def _give_up(self, order: Order) -> None:
        told = sa.select(notifications.c.service).where(notifications.c.reference == order.reference)
        with self._database.transaction() as connection:
            self._database.lock(connection, order.subscriber.i_account)
            known = set(connection.scalars(told))
            for service in order.services:
                if service not in known:
                    self._report(connection, order, group=service, status=Status.FAILED)


if __name__ == "__main__":
    vars(provisioner)["Store"] = ImpatientStore
    main()
