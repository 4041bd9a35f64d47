"""Duty 3, send the subscriber data: the client of the OMS."""

import logging
from dataclasses import dataclass

from pydantic import SecretStr

from reference_provisioner.dialect import Dialect
from reference_provisioner.errors import RefusedError
from reference_provisioner.models import Order, Status
from reference_provisioner.neighbour import HttpClient, require_taken
from reference_provisioner.outbox import Task
from reference_provisioner.store import Store

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

    def __call__(self, task: Task) -> str:
        """Do the step, tell how it ended; raises NeighbourError when it is to be done again (ORDER-RETRY)."""
        order = Order.model_validate(task.payload)
        about = {
            "order": order.reference,
            "i_event": order.i_event,
            "i_account": order.subscriber.i_account,
            "action": order.action,
        }
        try:
            order_id = self._send(order)
        except RefusedError as refusal:
            # ORDER-REFUSED
            log.warning("order refused: %s", refusal, extra=about)
            self.store.finish_order(task, order, status=Status.FAILED)
            return "refused"
        log.info("order accepted", extra=about)
        self.store.finish_order(task, order, status=Status.IN_PROGRESS, order_id=order_id)
        return "accepted"

    def _send(self, order: Order) -> str | None:
        answer = self.http.post(
            self.oms_url + self.dialect.orders_path,
            token=self.token.get_secret_value(),
            json=self.dialect.write_order(order, notify_url=self.notify_url),
        )
        require_taken(answer)
        return self.dialect.read_order_id(answer.body)
