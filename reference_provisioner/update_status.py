"""Duty 5, update the provisioning status: the client of the ESPF API."""

import logging
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from reference_provisioner.errors import RefusedError
from reference_provisioner.models import StatusUpdate
from reference_provisioner.neighbour import Answer, HttpClient, require_taken
from reference_provisioner.outbox import Task
from reference_provisioner.session import ApiSession
from reference_provisioner.store import Store

log = logging.getLogger(__name__)

UNAUTHORIZED: Final = 401
# As segments of a path they would mean "here" and "one up" (RFC 3986), and dots are never encoded by rule.
DOTS: Final = {".": "%2E", "..": "%2E%2E"}


@dataclass(frozen=True, kw_only=True)
class UpdateStatus:
    """The step that reports one status of one account and group."""

    http: HttpClient
    session: ApiSession
    store: Store
    espf_url: str
    url_form: Literal["i_account", "id"]
    body_form: Literal["form", "json"]

    def __call__(self, task: Task) -> str:
        """Do the step, tell how it ended; raises NeighbourError when to be done again (STATUS-RETRY)."""
        update = StatusUpdate.model_validate(task.payload)
        about = {
            "order": update.reference,
            "i_account": update.i_account,
            "group": update.group,
            "status": update.status,
        }
        outcome = str(update.status)
        try:
            self._report(update)
            log.info("status reported", extra=about)
        except RefusedError as refusal:
            # STATUS-REFUSED
            log.error("status refused: %s", refusal, extra=about)  # noqa: TRY400 - no surprise
            outcome = "refused"
        self.store.finish(task)
        return outcome

    def _report(self, update: StatusUpdate) -> None:
        token = self.session.token()
        answer = self._post(update, token)
        # STATUS-AUTH: on the ESPF API a dead session is 401, whereas on the JSON API it is a fault.
        if answer.code == UNAUTHORIZED:
            answer = self._post(update, self.session.token(refused=token))
        require_taken(answer)

    def _post(self, update: StatusUpdate, token: str) -> Answer:
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
    account_id = DOTS.get(update.account_id) or quote(update.account_id, safe="")
    return f"/espf/v1/account/{account_id}/status"
