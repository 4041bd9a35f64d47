"""What differs between installations of PortaBilling, or is not public: each a named setting."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from simulators.release import DEFAULT_RELEASE, Release
from simulators.validation import FORBID_UNKNOWN

NotFound = Literal["empty", "fault"]
Reading = Literal["lenient", "strict"]
# Assumed after a known one, that of the customers' realm, CustomerInterface.json (S21).
REST_DOCUMENT: Final = "AdminInterface.json"
CookieName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]


@dataclass(frozen=True, kw_only=True)
class PortaBillingSettings:
    """How the JSON API behaves."""

    __pydantic_config__ = FORBID_UNKNOWN

    release: Release = DEFAULT_RELEASE
    """The release whose guide is kept to."""
    reading: Reading = "lenient"
    """How closely."""
    not_found: NotFound = "empty"
    """What a look-up of nothing answers; `200 {}` is what clients rely on (S18, S17, S23), `fault` a fault.
    """
    standalone: bool = False
    """The site takes no changes, as a secondary one in a disaster (S15, S18)."""
    token_lifetime: Annotated[float, Field(gt=0, le=1e9)] = 172_800.0
    """Real seconds; two captures show 48 hours (S25), another installation 900 s (S18)."""
    max_failures: Annotated[int, Field(ge=1)] = 10
    """Wrong passwords in a row that lock a login; assumed, as only that some do is known (S18)."""
    token_cookie: CookieName = "access_token"  # noqa: S105 - its name
    """That a login sets cookies is documented (S9), their names are assumed."""
    session_cookie: CookieName = "session_id"
    """Likewise."""

    @property
    def takes_json(self) -> bool:
        """Whether a JSON body is taken (section 5, row 19)."""
        return self.reading == "lenient" or self.release.rest_takes_json
