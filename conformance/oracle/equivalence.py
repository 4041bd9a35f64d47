"""Compares what the same story led to when the target was started once with either URL form."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.oracle.case import Case, Declared
from conformance.oracle.checks import Check, Subject
from conformance.oracle.outcomes import allowed_final, is_given_up
from conformance.oracle.reading import is_stored
from conformance.target import UrlForm

REQUIREMENT: Final = "STATUS-URL-EQUIVALENT"
FORMS: Final[tuple[UrlForm, ...]] = ("i_account", "id")
# What one form stores so often, and the other one never, is no matter of chance.
ENOUGH: Final = 3
STORED: Final = "stored: "
NOTHING: Final = "nothing"
# Said where the facts leave the last status open, so that either form may end with another one.
OPEN: Final = "whatever the facts allow"


@dataclass(frozen=True, kw_only=True)
class Telling:
    """One scenario as it was told with one URL form, and what was found in it."""

    name: str
    url_form: str
    checks: tuple[Check, ...]

    @property
    def story(self) -> str:
        """The name of what both forms tell alike: pytest puts the form into it."""
        return re.sub(rf"(?<=[\[-]){self.url_form}(?=[\]-])", "", self.name, count=1)

    @property
    def has_failed(self) -> bool:
        """Tell whether anything else failed in it, from which a difference may follow."""
        return any(check.grade == "fail" for check in self.checks)

    @property
    def endings(self) -> tuple[Check, ...]:
        """What was stored for each group of each account, in the order of their making."""
        return tuple(filter(_is_ending, self.checks))


def status_url_equivalent(case: Case, declared: Declared) -> Iterator[Check]:
    """STATUS-URL-EQUIVALENT: what ESPF stored, for `compared` to hold against the other form.

    By itself a scenario can say no more; one that is told by one form alone says nothing at all.
    """
    if set(declared.features.url) < set(FORMS):
        return
    for group in declared.groups:
        taken = list(filter(is_stored, case.statuses_of(group)))
        values = [str(status.detail["stored"]) for status in taken]
        is_open = len(allowed_final(case, declared, group)) > 1 or is_given_up(case, group)
        yield Subject(requirement=REQUIREMENT, i_account=case.i_account, group=group).check(
            holds=True,
            expected=OPEN if is_open else "the same as by the other URL form",
            received=STORED + (", ".join(values) or NOTHING),
            shown_by=taken,
        )


def compared(tellings: Sequence[Telling]) -> tuple[tuple[Check, ...], ...]:
    """The checks of each telling, with what comes of comparing it with that by the other form.

    Two things are no matter of chance: a story that ends with another stored status, and a status that
    the same stories store often by one form and never by the other.
    """
    pairs = _pairs(tellings)
    rare = _never_stored([(tellings[one], tellings[other]) for one, other in pairs])
    found = {place: _without_endings(telling.checks) for place, telling in enumerate(tellings)}
    for one, other in pairs:
        # A difference follows from what failed beside it, so it is told there.
        place, partner = (one, other) if tellings[one].has_failed else (other, one)
        found[place] += tuple(_differences(tellings[place], tellings[partner], rare))
    return tuple(found.values())


def _pairs(tellings: Sequence[Telling]) -> list[tuple[int, int]]:
    """The places of the tellings that tell the same story by either form."""
    places: dict[tuple[str, str], int] = {}
    for place, telling in enumerate(tellings):
        if telling.endings:
            places[telling.story, telling.url_form] = place
    stories = dict.fromkeys(story for story, _ in places)
    first, second = FORMS
    return [
        (places[story, first], places[story, second])
        for story in stories
        if (story, first) in places and (story, second) in places
    ]


def _without_endings(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(check for check in checks if not _is_ending(check))


def _is_ending(check: Check) -> bool:
    """Tell whether this is what `status_url_equivalent` found, before it was compared with anything."""
    return check.requirement == REQUIREMENT and check.received.startswith(STORED)


def _never_stored(pairs: Sequence[tuple[Telling, Telling]]) -> Mapping[str, frozenset[str]]:
    """By URL form, the statuses that it never stored although the other form often did."""
    counts = {form: Counter[str]() for form in FORMS}
    for pair in pairs:
        for telling in pair:
            for ending in telling.endings:
                counts[FORMS[telling.url_form == FORMS[1]]].update(set(_values(ending)))
    return {
        form: frozenset(
            value
            for other in FORMS
            for value, count in counts[other].items()
            if count >= ENOUGH and not counts[form][value]
        )
        for form in FORMS
    }


def _differences(
    telling: Telling, partner: Telling, never_stored: Mapping[str, frozenset[str]]
) -> Iterator[Check]:
    for mine, theirs in zip(telling.endings, partner.endings, strict=False):
        lacking = [
            value
            for one, other, form in ((mine, theirs, partner.url_form), (theirs, mine, telling.url_form))
            for value in _values(one)
            if value in never_stored[form] and value not in _values(other)
        ]
        is_same = (_values(mine)[-1:] == _values(theirs)[-1:] or _is_open(mine, theirs)) and not lacking
        yield replace(
            mine,
            grade="pass" if is_same else "fail",
            expected=f"as with the URL form {partner.url_form}, {theirs.received}",
            received=f"with the URL form {telling.url_form}, {mine.received}",
        )


def _is_open(*endings: Check) -> bool:
    """Tell whether the facts leave one of them open, or no success came of either: chance has its part."""
    is_undecided = any(ending.expected == OPEN for ending in endings)
    return is_undecided or all("OK" not in _values(ending)[-1:] for ending in endings)


def _values(ending: Check) -> list[str]:
    """The statuses that were stored, the oldest first."""
    listed = ending.received.removeprefix(STORED)
    return [] if listed == NOTHING else listed.split(", ")
