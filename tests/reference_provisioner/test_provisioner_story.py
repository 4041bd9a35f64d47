"""The provisioner as a whole, between tiny stubs of its three neighbours that live in this process."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server

from reference_provisioner.provisioner import Provisioner
from reference_provisioner.settings import Settings

AUTH = ("espf", "offline-events")
PATIENCE = 20.0
ID = "12065550189#1@msisdn"


class Neighbours:
    """PortaBilling, the ESPF API and the OMS behind one address; they note what they are asked."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.url = ""
        self.bill_status = "O"
        self.orders: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, str, str]] = []
        self.refusals: dict[str, list[int]] = {"/rest/Account": [], "/orders": [], "/espf": []}
        self.before_order_is_answered: Callable[[dict[str, Any]], object] = lambda _order: None

    def serve(self, request: Request) -> Response:
        """Answer one request, or refuse it as the test has planned."""
        target = request.environ["REQUEST_URI"]
        with self.changed:
            for prefix, codes in self.refusals.items():
                if target.startswith(prefix) and codes:
                    self.changed.notify_all()
                    return Response('{"faultcode": "Server.trouble"}', codes.pop(0))
        return Response(json.dumps(self._answer(target, request)), content_type="application/json")

    def _answer(self, target: str, request: Request) -> dict[str, Any]:
        body = request.get_data(as_text=True)
        if target.startswith("/rest/"):
            replies: dict[str, dict[str, Any]] = {
                "/rest/Session/login": {"access_token": "token", "expires_in": 900},
                "/rest/Account/get_account_info": {
                    "account_info": {"i_account": 189, "id": ID, "bill_status": self.bill_status}
                },
                "/rest/SIMCard/get_sim_card_info": {
                    "sim_card_info": {"imsi": "001", "iccid": "89", "msisdn": "1"}
                },
            }
            return replies[target]
        if target == "/orders":
            return self._take_order(json.loads(body))
        fields = dict(parse_qsl(body))
        with self.changed:
            self.statuses.append((target, fields["group"], fields["status"]))
            self.changed.notify_all()
        return {}

    def _take_order(self, order: dict[str, Any]) -> dict[str, Any]:
        with self.changed:
            self.orders.append(order)
        self.before_order_is_answered(order)
        return {"order_id": "o-1", "reference": order["reference"], "state": "accepted"}

    def wait_for_statuses(self, count: int) -> list[tuple[str, str]]:
        """Return group and status of the first so many updates, once they have come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.statuses) >= count, PATIENCE), self.statuses
            return [(group, status) for _target, group, status in self.statuses]


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    """Give the test its neighbours, on a free port."""
    stubs = Neighbours()
    server = make_server("127.0.0.1", 0, Request.application(stubs.serve), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stubs.url = f"http://127.0.0.1:{server.server_port}"
    yield stubs
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def running(neighbours: Neighbours, folder: Path, **settings: Any) -> Iterator[Provisioner]:
    """Run a provisioner between the neighbours, on the database in the folder."""
    values: dict[str, Any] = {
        "port": 1,
        "portabilling_url": neighbours.url,
        "oms_url": neighbours.url,
        "login": "provisioner",
        "password": "offline-only",
        "oms_token": "offline-oms",
        "event_user": AUTH[0],
        "event_password": AUTH[1],
        "notify_url": "http://127.0.0.1:1/notifications",
        "database": str(folder / "provisioner.sqlite"),
        "retry_base_seconds": 0.01,
    }
    provisioner = Provisioner(Settings(**values | settings))
    provisioner.start()
    try:
        yield provisioner
    finally:
        provisioner.stop()


def send_event(provisioner: Provisioner, event_type: str = "Account/New", i_event: int = 5) -> None:
    """Deliver an event about account 189, which must be answered 200."""
    body = {"event_type": event_type, "variables": {"i_account": 189, "i_event": i_event}}
    assert provisioner.app.test_client().post("/events", json=body, auth=AUTH).status_code == 200


def notify(provisioner: Provisioner, service: str, state: str, *, minute: int = 10) -> None:
    """Deliver a notification about the order of event 5, which must be answered 200."""
    body = {
        "notification_id": f"{service}-{minute}",
        "order_id": "o-1",
        "reference": "event-5",
        "service": service,
        "state": state,
        "occurred_at": f"2026-01-01T00:{minute}:00Z",
    }
    assert provisioner.app.test_client().post("/notifications", json=body).status_code == 200


PATHS = [
    ("i_account", "/espf/v1/account/i/189/status"),
    ("id", "/espf/v1/account/12065550189%231%40msisdn/status"),
]


@pytest.mark.parametrize(("url_form", "path"), PATHS)
def test_the_documented_story(neighbours: Neighbours, tmp_path: Path, url_form: str, path: str) -> None:
    """An event becomes an order; its two notifications become the statuses of the two groups."""
    with running(neighbours, tmp_path, url_form=url_form) as provisioner:
        send_event(provisioner)
        assert sorted(neighbours.wait_for_statuses(2)) == [("HSS", "IN_PROGRESS"), ("PCRF", "IN_PROGRESS")]
        notify(provisioner, "HSS", "completed")
        assert neighbours.wait_for_statuses(3)[2:] == [("HSS", "OK")]
        notify(provisioner, "PCRF", "failed")
        assert neighbours.wait_for_statuses(4)[3:] == [("PCRF", "FAILED")]
    assert {target for target, _group, _status in neighbours.statuses} == {path}
    (order,) = neighbours.orders
    assert (order["reference"], order["action"], order["services"]) == (
        "event-5",
        "activate",
        ["HSS", "PCRF"],
    )
    assert order["account"] == {"i_account": 189, "id": ID, "msisdn": "1", "imsi": "001", "iccid": "89"}


def test_trouble_of_every_neighbour_is_outlived(neighbours: Neighbours, tmp_path: Path) -> None:
    """Faults, busy answers and refused tokens delay the story, and the order keeps its reference."""
    neighbours.refusals = {"/rest/Account": [500, 502], "/orders": [503, 429, 401], "/espf": [500, 401, 302]}
    with running(neighbours, tmp_path, services=("HSS",)) as provisioner:
        send_event(provisioner)
        assert neighbours.wait_for_statuses(1) == [("HSS", "IN_PROGRESS")]
        notify(provisioner, "HSS", "completed")
        assert neighbours.wait_for_statuses(2)[1:] == [("HSS", "OK")]
    assert [order["reference"] for order in neighbours.orders] == ["event-5"]


def test_a_refused_order_fails_its_groups(neighbours: Neighbours, tmp_path: Path) -> None:
    """An order that is refused for good is not repeated, and each of its groups is FAILED."""
    neighbours.refusals["/orders"] = [422]
    with running(neighbours, tmp_path) as provisioner:
        send_event(provisioner)
        assert sorted(neighbours.wait_for_statuses(2)) == [("HSS", "FAILED"), ("PCRF", "FAILED")]
    assert neighbours.orders == []


def test_a_refused_status_does_not_hold_up_the_next(neighbours: Neighbours, tmp_path: Path) -> None:
    """A status that is refused for good is given up, and the group's next one is reported."""
    neighbours.refusals["/espf"] = [404]
    with running(neighbours, tmp_path, services=("HSS",)) as provisioner:
        send_event(provisioner)
        with neighbours.changed:
            assert neighbours.changed.wait_for(lambda: not neighbours.refusals["/espf"], PATIENCE)
        notify(provisioner, "HSS", "completed")
        assert neighbours.wait_for_statuses(1) == [("HSS", "OK")]


