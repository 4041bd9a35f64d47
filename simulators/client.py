"""A client of the control API: what the shell commands, and any other process, drive a running stack with."""

from typing import Any, Final

import requests

from simulators.errors import ControlError

DEFAULT_CONTROL: Final = "http://127.0.0.1:17000"
# Real seconds; above the clock's own deadline, so that its reason arrives.
TIMEOUT: Final = 90.0


class ControlClient:
    """Talks to the control address of a running stack; `ca_file` verifies one that speaks TLS.

    Raises:
        ControlError: from each method, when the stack is not there or refuses.
    """

    def __init__(self, url: str = DEFAULT_CONTROL, *, ca_file: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._ca_file = ca_file

    def emit(self, event_type: str, /, **variables: Any) -> Any:
        """Emit an event of any type with these variables; gives the event."""
        body = {"event_type": event_type, "variables": variables}
        return self._call("POST", "events", json=body)

    def advance(self, *, seconds: float) -> Any:
        """Move virtual time on; gives the clock's state."""
        return self._call("POST", "clock/advance", json={"seconds": seconds})

    def statuses(self) -> Any:
        """The stored statuses."""
        return self._call("GET", "statuses")["statuses"]

    def journal(self, *, since: int = 0) -> Any:
        """The records whose number is above `since`."""
        return self._call("GET", "journal", params={"since": since})["records"]

    def reset(self) -> Any:
        """Begin anew with the world as it was loaded; gives the last number of the former journal."""
        return self._call("POST", "reset")["since"]

    def faults(self) -> Any:
        """The armed fault plans under `faults`, and all points under `points`."""
        return self._call("GET", "faults")

    def arm(self, plan: Any) -> Any:
        """Arm a fault plan, an object as JSON has it; gives the plan with its number."""
        return self._call("POST", "faults", json=plan)

    def disarm(self, number: int | None = None) -> Any:
        """Take a fault plan out of force, or all; gives those that are left."""
        return self._call("DELETE", "faults" if number is None else f"faults/{number}")["faults"]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            with requests.Session() as session:
                # A proxy of the environment has no business between a user and their own machine.
                session.trust_env = False
                session.verify = self._ca_file or True
                response = session.request(method, f"{self._url}/_sim/{path}", timeout=TIMEOUT, **options)
                body = response.json()
        # A CA file that is not there leaves requests as a plain OSError.
        except OSError as error:
            raise ControlError(
                f"Nothing answers as a stack at {self._url}: start one with `espf-simulators up`, "
                f"or name its address with --control, and the CA file of one that speaks TLS with "
                f"--ca-file ({error})."
            ) from error
        if not response.ok:
            raise ControlError(f"The stack at {self._url} refused: {body.get('error', body)}")
        return body
