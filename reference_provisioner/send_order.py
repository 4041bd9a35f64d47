"""Duty 3, send the subscriber data: the client of the OMS."""

import logging
from dataclasses import dataclass

from pydantic import SecretStr

from reference_provisioner.dialect import Dialect
from reference_provisioner.errors import RefusedError
from reference_provisioner.models import Order, Status
from reference_provisioner.neighbour import HttpClient, require_taken
from reference_provisioner.store import Store, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SendOrder:
    """The step from an order to what its groups are told at once: IN_PROGRESS, or FAILED."""

    http: HttpClient
    store: Store
    dialect: Dialect
    oms_url: str
    token: SecretStr
    notify_url: str

    def __call__(self, task: Task) -> None:
        """Do the step; raises NeighbourError when it has to be done again (ORDER-RETRY)."""
        order = Order.model_validate(task.payload)
        try:
            self._send(order)
        except RefusedError as refusal:
            # ORDER-REFUSED
            log.warning(
                "order %s of account %d refused: %s", order.reference, order.subscriber.i_account, refusal
            )
            self.store.finish_order(task, order, status=Status.FAILED)
        else:
            log.info("order %s of account %d accepted", order.reference, order.subscriber.i_account)
            self.store.finish_order(task, order, status=Status.IN_PROGRESS)

    def _send(self, order: Order) -> None:
        answer = self.http.post(
            self.oms_url + self.dialect.orders_path,
            token=self.token.get_secret_value(),
            json=self.dialect.write_order(order, notify_url=self.notify_url),
        )
        require_taken(answer)
