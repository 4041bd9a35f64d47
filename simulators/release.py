"""The PortaSwitch release that the simulators imitate: which documented fact holds from which release on."""

import re
from dataclasses import dataclass
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, order=True)
class Release:
    """A release by its maintenance number, such as 117 for MR117; later ones are greater."""

    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a release such as `MR117`.

        Raises:
            ValueError: the text names no release.
        """
        match = re.fullmatch(r"MR([0-9]{2,4})", text)
        if match is None:
            raise ValueError(f"{text!r} is no release: write one as PortaOne does, such as MR117")
        return cls(int(match[1]))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let a TOML file name it as text."""
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls.parse(str(value)),
            serialization=core_schema.to_string_ser_schema(),
        )

    def __str__(self) -> str:
        """As PortaOne writes it."""
        return f"MR{self.number}"

    @property
    def rest_takes_json(self) -> bool:
        """Whether the JSON API takes `application/json`: the MR98 guide names forms alone (S9, S25)."""
        return self.number > 98  # noqa: PLR2004 - the release that the guide is of

    @property
    def espf_takes_json(self) -> bool:
        """Whether the ESPF API takes JSON: up to MR100 the guide says it must be a form (S31)."""
        return self.number > 100  # noqa: PLR2004 - the release that the guide is of

    @property
    def documents_espf(self) -> bool:
        """Whether the built-in documents are of the ESPF API too (S33: from MR101 on)."""
        return self.number > 100  # noqa: PLR2004 - the release before the one that brought it

    @property
    def sets_cookies(self) -> bool:
        """Whether a login also sets cookies (S9: from MR101 on)."""
        return self.number > 100  # noqa: PLR2004 - the release before the one that brought them


DEFAULT_RELEASE = Release(117)
