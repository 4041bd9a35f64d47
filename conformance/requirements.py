"""The catalogue: what a provisioner must do, as data; tests and checks only name its ids."""

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from conformance.errors import RequirementError
from simulators.validation import Strict

# Duties 1 to 5 without trouble; all of them, with faults, restarts and load.
Profile = Literal["core", "full"]
# What a provisioner does, as the page numbers it; 0 is the provisioner as a whole.
DUTIES: Final = {
    1: "Receive provisioning events from the ESPF",
    2: "Query the subscriber data via the PortaBilling API",
    3: "Send the subscriber data to the external system",
    4: "Receive and process notifications",
    5: "Update the provisioning status via the ESPF API",
    0: "The whole",
}


class Requirement(Strict):
    """One rule, its level and what its failure implies.

    `duty` 0 is the provisioner as a whole. `features` are what a target must declare for the rule to
    apply, all of them; without any it always does. `profile` is the smallest that holds it. `milder` says
    which part of a MUST is a warning only, `not_tested` why no scenario tests the rule.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z]+(-[A-Z]+)+$")]
    duty: Annotated[int, Field(ge=0, le=5)]
    level: Literal["MUST", "SHOULD"]
    sentence: str
    source: str
    implies: tuple[str, ...]
    features: tuple[str, ...] = ()
    profile: Profile = "core"
    milder: str = ""
    not_tested: str = ""


@cache
def catalogue() -> Mapping[str, Requirement]:
    """All requirements by id, in the order of the duties."""
    text = files("conformance").joinpath("requirements.toml").read_text(encoding="utf-8")
    entries = TypeAdapter(tuple[Requirement, ...]).validate_python(tomllib.loads(text)["requirement"])
    return {requirement.id: requirement for requirement in entries}


def requirement(id_: str) -> Requirement:
    """The requirement with this id.

    Raises:
        RequirementError: the catalogue has none.
    """
    try:
        return catalogue()[id_]
    except KeyError:
        known = ", ".join(catalogue())
        near = get_close_matches(id_.upper(), catalogue(), n=1)
        hint = f"did you mean {near[0]}? The known ones are" if near else "use one of"
        raise RequirementError(f"{id_} is no requirement of the catalogue: {hint} {known}.") from None


def consequences(failed: Collection[str], *, among: Collection[str]) -> frozenset[str]:
    """Those of the doubted requirements that merely follow from one that failed beside them."""
    return frozenset(implied for id_ in failed for implied in _implied(id_) if implied in among)


@cache
def _implied(id_: str) -> frozenset[str]:
    direct = catalogue()[id_].implies
    return frozenset(direct).union(*(_implied(implied) for implied in direct))
