"""A provisioner that costs next to nothing, so that a benchmark measures the simulators.

It does what the documented story asks for, in greenlets, with the HTTP client of the load generator.
"""

import json
import os
import socket
from typing import Any, Final

import gevent
from gevent.pywsgi import WSGIServer
from geventhttpclient import HTTPClient
from geventhttpclient.url import URL

STATUSES: Final = {"completed": "OK", "failed": "FAILED", "retrying": "RETRY", "in_progress": "IN_PROGRESS"}
SERVICES: Final = ("HSS", "PCRF")
CONNECTIONS: Final = 16
BACKLOG: Final = 1024


class Neighbour:
    """One of the simulators, by kept connections."""

    def __init__(self, address: str) -> None:
        url = URL(address)
        self._client = HTTPClient(url.host, url.port, concurrency=CONNECTIONS, network_timeout=30.0)

    def post(self, path: str, body: Any, authorization: str = "") -> Any:
        """Post JSON and read JSON."""
        headers = {"Content-Type": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        answer = self._client.post(path, json.dumps(body), headers)
        return json.loads(answer.read() or b"{}")


class Provisioner:
    """The five duties without a safety net."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self._billing, self._oms = Neighbour(env["PORTABILLING_URL"]), Neighbour(env["OMS_URL"])
        self._session: Any = {}
        self._accounts: dict[str, int] = {}

    def take_event(self, event: Any) -> None:
        """Query, order, and report that the work has begun."""
        variables = event["variables"]
        asked = {"i_account": int(variables["i_account"])}
        account = self._ask("Account/get_account_info", asked)["account_info"]
        card = self._ask("SIMCard/get_sim_card_info", asked)["sim_card_info"]
        reference = f"order-{variables['i_event']}"
        self._accounts[reference] = asked["i_account"]
        order = {
            "reference": reference,
            "action": "activate",
            "account": {
                "i_account": asked["i_account"],
                "id": account["id"],
                **{name: card[name] for name in ("msisdn", "imsi", "iccid")},
            },
            "services": list(SERVICES),
            "notify_url": self._env["NOTIFY_URL"],
        }
        self._oms.post("/orders", order, f"Bearer {self._env['OMS_TOKEN']}")
        for service in SERVICES:
            self._report(asked["i_account"], service, "IN_PROGRESS")

    def take_notification(self, notice: Any) -> None:
        """Report what the OMS tells."""
        self._report(self._accounts[notice["reference"]], notice["service"], STATUSES[notice["state"]])

    def _ask(self, method: str, params: Any) -> Any:
        who = {"session_id": self._login()["session_id"]}
        return self._billing.post(f"/rest/{method}", {"auth_info": who, "params": params})

    def _login(self) -> Any:
        if not self._session:
            who = {"login": self._env["LOGIN"], "password": self._env["PASSWORD"]}
            self._session = self._billing.post("/rest/Session/login", {"params": who})
        return self._session

    def _report(self, i_account: int, group: str, status: str) -> None:
        path = f"/espf/v1/account/i/{i_account}/status"
        self._billing.post(
            path, {"status": status, "group": group}, f"Bearer {self._login()['access_token']}"
        )


def main() -> None:
    """Serve at the port of the environment."""
    provisioner = Provisioner(os.environ)
    duties = {"/events": provisioner.take_event, "/notifications": provisioner.take_notification}

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if duty := duties.get(environ["PATH_INFO"]):
            gevent.spawn(duty, json.loads(environ["wsgi.input"].read()))
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=BACKLOG)
    # Without it each answer waits for the acknowledgement of its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)
    WSGIServer(listener, app, log=None).serve_forever()


if __name__ == "__main__":
    main()
