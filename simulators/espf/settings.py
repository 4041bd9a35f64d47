"""What differs between installations of the ESPF API, or is not public: each a named setting."""

from dataclasses import dataclass
from typing import Literal

from simulators.portabilling.settings import Reading
from simulators.release import DEFAULT_RELEASE, Release

GroupTypes = Literal["example", "table"]
StatusAnswer = Literal["fields", "empty"]


@dataclass(frozen=True, kw_only=True)
class EspfSettings:
    """How the ESPF API behaves.

    `release`: up to MR100 the guide says that a body must be a form, and no document is served (S31, S33).
    `reading`: strict keeps to the letter, lenient takes what clients and the documented examples send.
    `group_types`: in the group list, the documented example quotes `i_group` and leaves `is_custom` bare;
    `table` gives a number and a text, as the table above that example says (S32; the text is assumed).
    `status_answer` is assumed: `fields` are account, group and status, `empty` is an empty 200 (S25).
    `unregistered_group`, `conflict` are assumed HTTP codes, of a status in an unknown group and of a change
    that the groups as they are forbid: a name that is taken, a group that is predefined or used.
    `former_ids` is assumed: a closed account is still named by its former ID until another account has it.
    `digits_fall_back`: whether an all-digit ID that nobody has counts as an i_account; it hides a mistake.
    `document` is assumed after a known one, `CustomerInterface.json` (S21).
    """

    release: Release = DEFAULT_RELEASE
    reading: Reading = "lenient"
    group_types: GroupTypes = "example"
    status_answer: StatusAnswer = "fields"
    unregistered_group: Literal[400, 404] = 404
    conflict: Literal[400, 409] = 409
    former_ids: bool = True
    digits_fall_back: bool = False
    document: str = "ESPFInterface.json"

    @property
    def lenient(self) -> bool:
        """Whether the reading is the lenient one."""
        return self.reading == "lenient"

    @property
    def takes_json(self) -> bool:
        """Whether a JSON body is taken (section 5, row 5)."""
        return self.lenient or self.release.espf_takes_json
