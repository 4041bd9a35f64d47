"""The oracle on short stories: each legal one has no failure, each illegal one fails under its own id."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.oracle.checks import Check
from conformance.requirements import catalogue, consequences

Checks = Callable[..., tuple[Check, ...]]
Graded = Callable[..., set[str]]

ORDERED: Final = ("account", "event", "query", "order HSS PCRF")
UNDER_WAY: Final = (*ORDERED, "status HSS IN_PROGRESS", "status PCRF IN_PROGRESS")
HSS_DONE: Final = ("notice HSS completed", "status HSS OK")
PCRF_DONE: Final = ("notice PCRF completed", "status PCRF OK")
DOCUMENTED: Final = (*UNDER_WAY, *HSS_DONE, *PCRF_DONE)
# One group that stands for two services.
CORE: Final = {"HSS": ("HSS", "VoIP")}
CORE_ORDERED: Final = ("account", "event", "query", "order HSS VoIP", "status HSS IN_PROGRESS")


def without(*steps: str) -> tuple[str, ...]:
    """The documented story with steps left out."""
    return tuple(step for step in DOCUMENTED if step not in steps)


def instead(old: str, *new: str) -> tuple[str, ...]:
    """The documented story with other steps in the place of one."""
    at = DOCUMENTED.index(old)
    return (*DOCUMENTED[:at], *new, *DOCUMENTED[at + 1 :])


LEGAL: Final[dict[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "as documented": (DOCUMENTED, {}),
    "without IN_PROGRESS": (without("status HSS IN_PROGRESS", "status PCRF IN_PROGRESS"), {}),
    "nothing notified, nothing told": (ORDERED, {}),
    "failed by a time limit": ((*UNDER_WAY, "status HSS FAILED", *PCRF_DONE), {}),
    "failed by a time limit, then notified of success": (
        (*UNDER_WAY, "status HSS FAILED", *HSS_DONE, *PCRF_DONE),
        {},
    ),
    # The time limit's FAILED says already what the notification says.
    "failed by a time limit, then notified of failure": (
        (*UNDER_WAY, "status HSS FAILED", "notice HSS failed", *PCRF_DONE),
        {},
    ),
    # The time limit struck while the notification was on its way.
    "FAILED crosses the notification of success": (
        instead("notice HSS completed", "notice HSS completed took=1.5", "status HSS FAILED"),
        {},
    ),
    "FAILED by a time limit beside a failure that was told by one": (
        (*UNDER_WAY, "status PCRF FAILED", "notice PCRF failed", "status HSS FAILED"),
        {},
    ),
    "FAILED, RETRY and OK": (
        instead(
            "notice HSS completed",
            "notice HSS failed",
            "status HSS FAILED",
            "notice HSS retrying",
            "status HSS RETRY",
            "notice HSS completed",
        ),
        {},
    ),
    # What the retry made obsolete need not be told, whatever another group tells meanwhile.
    "a failure that is never told since a retry follows": (
        instead(
            "notice HSS completed",
            "notice HSS failed",
            "status PCRF FAILED",
            "notice HSS retrying",
            "notice HSS completed",
        ),
        {},
    ),
    "a notification repeated after its report": ((*DOCUMENTED, "notice HSS completed"), {}),
    "a status sent again until it is taken": (
        instead("status HSS OK", "status HSS OK answer=401", "status HSS OK answer=503", "status HSS OK"),
        {},
    ),
    "statuses told twice": (tuple(s for s in DOCUMENTED for _ in range(1 + s.startswith("status"))), {}),
    "IN_PROGRESS crosses the notification": (
        instead("status HSS OK", "status HSS IN_PROGRESS", "status HSS OK"),
        {},
    ),
    "as JSON": (tuple(f"{s} in=json" if s.startswith("status") else s for s in DOCUMENTED), {}),
    "by the account ID": (DOCUMENTED, {"url_form": "id"}),
    "by the account ID with a bare @": (
        tuple(f"{s} url=bare" if s.startswith("status") else s for s in DOCUMENTED),
        {"url_form": "id"},
    ),
    "an order for each service": (instead("order HSS PCRF", "order HSS", "query", "order PCRF"), {}),
    "an order repeated with its reference": (
        instead("order HSS PCRF", "order HSS PCRF answer=503", "order HSS PCRF", "order HSS PCRF"),
        {},
    ),
    "an event repeated": ((*DOCUMENTED[:3], "event", *DOCUMENTED[3:], "event"), {}),
    # While the first delivery is unanswered, anything but 4xx is a legal answer to a second one.
    "an event delivered twice at the same time": (
        instead("event", "event took=1.5", "event answer=503", "event"),
        {},
    ),
    "an event of a kind that orders nothing": (("account", "event type=Account/Other"), {}),
    "a change that matters to no service": (("account", "event type=Account/Product/Changed", "query"), {}),
    "a repeated event answered 202 where any 2xx will do": (
        (*DOCUMENTED, "event answer=202"),
        {"success": "any-2xx"},
    ),
    "an event of no account answered 204 where any 2xx will do": (
        ("event account=999 answer=204", "query account=999"),
        {"success": "any-2xx"},
    ),
    "an account that needs one group": (
        ("account services=HSS", "event", "query", "order HSS", *HSS_DONE),
        {},
    ),
    "an account that needs one group, with an order for both": (
        ("account services=HSS", *ORDERED[1:], "notice PCRF completed", *HSS_DONE),
        {},
    ),
    # The other service of the group is neither needed nor ordered, so no notification will ever come for it.
    "an account that needs one service of a group": (
        ("account services=HSS", "event", "query", "order HSS", *HSS_DONE),
        {"groups": CORE},
    ),
    "a group of two services": (
        (*CORE_ORDERED, "notice HSS completed", "notice VoIP completed", "status HSS OK"),
        {"groups": CORE},
    ),
    # The first failure decides; what comes of the other service changes nothing.
    "a group of two services of which one failed before": (
        (*CORE_ORDERED, "notice VoIP failed", "status HSS FAILED", "notice HSS completed"),
        {"groups": CORE},
    ),
    "an undeclared group whose first request lacked credentials": (
        (*DOCUMENTED, "status IPTV OK answer=401", "status IPTV OK"),
        {},
    ),
    "two accounts at once": (
        tuple(f"{step} account={number}" for step in DOCUMENTED for number in (189, 190)),
        {},
    ),
}  # fmt: skip

ILLEGAL: Final[list[tuple[str, str, tuple[str, ...], dict[str, Any]]]] = [
    ("EVENT-ACK", "refused", instead("event", "event answer=500"), {}),
    ("EVENT-ACK", "unanswered", ("account", "event answer=0"), {}),
    ("EVENT-ACK", "2xx that is not 200", instead("event", "event answer=202"), {}),
    ("EVENT-DUPLICATE", "redelivery refused", (*DOCUMENTED, "event answer=409"), {}),
    ("EVENT-DUPLICATE", "redelivery failed", (*DOCUMENTED, "event answer=500"), {}),
    ("EVENT-DUPLICATE", "refused at the same time",
     instead("event", "event took=1.5", "event answer=409"), {}),
    ("EVENT-DUPLICATE", "redelivery ordered", (*DOCUMENTED, "event", "query", "order HSS PCRF ref=b"), {}),
    ("DATA-QUERY", "no query", without("query"), {}),
    ("DATA-QUERY", "query too late", (*ORDERED[:2], "order HSS PCRF", "query"), {}),
    ("DATA-FRESH", "another's imsi", instead("order HSS PCRF", "order HSS PCRF imsi=001010000000190"), {}),
    ("ORDER-CONTENT", "imsi and iccid exchanged",
     ("account imsi=1 iccid=2", *DOCUMENTED[1:3], "order HSS PCRF imsi=2 iccid=1", *DOCUMENTED[4:]), {}),
    ("ORDER-CONTENT", "no order", ("account", "event", "query"), {}),
    ("ORDER-CONTENT", "half an order", ("account", "event", "query", "order HSS", *HSS_DONE), {}),
    ("ORDER-ONCE", "second reference", (*ORDERED, "order PCRF ref=b"), {}),
    ("ORDER-ONCE", "second reference before a redelivery", (*ORDERED, "order PCRF ref=b", "event"), {}),
    ("NOTICE-ACK", "failed", instead("notice HSS completed", "notice HSS completed answer=500"), {}),
    ("NOTICE-ACK", "failed and forgotten", (*UNDER_WAY, "notice HSS completed answer=500", *PCRF_DONE), {}),
    ("NOTICE-ACK", "failed, then given up",
     (*UNDER_WAY, "notice HSS completed answer=0", "status HSS FAILED"), {}),
    # Found by the properties: the provisioner may have heard what it did not acknowledge.
    ("NOTICE-ACK", "failed, after a failure",
     instead("notice HSS completed", "notice HSS failed", "notice HSS completed answer=500"), {}),
    ("NOTICE-DELAY", "never told", without("status HSS OK"), {}),
    ("NOTICE-DELAY", "nothing told of the second", without("status PCRF OK"), {}),
    ("NOTICE-DELAY", "time limit never undone",
     (*UNDER_WAY, "status HSS FAILED", "notice HSS completed"), {}),
    ("STATUS-VALUES", "blank", instead("status HSS OK", "status HSS 'OK '"), {}),
    (
        "STATUS-VALUES", "blank, read strictly",
        instead("status HSS OK", "status HSS 'OK ' answer=400"),
        {"reading": "strict"},
    ),
    ("STATUS-VALUES", "other case", instead("status HSS OK", "status HSS ok"), {}),
    # Found by the properties: what another group rightly tells is no report of the misspelt one's.
    ("STATUS-VALUES", "other case, while another group tells the same twice",
     instead("status HSS OK", "status HSS ok", *PCRF_DONE), {}),
    ("STATUS-VALUES", "other case, while another group has a time limit",
     (*UNDER_WAY, "status HSS failed", "notice HSS failed", "status PCRF FAILED"), {}),
    ("STATUS-MAPPING", "failure told as OK, while another group tells its failure twice",
     (*UNDER_WAY, "notice HSS failed", "status HSS OK",
      "notice PCRF failed", "status PCRF FAILED", "status PCRF FAILED"), {}),
    ("STATUS-MAPPING", "failure told as OK", (*UNDER_WAY, "notice HSS failed", "status HSS OK"), {}),
    ("STATUS-MAPPING", "success told as FAILED", instead("status HSS OK", "status HSS FAILED"), {}),
    ("STATUS-MAPPING", "FAILED first", instead("status HSS OK", "status HSS FAILED", "status HSS OK"), {}),
    ("STATUS-MAPPING", "IN_PROGRESS last", (*DOCUMENTED, "status HSS IN_PROGRESS"), {}),
    (
        "STATUS-MAPPING", "one of two failed",
        (*CORE_ORDERED, "notice HSS completed", "notice VoIP failed", "status HSS OK"),
        {"groups": CORE},
    ),
    ("STATUS-NOT-EARLY", "at acceptance", instead("status HSS IN_PROGRESS", "status HSS OK"), {}),
    ("STATUS-NOT-EARLY", "at acceptance alone", instead("status HSS IN_PROGRESS", "status HSS OK")[:-3], {}),
    ("STATUS-NOT-EARLY", "before the retry ends",
     (*UNDER_WAY, "notice HSS failed", "notice HSS retrying", "status HSS OK"), {}),
    (
        "STATUS-NOT-EARLY", "one of two completed",
        (*CORE_ORDERED, "notice HSS completed", "status HSS OK"),
        {"groups": CORE},
    ),
    ("STATUS-GROUP", "not registered", instead("status HSS OK", "status hss OK"), {}),
    ("STATUS-GROUP", "no text",
     instead("status HSS OK", """status OK group='["HSS"]' answer=400 in=json""", "status HSS OK"), {}),
    ("STATUS-GROUP", "the other group", instead("status PCRF OK", "status HSS OK"), {}),
    ("STATUS-GROUP", "the other group too soon", instead("status HSS OK", "status PCRF OK"), {}),
    ("STATUS-GROUP", "failure under the other group",
     (*UNDER_WAY, *HSS_DONE, "notice PCRF failed", "status HSS FAILED"), {}),
    ("STATUS-URL-I-ACCOUNT", "other form", instead("status HSS OK", "status HSS OK url=id"), {}),
    ("STATUS-URL-I-ACCOUNT", "no account", instead("status HSS OK", "status HSS OK url=nobody"), {}),
    (
        "STATUS-URL-ID", "other form",
        instead("status HSS OK", "status HSS OK url=i_account"),
        {"url_form": "id"},
    ),
    ("STATUS-URL-ID", "no account", instead("status HSS OK", "status HSS OK url=nobody"), {"url_form": "id"}),
    ("STATUS-BODY", "unreadable", instead("status HSS OK", "status HSS OK in=garbage"), {}),
    (
        "STATUS-BODY", "as the page prints it",
        instead("status HSS OK", "status HSS OK in=page"),
        {"reading": "strict"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("name", LEGAL)
def test_legal_story_has_no_failure(graded: Graded, name: str) -> None:
    """What a correct provisioner may do never fails."""
    steps, options = LEGAL[name]
    assert graded(steps, **options) == set()


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [pytest.param(own, steps, options, id=f"{own}: {name}") for own, name, steps, options in ILLEGAL],
)
def test_illegal_story_fails_under_its_own_requirement(
    graded: Graded, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """What breaks a requirement fails under its id, and beside it only what follows from it."""
    failed = graded(steps, **options)
    assert own in failed
    assert failed - {own} <= consequences([own], among=catalogue())


@pytest.mark.parametrize(
    ("own", "steps", "options"),
    [
        ("EVENT-ACK", instead("event", "event answer=202"), {"success": "any-2xx"}),
        ("EVENT-ACK", instead("event", "event answer=201"), {"success": "any-2xx"}),
        ("EVENT-ACK", instead("event", "event took=5.5"), {}),
        ("STATUS-IN-PROGRESS", without("status HSS IN_PROGRESS"), {}),
        ("STATUS-GROUP", (*DOCUMENTED, "status IPTV OK"), {}),
        ("STATUS-BODY", instead("status HSS OK", "status HSS OK in=page"), {}),
    ],
)  # fmt: skip
def test_milder_breach_is_a_warning(
    graded: Graded, own: str, steps: tuple[str, ...], options: dict[str, Any]
) -> None:
    """A SHOULD, and the milder half of a MUST, warn and do not fail."""
    assert graded(steps, grade="warn", **options) == {own}
    assert graded(steps, **options) == set()


def test_final_status_is_demanded_of_each_needed_group(checks: Checks) -> None:
    """The stored status of every group that the account needs is judged, and no other's."""
    story = ("account services=PCRF", "event", "query", "order PCRF", *PCRF_DONE)
    final = [check for check in checks(story) if check.requirement == "STATUS-FINAL"]
    assert [(check.group, check.grade, check.received) for check in final] == [("PCRF", "pass", "stored: OK")]


