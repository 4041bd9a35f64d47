"""A faulty provisioner: it asks PortaBilling for its version all the time (WHOLE-QUIET)."""

import threading
from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.neighbour import HttpClient
from reference_provisioner.session import ApiSession


class RestlessSession(ApiSession):
    """Never lets PortaBilling alone."""

    def __init__(self, http: HttpClient, **options: Any) -> None:
        super().__init__(http, **options)
        url = options["portabilling_url"]
        asking = threading.Thread(target=_ask_for_ever, args=(http, f"{url}/rest/Session/ping"), daemon=True)
        asking.start()


def _ask_for_ever(http: HttpClient, url: str) -> None:
    while True:
        http.post(url, json={})


if __name__ == "__main__":
    vars(provisioner)["ApiSession"] = RestlessSession
    main()
