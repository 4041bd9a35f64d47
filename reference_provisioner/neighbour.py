"""The HTTP client side towards all three neighbours: one careful POST, and how its answer is read."""

import json as json_text
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from reference_provisioner.errors import NeighbourError, RefusedError

# They speak of the moment or of our credentials, not of what was asked.
TRY_AGAIN: Final = frozenset({401, 408, 429})
# No answer that is of use is larger; a neighbour gone mad must not fill the memory.
MAX_ANSWER: Final = 4 * 1024 * 1024
CHUNK: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a neighbour answered, whole."""

    code: int
    url: str
    body: bytes


class HttpClient:
    """Posts within a limit of time; each thread keeps connections of its own.

    `timeout` holds for each wait, and for the body of the answer as a whole, in seconds.
    """

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
    ) -> Answer:
        """Return the answer, whatever its status code; raises NeighbourError when there is none."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        until = time.monotonic() + self._timeout
        try:
            session = self._session()
            request = requests.Request("POST", url, headers=headers, json=json, data=form)
            prepared = session.prepare_request(request)
            _keep_path(prepared, url)
            with session.send(
                prepared, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                return Answer(code=response.status_code, url=url, body=_body(response, until=until))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise NeighbourError(f"{_reason(error)} from {url}") from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = requests.Session()
            session.verify = self._verify
            # Neither a proxy nor a .netrc of the machine may come between us and a neighbour.
            session.trust_env = False
        return session


def require_taken(answer: Answer) -> None:
    """Pass for 2xx; raises RefusedError when asking again is of no use, NeighbourError when it is."""
    if 200 <= answer.code < 300:  # noqa: PLR2004 - the range is the definition of success
        return
    if 400 <= answer.code < 500 and answer.code not in TRY_AGAIN:  # noqa: PLR2004 - the range of client errors
        raise RefusedError(f"{answer.code} from {answer.url}")
    raise NeighbourError(f"{answer.code} from {answer.url}")


def json_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object that an answer holds; raises NeighbourError when it holds none."""
    try:
        content = json_text.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise NeighbourError(f"{answer.code} without JSON from {answer.url}") from error
    if not isinstance(content, dict):
        raise NeighbourError(f"{answer.code} without a JSON object from {answer.url}")
    return content


def _reason(error: Exception) -> str:
    """Name the error, and add what the system says at the bottom of it, such as `Connection refused`."""
    # The error's own text may quote the request, and with it a secret.
    reason = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            reason = f"{type(error).__name__} ({cause.strerror})"
        cause = cause.__cause__ or cause.__context__
    return reason


def _keep_path(prepared: requests.PreparedRequest, url: str) -> None:
    """Have the path sent as it is written: requests decodes `%2E`, and then removes what looks like `..`."""
    prepared.url = urlsplit(prepared.url or url)._replace(path=urlsplit(url).path).geturl()


def _body(response: requests.Response, *, until: float) -> bytes:
    # requests limits the wait for each piece, so that a trickle would never end.
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        body += chunk
        if time.monotonic() > until or len(body) > MAX_ANSWER:
            response.close()
            raise NeighbourError(f"the answer of {response.url} does not come to an end")
    return bytes(body)