def test_misdirected_outcome_names_its_owner_and_its_evidence(checks: Checks) -> None:
    """The check of a misdirected outcome says whose it is, and names the records that show it."""
    (found,) = (
        check for check in checks(instead("status PCRF OK", "status HSS OK"))
        if check.requirement == "STATUS-GROUP" and check.grade == "fail"
    )  # fmt: skip
    assert found.expected == "the outcome of PCRF under group PCRF"
    assert found.records == (10, 11)


def test_status_that_names_no_account_belongs_to_none(checks: Checks) -> None:
    """A status whose URL names no account is judged once, beside the cases."""
    story = (*DOCUMENTED, "status HSS OK url=nobody")
    failed = [check for check in checks(story) if check.grade == "fail"]
    assert [(check.requirement, check.i_account, check.records) for check in failed] == [
        ("STATUS-URL-I-ACCOUNT", None, (12,))
    ]


def test_each_account_is_judged_by_its_own_facts(checks: Checks) -> None:
    """An order that carries another account's data is a failure of that order's account alone."""
    swapped = "order HSS PCRF imsi=001010000000190 account=189"
    story = [f"{step} account={number}" for step in DOCUMENTED for number in (189, 190)]
    story[story.index("order HSS PCRF account=189")] = swapped
    failed = {(check.requirement, check.i_account) for check in checks(story) if check.grade == "fail"}
    assert failed == {("DATA-FRESH", 189), ("ORDER-CONTENT", 189)}