def test_a_notification_may_overtake_its_orders_answer(neighbours: Neighbours, tmp_path: Path) -> None:
    """An outcome that comes before the order is answered is not overwritten by IN_PROGRESS."""
    with running(neighbours, tmp_path) as provisioner:
        neighbours.before_order_is_answered = lambda _order: notify(provisioner, "HSS", "completed")
        send_event(provisioner)
        assert sorted(neighbours.wait_for_statuses(2)) == [("HSS", "OK"), ("PCRF", "IN_PROGRESS")]


def test_a_closed_account_is_not_activated(neighbours: Neighbours, tmp_path: Path) -> None:
    """An activation that comes late orders nothing, whereas the deactivation is ordered."""
    neighbours.bill_status = "C"
    with running(neighbours, tmp_path) as provisioner:
        send_event(provisioner, i_event=4)
        send_event(provisioner, "Account/Status/Closed", i_event=5)
        neighbours.wait_for_statuses(2)
    assert [(order["reference"], order["action"]) for order in neighbours.orders] == [
        ("event-5", "deactivate")
    ]


def test_a_restart_finishes_what_was_acknowledged(neighbours: Neighbours, tmp_path: Path) -> None:
    """What one process took, the next one on the same database brings to its end."""
    neighbours.refusals["/orders"] = [503]
    with running(neighbours, tmp_path, retry_base_seconds=0.2) as stopped:
        send_event(stopped)
        with neighbours.changed:
            assert neighbours.changed.wait_for(lambda: not neighbours.refusals["/orders"], PATIENCE)
    with running(neighbours, tmp_path) as restarted:
        send_event(restarted)
        neighbours.wait_for_statuses(2)
        notify(restarted, "HSS", "retrying")
        assert neighbours.wait_for_statuses(3)[2:] == [("HSS", "RETRY")]
    assert len(neighbours.orders) == 1
