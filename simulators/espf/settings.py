"""What differs between installations of the ESPF API, or is not public: each a named setting."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from simulators.portabilling.settings import REST_DOCUMENT, Reading
from simulators.release import DEFAULT_RELEASE, Release
from simulators.validation import FORBID_UNKNOWN

GroupTypes = Literal["example", "table"]
StatusAnswer = Literal["fields", "empty"]


def _own_name(document: str) -> str:
    if document == REST_DOCUMENT:
        raise ValueError(f"{document} is the document of the JSON API")
    return document


DocumentName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$"), AfterValidator(_own_name)]


@dataclass(frozen=True, kw_only=True)
class EspfSettings:
    """How the ESPF API behaves."""

    __pydantic_config__ = FORBID_UNKNOWN

    release: Release = DEFAULT_RELEASE
    """Up to MR100 the guide says that a body must be a form, and no document is served (S31, S33)."""
    reading: Reading = "lenient"
    """How closely the guide is kept to."""
    group_types: GroupTypes = "example"
    """In the group list, the documented example quotes `i_group` and leaves `is_custom` bare; `table` gives a
    number and, assumed, `"true"` or `"false"`, as the table says (S32).
    """
    status_answer: StatusAnswer = "fields"
    """Assumed: account, group and status as JSON, or an `empty` 200, which clients take too (S25)."""
    unregistered_group: Literal[400, 404] = 404
    """The code for a status in a group that is not there; assumed."""
    conflict: Literal[400, 409] = 409
    """The code for a name that is taken, a group that is predefined or used; assumed."""
    former_ids: bool = True
    """A closed account is named by its former ID too until another account has it; assumed."""
    digits_fall_back: bool = False
    """Whether an all-digit ID that nobody has counts as an i_account; off, since it hides a mistake."""
    document: DocumentName = "ESPFInterface.json"
    """Its name below `/doc/api`, assumed after a known one, `CustomerInterface.json` (S21)."""

    @property
    def lenient(self) -> bool:
        """Whether the reading is the lenient one."""
        return self.reading == "lenient"

    @property
    def takes_json(self) -> bool:
        """Whether a JSON body is taken (section 5, row 5)."""
        return self.lenient or self.release.espf_takes_json
