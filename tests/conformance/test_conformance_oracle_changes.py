"""The oracle on changed and closed accounts: what must reach the external system, and what need not."""

from collections.abc import Callable
from typing import Any, Final

import pytest

Graded = Callable[..., set[str]]
Caught = Callable[..., set[str]]

ONE: Final = {"groups": {"HSS": ("HSS",)}}
TWO: Final = {"groups": {"HSS": ("HSS",), "PCRF": ("PCRF",)}}
DONE: Final = ("status HSS IN_PROGRESS", "notice HSS completed", "status HSS OK")
ACTIVE: Final = ("account", "event", "query", "order HSS ref=a", *DONE)
CARD: Final = "account imsi=1 iccid=2"
TOLD: Final = ("event id=2 type=Account/Product/Changed", "query")
CHANGE: Final = (CARD, *TOLD)
CLOSED: Final = ("account closed", "event id=3 type=Account/Status/Closed", "query")
AGAIN: Final = ("order HSS ref=b action=modify", *DONE)
GONE: Final = ("order HSS ref=c action=deactivate", *DONE)
BOTH: Final = ("account services=HSS,PCRF", *TOLD)

LEGAL: Final[list[tuple[str, tuple[str, ...], dict[str, Any]]]] = [
    ("a change that is ordered", (*ACTIVE, *CHANGE, *AGAIN), ONE),
    ("ordered as an activation", (*ACTIVE, *CHANGE, "order HSS ref=b", *DONE), ONE),
    ("a change that the order carried already",
     ("account", "event", CARD, "query", "order HSS ref=a", *TOLD, *DONE), ONE),
    ("nothing changed that an order carries", (*ACTIVE, *TOLD), ONE),
    ("one order for two changes",
     (*ACTIVE, *CHANGE, "account imsi=3 iccid=4", "event id=4 type=Account/Product/Changed", "query",
      *AGAIN), ONE),
    ("changed once more, of which no event tells yet",
     (*ACTIVE, CARD, *TOLD, "order HSS ref=b", "account imsi=3 iccid=4", *DONE), ONE),
    ("an account that was never ordered", ("account", CARD, *TOLD), ONE),
    ("closed before the change was ordered", (*ACTIVE, *CHANGE, *CLOSED, *GONE), ONE),
    ("refused for good", (*ACTIVE, *CHANGE, "order HSS ref=b answer=422", "status HSS FAILED"), ONE),
    ("data that cannot be had", (*ACTIVE, CARD, TOLD[0], "query answer=500"), ONE),
    ("a service that came to be needed",
     ("account services=HSS", *ACTIVE[1:], *BOTH, "order PCRF ref=b", "notice PCRF completed",
      "status PCRF OK"), TWO),
    ("a service that is not needed any more",
     ("account services=HSS,PCRF", "event", "query", "order HSS PCRF ref=a", *DONE, "notice PCRF completed",
      "status PCRF OK", "account services=PCRF imsi=1", *TOLD, "order PCRF ref=b",
      "notice PCRF completed", "status PCRF OK"), TWO),
    ("a closing that is ordered", (*ACTIVE, *CLOSED, *GONE), ONE),
    ("closed before anything was ordered", ("account", "event", *CLOSED), ONE),
    ("opened again", (*ACTIVE, *CLOSED, "account"), ONE),
    ("a closing that the OMS refuses",
     (*ACTIVE, *CLOSED, "order HSS ref=c action=deactivate answer=422", "status HSS FAILED"), ONE),
]  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...], dict[str, Any]]]] = [
    ("ORDER-CHANGE", "taken and dropped", (*ACTIVE, *CHANGE), ONE),
    ("ORDER-CHANGE", "neither asked for nor ordered", (*ACTIVE, *CHANGE[:2]), ONE),
    ("ORDER-CHANGE", "a service that came to be needed is left out",
     ("account services=HSS", *ACTIVE[1:], *BOTH), TWO),
    ("ORDER-CLOSE", "taken and dropped", (*ACTIVE, *CLOSED), ONE),
    ("ORDER-CLOSE", "ordered as a change", (*ACTIVE, *CLOSED, "order HSS ref=c action=modify", *DONE), ONE),
    ("ORDER-CLOSE", "one service of two",
     (*ACTIVE[:3], "order HSS PCRF ref=a", *DONE, "notice PCRF completed", "status PCRF OK", *CLOSED, *GONE),
     TWO),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "options"), [pytest.param(steps, options, id=name) for name, steps, options in LEGAL]
)
def test_legal_way_with_changes_has_no_failure(
    graded: Graded, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """However a change or a closing comes to its end, it is right and not warned of."""
    assert graded(steps, **options) == set()


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [pytest.param(own, steps, options, id=f"{own}: {name}") for own, name, steps, options in ILLEGAL],
)
def test_dropped_change_is_caught(
    caught: Caught, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """A change or a closing that never reaches the OMS is caught; beside it is only what follows."""
    assert caught(own, steps, **options) == {own}
