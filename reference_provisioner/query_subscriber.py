"""Duty 2, query the subscriber data: the client of the PortaBilling JSON API."""

import logging
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from reference_provisioner.errors import NeighbourError
from reference_provisioner.models import Action, Event, Order, Subscriber
from reference_provisioner.neighbour import HttpClient, json_object
from reference_provisioner.outbox import Task
from reference_provisioner.session import ApiSession
from reference_provisioner.store import Store

log = logging.getLogger(__name__)

CLOSED: Final = "C"
Info = TypeVar("Info", bound=BaseModel)


def _listed(value: object) -> object:
    return value if isinstance(value, list) else None


class AccountInfo(BaseModel):
    """What is read of an `account_info`; the other fields are ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    bill_status: str | None = None
    included_services: Annotated[list[Any] | None, BeforeValidator(_listed)] = None

    @property
    def is_closed(self) -> bool:
        """Whether the account was terminated."""
        return self.bill_status == CLOSED


class SimCardInfo(BaseModel):
    """What is read of a `sim_card_info`; all of it is absent for an account without a SIM card."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    iccid: str | None = None
    imsi: str | None = None
    msisdn: str | None = None


@dataclass(frozen=True, kw_only=True)
class PortaBilling:
    """The two look-ups, each of which raises NeighbourError when it got no answer that can be used."""

    http: HttpClient
    session: ApiSession
    portabilling_url: str

    def account(self, i_account: int) -> AccountInfo | None:
        """Return the account, closed or not, or None when there is no such account (DATA-NOT-FOUND)."""
        reply = self._call("Account/get_account_info", i_account).get("account_info")
        return None if reply is None else _read(AccountInfo, reply)

    def sim_card(self, i_account: int) -> SimCardInfo:
        """Return the data of the account's SIM card, empty when it has none."""
        return _read(
            SimCardInfo, self._call("SIMCard/get_sim_card_info", i_account).get("sim_card_info") or {}
        )

    def _call(self, method: str, i_account: int) -> dict[str, Any]:
        token = self.session.token()
        ok, reply = self._post(method, i_account, token)
        # DATA-SESSION-EXPIRY, DATA-FAULT: only this fault is about the session; any other stays what it is.
        if not ok and "check_auth" in str(reply.get("faultcode")):
            ok, reply = self._post(method, i_account, self.session.token(refused=token))
        if not ok:
            raise NeighbourError(f"{method} failed: {reply.get('faultcode', 'no faultcode')}")
        return reply

    def _post(self, method: str, i_account: int, token: str) -> tuple[bool, dict[str, Any]]:
        url = f"{self.portabilling_url}/rest/{method}"
        answer = self.http.post(url, token=token, json={"params": {"i_account": i_account}})
        # PortaBilling answers 200 or, with a fault, 500; a proxy before it may answer anything else.
        if answer.code not in {200, 500}:
            raise NeighbourError(f"{answer.code} from {url}")
        return answer.code == 200, json_object(answer)  # noqa: PLR2004 - see above


def _read(kind: type[Info], reply: object) -> Info:
    try:
        return kind.model_validate(reply)
    except ValidationError as error:
        raise NeighbourError(f"PortaBilling answered something that is not a {kind.__name__}") from error


@dataclass(frozen=True, kw_only=True)
class QuerySubscriber:
    """The step from an event to its order, or to the end of the event when nothing is to be ordered."""

    portabilling: PortaBilling
    store: Store
    services: tuple[str, ...]

    def __call__(self, task: Task) -> str:
        """Do the step and tell how it ended; raises NeighbourError when it has to be done again."""
        event = Event.model_validate(task.payload)
        about = {"i_event": event.i_event, "i_account": event.i_account, "action": event.action}
        order = self._order(event)
        if isinstance(order, str):
            log.info("nothing to order: %s", order, extra=about)
            self.store.finish(task)
            return "nothing"
        log.info("order made", extra=about | {"order": order.reference, "action": order.action})
        self.store.make_order(task, order)
        return "ordered"

    def _order(self, event: Event) -> Order | str:
        """Return the order, or why there is none."""
        account = self.portabilling.account(event.i_account)
        if account is None:
            return "there is no such account"
        # What was terminated and then changed is still to be terminated.
        if account.is_closed and Action.DEACTIVATE in event.absorbed:
            event = event.model_copy(update={"action": Action.DEACTIVATE})
        if reason := self._outdated(event, account):
            return reason
        services = services_needed(self.services, included=account.included_services)
        if not services:
            return "the account includes none of the services"
        sim_card = self.portabilling.sim_card(event.i_account)
        return Order(
            # ORDER-REPLY-LOST: derived from the event, so that each repetition says the same.
            reference=f"event-{event.i_event}",
            i_event=event.i_event,
            action=event.action,
            # The id of a closed account is another than before (`<id>-old000`, S23); i_account is the same.
            subscriber=Subscriber(i_account=event.i_account, id=account.id, **sim_card.model_dump()),
            services=services,
        )

    def _outdated(self, event: Event, account: AccountInfo) -> str | None:
        """Say why an event that was delivered late must not undo what came after it (EVENT-REORDER)."""
        if event.action is not Action.DEACTIVATE:
            return "the account is closed" if account.is_closed else None
        # While nothing newer was ordered, the event is believed: PortaBilling may answer from an older copy.
        if not account.is_closed and self.store.is_late(event):
            return "the account is open, and a newer event of it was ordered"
        return None


def services_needed(services: tuple[str, ...], *, included: list[Any] | None) -> tuple[str, ...]:
    """Return those of the services that the account includes; an account that lists none needs all."""
    return tuple(service for service in services if service in included) if included is not None else services
