"""The comparison of the two URL forms: what the same story led to when it was told once by each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pytest

from conformance.oracle.checks import Check
from conformance.oracle.equivalence import REQUIREMENT, Telling, compared

Checks = Callable[..., tuple[Check, ...]]
Steps = tuple[str, ...]
Grades = Callable[..., list[list[str]]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
FORMS: Final = ("i_account", "id")
WORKING: Final = ("account", "event", "query", "order HSS", "status HSS IN_PROGRESS")
DONE: Final = (*WORKING, "notice HSS completed", "status HSS OK")
QUIET: Final = tuple(step for step in DONE if "IN_PROGRESS" not in step)
UNTOLD: Final = DONE[:-1]
# Its outcome was never acknowledged: it may have been heard or not.
UNHEARD: Final = (*WORKING, "notice HSS completed answer=0 fault=hang")


@pytest.fixture(name="grades")
def _grades(checks: Checks) -> Grades:
    """The grades of the comparison of stories, each told by both forms: per telling, in that order."""

    def grades(*stories: Mapping[str, Steps], name: str = "story {number}[{form}]") -> list[list[str]]:
        tellings = [
            Telling(
                name=name.format(number=number, form=form),
                url_form=form,
                checks=checks(steps, url_form=form, url=FORMS, **ONE),
            )
            for number, story in enumerate(stories)
            for form, steps in story.items()
        ]
        return [[check.grade for check in found if check.requirement == REQUIREMENT]
                for found in compared(tellings)]  # fmt: skip

    return grades


def both(steps: Steps, other: Steps | None = None) -> Mapping[str, Steps]:
    """A story as it went by the number, and by the ID."""
    return {"i_account": steps, "id": other or steps}


@pytest.mark.parametrize(
    ("by_number", "by_id"),
    [
        pytest.param(DONE, DONE, id="the same"),
        pytest.param(DONE, (*DONE, "status HSS OK"), id="told twice"),
        pytest.param(DONE, QUIET, id="IN_PROGRESS by one form alone, once"),
        pytest.param(WORKING, WORKING[:-1], id="nothing decided"),
        pytest.param(
            DONE,
            (*DONE[:-1], "status HSS OK answer=503 fault=answer", "status HSS OK"),
            id="tried twice",
        ),
        pytest.param(UNHEARD, (*UNHEARD, "status HSS OK"), id="an outcome that nobody knows to be heard"),
        pytest.param(DONE, (*UNTOLD, "status HSS OK answer=404 fault=answer"), id="refused for good, once"),
    ],
)
def test_what_comes_to_the_same_passes(grades: Grades, by_number: Steps, by_id: Steps) -> None:
    """The stored statuses count, and neither their number nor how they were sent."""
    assert grades(both(by_number, by_id)) == [[], ["pass"]]


@pytest.mark.parametrize(
    ("by_number", "by_id", "expected"),
    [
        pytest.param(DONE, UNTOLD, [[], ["fail"]], id="nothing told by the ID"),
        pytest.param(UNTOLD, DONE, [["fail"], []], id="nothing told by the number"),
        pytest.param(DONE, (*UNTOLD, "status HSS FAILED"), [[], ["fail"]], id="another end"),
    ],
)
def test_another_end_fails_where_something_else_failed(
    grades: Grades, by_number: Steps, by_id: Steps, expected: Sequence[Sequence[str]]
) -> None:
    """What one form stored in the end and the other did not is told beside that from which it may follow."""
    assert grades(both(by_number, by_id)) == expected


@pytest.mark.parametrize(("stories", "grade"), [(2, "pass"), (3, "fail")])
def test_status_that_one_form_never_stores_is_no_chance(grades: Grades, stories: int, grade: str) -> None:
    """What is stored in three stories by one form, and by the other in none of them, makes a difference."""
    assert grades(*[both(DONE, QUIET)] * stories) == [[], [grade]] * stories


def test_status_that_either_form_stores_now_and_then_is_chance(grades: Grades) -> None:
    """IN_PROGRESS may be left out wherever one likes."""
    stories = [both(DONE, QUIET)] * 3 + [both(QUIET, DONE)]
    assert grades(*stories) == [[], ["pass"]] * 4


def test_story_of_one_form_alone_says_nothing(grades: Grades) -> None:
    """Where there is nothing to compare with, no check is left."""
    assert grades({"i_account": DONE}) == [[]]


def test_stories_of_other_names_are_not_compared(grades: Grades) -> None:
    """Only the form may differ in the name of what both tell."""
    assert grades({"i_account": DONE}, {"id": UNTOLD}) == [[], []]


@pytest.mark.parametrize("name", ["a story[{form}]", "a story[seed-{form}]", "a story[{form}-seed]"])
def test_form_may_stand_anywhere_in_the_brackets(grades: Grades, name: str) -> None:
    """A name holds the form beside what else its story is made with."""
    assert grades(both(DONE), name=name) == [[], ["pass"]]


def test_target_of_one_form_is_not_judged_by_two(checks: Checks) -> None:
    """A target that declares one form has nothing that could be equivalent."""
    assert REQUIREMENT not in {check.requirement for check in checks(DONE, **ONE)}
