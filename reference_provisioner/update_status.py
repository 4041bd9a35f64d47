"""Duty 5, update the provisioning status: the client of the ESPF API."""

import logging
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import requests

from reference_provisioner.errors import RefusedError
from reference_provisioner.models import StatusUpdate
from reference_provisioner.neighbour import HttpClient, require_taken
from reference_provisioner.session import ApiSession
from reference_provisioner.store import Store, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class UpdateStatus:
    """The step that reports one status of one account and group."""

    http: HttpClient
    session: ApiSession
    store: Store
    espf_url: str
    url_form: Literal["i_account", "id"]
    body_form: Literal["form", "json"]

    def __call__(self, task: Task) -> None:
        """Do the step; raises NeighbourError when it has to be done again (STATUS-RETRY)."""
        update = StatusUpdate.model_validate(task.payload)
        about = (update.reference, update.i_account, update.group, update.status)
        try:
            self._report(update)
        except RefusedError as refusal:
            # STATUS-REFUSED
            log.error("order %s, account %d, group %s: %s refused: %s", *about, refusal)  # noqa: TRY400 - no surprise
        else:
            log.info("order %s, account %d, group %s: %s reported", *about)
        self.store.finish(task)

    def _report(self, update: StatusUpdate) -> None:
        token = self.session.token()
        answer = self._post(update, token)
        # STATUS-AUTH: on the ESPF API a dead session is 401, whereas on the JSON API it is a fault.
        if answer.status_code == requests.codes.unauthorized:
            answer = self._post(update, self.session.token(refused=token))
        require_taken(answer)

    def _post(self, update: StatusUpdate, token: str) -> requests.Response:
        url = self.espf_url + status_path(update, url_form=self.url_form)
        body = {"status": update.status.value, "group": update.group}
        if self.body_form == "json":
            return self.http.post(url, token=token, json=body)
        return self.http.post(url, token=token, form=body)


def status_path(update: StatusUpdate, *, url_form: Literal["i_account", "id"]) -> str:
    """Return the path of the account's status in either of the two documented forms."""
    if url_form == "i_account":
        return f"/espf/v1/account/i/{update.i_account}/status"
    # STATUS-URL-ID: an id may hold `#`, `/`, `%`, `?` or a blank, so nothing is safe.
    return f"/espf/v1/account/{quote(update.account_id, safe='')}/status"
