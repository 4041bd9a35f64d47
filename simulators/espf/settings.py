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
    """How the ESPF API behaves.

    `release`: up to MR100 the guide says that a body must be a form, and no document is served (S31, S33).
    `reading`: strict keeps to the letter; lenient, the default, takes what clients and the page send.
    `group_types`: in the group list, the documented example, the default, quotes `i_group` and leaves
    `is_custom` bare; `table` gives a number and, assumed, `"true"` or `"false"`, as the table says (S32).
    `status_answer` is assumed: `fields`, account, group and status, or an `empty` 200, taken too (S25).
    `unregistered_group`, `conflict` are assumed HTTP codes: 404 for a status in a group that is not there,
    409 for what the groups as they are forbid, since a name is taken or a group is predefined or used.
    `former_ids` is assumed: a closed account is named by its former ID too until another account has it.
    `digits_fall_back`: whether an all-digit ID that nobody has counts as an i_account; off, since it hides
    a mistake (3.2). `document` is assumed after a known name, `CustomerInterface.json` (S21).
    """

    __pydantic_config__ = FORBID_UNKNOWN

    release: Release = DEFAULT_RELEASE
    reading: Reading = "lenient"
    group_types: GroupTypes = "example"
    status_answer: StatusAnswer = "fields"
    unregistered_group: Literal[400, 404] = 404
    conflict: Literal[400, 409] = 409
    former_ids: bool = True
    digits_fall_back: bool = False
    document: DocumentName = "ESPFInterface.json"

    @property
    def lenient(self) -> bool:
        """Whether the reading is the lenient one."""
        return self.reading == "lenient"

    @property
    def takes_json(self) -> bool:
        """Whether a JSON body is taken (section 5, row 5)."""
        return self.lenient or self.release.espf_takes_json
