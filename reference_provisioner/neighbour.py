"""The HTTP client side towards all three neighbours: one careful POST, and how its answer is read."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import requests

from reference_provisioner.errors import NeighbourError, RefusedError

# They speak of the moment or of our credentials, not of what was asked.
TRY_AGAIN: Final = frozenset({401, 408, 429})


class HttpClient:
    """Posts with a limit of time; each thread keeps connections of its own."""

    def __init__(self, *, timeout: float, ca_file: Path | None = None) -> None:
        self._timeout = timeout
        self._verify: bool | str = True if ca_file is None else str(ca_file)
        self._threads = threading.local()

    def post(
        self,
        url: str,
        *,
        token: str | None = None,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the answer, whatever its status code; raises NeighbourError when there is none."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            return self._session().post(
                url,
                json=json,
                data=form,
                headers=headers,
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            # The error's text may quote the request, and with it a secret.
            raise NeighbourError(f"{type(error).__name__} from {url}") from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = requests.Session()
            # Neither a proxy nor a .netrc of the machine may come between us and a neighbour.
            session.trust_env = False
        return session


def require_taken(answer: requests.Response) -> None:
    """Pass for 2xx; raises RefusedError when asking again is of no use, NeighbourError when it is."""
    code = answer.status_code
    if 200 <= code < 300:  # noqa: PLR2004 - the range is the definition of success
        return
    if 400 <= code < 500 and code not in TRY_AGAIN:  # noqa: PLR2004 - the range of client errors
        raise RefusedError(f"{code} from {answer.url}")
    raise NeighbourError(f"{code} from {answer.url}")


def json_object(answer: requests.Response) -> dict[str, Any]:
    """Return the JSON object that an answer holds; raises NeighbourError when it holds none."""
    try:
        content = answer.json()
    except ValueError as error:
        raise NeighbourError(f"{answer.status_code} without JSON from {answer.url}") from error
    if not isinstance(content, dict):
        raise NeighbourError(f"{answer.status_code} without a JSON object from {answer.url}")
    return content
