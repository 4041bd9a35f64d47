"""An OMS dialect of quite another kind than `simple`: it proves that the seam carries more than one.

Orders are created at another path with 201 and another shape, notifications go to a registered hub, and
an order is told of once, when all of its services are done.
"""

import json
from typing import Any

from simulators.oms.dialect import (
    HttpReply,
    HttpRequest,
    Hub,
    Notification,
    Order,
    OrderRefusedError,
    OrderRequest,
)
from simulators.oms.plans import FINAL
from simulators.wire.transport import Answer

ACTIONS = {"add": "activate", "change": "modify", "delete": "deactivate"}


class HubDialect:
    """POST /v1/hub registers an address, POST /v1/serviceOrder creates an order."""

    def read_order(self, request: HttpRequest, *, token: str) -> OrderRequest | Hub:
        """Read either of the two."""
        if request.headers.get("X-Api-Key") != token:
            raise OrderRefusedError(403, "60", "The API key is required.")
        if request.method != "POST" or request.path not in {"/v1/hub", "/v1/serviceOrder"}:
            raise OrderRefusedError(405, "61", "Only hubs and service orders can be created.")
        try:
            return self._read(request.path, json.loads(request.body))
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise OrderRefusedError(422, "23", f"The order cannot be read: {error!r}.") from error

    def _read(self, path: str, body: Any) -> OrderRequest | Hub:
        if path == "/v1/hub":
            return Hub(notify_url=body["callback"])
        items = body["serviceOrderItem"]
        party = next(party for party in body["relatedParty"] if party["role"] == "subscriber")
        return OrderRequest(
            reference=body["externalId"],
            action=ACTIONS[items[0]["action"]],
            account={"i_account": int(party["id"]), "id": party["name"]},
            services=tuple(item["service"]["name"] for item in items),
        )

    def answer(self, accepted: Order | Hub) -> HttpReply:
        """201 for both, with the address of what was made."""
        if isinstance(accepted, Hub):
            return _reply(201, "/v1/hub/1", {"id": "1", "callback": accepted.notify_url})
        body = {"id": accepted.order_id, "state": "acknowledged", "externalId": accepted.request.reference}
        return _reply(201, f"/v1/serviceOrder/{accepted.order_id}", body)

    def refuse(self, refusal: OrderRefusedError) -> HttpReply:
        """A code and a reason."""
        return _reply(refusal.status, "", {"code": refusal.code, "reason": str(refusal)})

    def write_notification(self, notification: Notification, *, notify_url: str) -> HttpRequest | None:
        """One event for the whole order, when nothing of it is open."""
        if not all(state in FINAL for state in notification.states.values()):
            return None
        items = [{"service": name, "state": state} for name, state in notification.states.items()]
        order = {"id": notification.order.order_id, "serviceOrderItem": items}
        event = {"eventType": "ServiceOrderStateChangeEvent", "event": {"serviceOrder": order}}
        return HttpRequest(
            method="POST",
            path=notify_url,
            headers={"Content-Type": "application/json;charset=utf-8"},
            body=json.dumps(event).encode(),
        )

    def is_taken(self, answer: Answer) -> bool:
        """Only 204 is a receipt."""
        return answer.status == 204


def _reply(status: int, location: str, body: Any) -> HttpReply:
    headers = {
        "Content-Type": "application/json;charset=utf-8",
        **({"Location": location} if location else {}),
    }
    return HttpReply(status=status, body=json.dumps(body).encode(), headers=headers)
