"""The faults of the JSON API, from the public table (2.6): HTTP 500 with two fields (S15, S25)."""

from typing import Final

AUTH_FAILED: Final = "Server.Session.auth_failed"
LOCKED_OUT: Final = "Server.Session.cannot_login_brute_force_activity"
PASSWORD_EXPIRED: Final = "Server.Session.alert_You_must_change_password"  # noqa: S105 - a faultcode
SESSION_DEAD: Final = "Server.Session.check_auth.auth_failed"
TOKEN_DEAD: Final = "Client.Session.check_auth.failed_to_process_access_token"  # noqa: S105 - a faultcode
TOKEN_UNDECODABLE: Final = "Client.Session.check_auth.failed_to_process_jwt"  # noqa: S105 - a faultcode
AUTH_MISSING: Final = "Client.check_auth.envelope_missed"
PING_FAILED: Final = "Client.Session.ping.failed_to_process_access_token"
LOGOUT_FAILED: Final = "Client.Session.logout.failed_to_process_access_token"
REFRESH_FAILED: Final = "Server.Session.refresh_access_token.refresh_failed"
# Not in the public table; made after its pattern `Client.Service.method.reason` (2.6).
UNKNOWN_METHOD: Final = "Client.unknown_method"
BAD_PARAMS: Final = "Client.invalid_parameters"
INTERNAL_ERROR: Final = "Server.internal_error"
STANDALONE: Final = "standalone_mode"
DUPLICATE_ID: Final = "Server.Account.duplicate_id"


class Fault(Exception):  # noqa: N818 - the protocol calls it a fault
    """A refusal of the JSON API."""

    def __init__(self, faultcode: str, faultstring: str) -> None:
        super().__init__(f"{faultcode}: {faultstring}")
        self.faultcode = faultcode
        self.faultstring = faultstring
