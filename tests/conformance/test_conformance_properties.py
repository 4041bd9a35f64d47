"""The oracle on drawn stories: no legal one has a failure, and one illegal change fails under its own id."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conformance.requirements import catalogue, consequences

Graded = Callable[..., set[str]]
Draw = st.DrawFn
Groups = Mapping[str, tuple[str, ...]]

DECLARED: Final[tuple[Groups, ...]] = (
    {"HSS": ("HSS",), "PCRF": ("PCRF",)},
    {"HSS": ("HSS", "VoIP"), "PCRF": ("PCRF",)},
    {"HSS": ("HSS",)},
)
# What the OMS may notify of one service, in this order.
COURSES: Final = (
    ("completed",),
    ("failed",),
    ("in_progress", "completed"),
    ("failed", "retrying", "completed"),
    ("failed", "completed"),
    ("failed", "retrying"),
    (),
)
# The card of account 189, read the wrong way round.
EXCHANGED: Final = f"imsi=89001{189:014d} iccid=00101{189:010d}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A story with what its target declares."""

    steps: tuple[str, ...]
    groups: Groups
    url_form: str = "i_account"

    def failed(self, graded: Graded) -> set[str]:
        """The requirements that fail in it."""
        return graded(self.steps, groups=self.groups, url_form=self.url_form)

    def find(self, pattern: str) -> list[int]:
        """Where the steps are that fit a pattern from their beginning."""
        return [at for at, step in enumerate(self.steps) if re.match(pattern, step)]

    def changed(self, at: int, *steps: str) -> "Told":
        """The story with other steps in the place of one."""
        return replace(self, steps=(*self.steps[:at], *steps, *self.steps[at + 1 :]))

    def reworded(self, at: int, old: str, new: str) -> "Told":
        """The story with one step in other words."""
        return self.changed(at, self.steps[at].replace(old, new, 1))

    def outcome(self, group: str) -> str | None:
        """The status that the notifications of this story leave a group with."""
        news = [step.split() for step in self.steps if step.startswith("notice")]
        return meaning(self.groups[group], {words[1]: words[2] for words in news})


def meaning(services: Sequence[str], states: Mapping[str, str]) -> str | None:
    """The status that states mean, by the page alone: any failed is FAILED, all completed OK."""
    now = {states.get(service) for service in services}
    return "FAILED" if "failed" in now else "OK" if now == {"completed"} else None


def interleaved(draw: Draw, chains: Sequence[Sequence[str]]) -> list[str]:
    """The steps of all chains in any order that keeps each chain's own."""
    turns = draw(st.permutations([number for number, chain in enumerate(chains) for _ in chain]))
    rest = [iter(chain) for chain in chains]
    return [next(rest[number]) for number in turns]


def reports(draw: Draw, group: str, value: str) -> list[str]:
    """A status as it may be told: refused for a moment, then taken, perhaps twice."""
    step = f"status {group} {value}"
    refused = draw(st.lists(st.sampled_from((401, 503)), max_size=1))
    return [*(f"{step} answer={answer}" for answer in refused), *[step] * draw(st.integers(1, 2))]


def group_chain(draw: Draw, group: str, services: Sequence[str]) -> list[str]:
    """What a correct provisioner hears and tells of one group, from the accepted order on."""
    news = interleaved(
        draw, [[f"{name} {state}" for state in draw(st.sampled_from(COURSES))] for name in services]
    )
    steps, shown = [], None
    if draw(st.booleans()):
        steps += reports(draw, group, "IN_PROGRESS")
    if draw(st.booleans()):
        # A time limit of its own, while nothing was notified.
        steps += reports(draw, group, shown := "FAILED")
    states: dict[str, str] = {}
    for number, words in enumerate(news, start=1):
        name, state = words.split()
        states[name] = state
        steps += [f"notice {words}"] * draw(st.integers(1, 2))
        meant = meaning(services, states)
        value = meant or {"retrying": "RETRY", "in_progress": "IN_PROGRESS"}.get(state)
        if meant and meant != shown and draw(st.booleans()):
            # It was on its way when the notification came.
            steps += reports(draw, group, "IN_PROGRESS")
        # What a later notification makes obsolete need not be told, nor what the group shows already.
        if value and ((meant and number == len(news) and meant != shown) or draw(st.booleans())):
            steps += reports(draw, group, shown := value)
    return steps


def order_chains(draw: Draw, groups: Groups, needed: Sequence[str] | None) -> list[list[str]]:
    """The orders, one or several, each with what follows for its groups."""
    more = draw(st.booleans())
    concerned = {
        group: [name for name in services if needed is None or more or name in needed]
        for group, services in groups.items()
    }
    concerned = {group: services for group, services in concerned.items() if services}
    together = draw(st.booleans())
    chains = [group_chain(draw, group, services) for group, services in concerned.items()]
    if together:
        ordered = [name for services in concerned.values() for name in services]
        return [[*_ordered(draw, ordered), *interleaved(draw, chains)]]
    return [
        [*_ordered(draw, services), *chain]
        for services, chain in zip(concerned.values(), chains, strict=True)
    ]


def _ordered(draw: Draw, services: Sequence[str]) -> list[str]:
    step = f"order {' '.join(services)}"
    return ["query", *[f"{step} answer=503"] * draw(st.integers(0, 1)), *[step] * draw(st.integers(1, 2))]


@st.composite
def legal_accounts(draw: Draw, groups: Groups, *, account: int = 189) -> tuple[str, ...]:
    """The legal story of one account."""
    needed = draw(st.sampled_from((None, *groups.values(), ("HSS",))))
    chains = order_chains(draw, groups, needed)
    chains.append(["event"] * draw(st.integers(0, 2)))
    chains.append(["status IPTV IN_PROGRESS"] * draw(st.integers(0, 1)))
    fact = f"account services={','.join(needed)}" if needed else "account"
    written = draw(st.sampled_from(("in=form", "in=json")))
    steps = [fact, "event", *interleaved(draw, chains)]
    steps = [f"{step} {written}" if step.startswith("status") else step for step in steps]
    return tuple(step if account == 189 else f"{step} account={account}" for step in steps)


@st.composite
def legal_stories(draw: Draw) -> Told:
    """One account or two at once, by either URL form, an `@` in it encoded or bare."""
    groups = draw(st.sampled_from(DECLARED))
    url_form = draw(st.sampled_from(("i_account", "id")))
    accounts = [
        draw(legal_accounts(groups, account=number)) for number in range(189, draw(st.integers(190, 191)))
    ]
    steps = interleaved(draw, accounts)
    if url_form == "id" and draw(st.booleans()):
        steps = [f"{step} url=bare" if step.startswith("status") else step for step in steps]
    return Told(steps=tuple(steps), groups=groups, url_form=url_form)


@given(told=legal_stories())
def test_no_legal_story_fails(graded: Graded, told: Told) -> None:
    """Whatever a correct provisioner does, in whatever order, nothing fails."""
    assert told.failed(graded) == set()


Change = Callable[[Draw, Told], Told]


Found = TypeVar("Found")


def _pick(draw: Draw, found: Sequence[Found]) -> Found:
    assume(found)
    return draw(st.sampled_from(found))


def _assume_no_redelivery(told: Told) -> None:
    """A redelivery amid misplaced reports looks as if it had restarted what was final: that is told too."""
    assume(len(told.find("event")) == 1)


def _other_value(new: str) -> Change:
    def change(draw: Draw, told: Told) -> Told:
        at = _pick(draw, told.find(r"status (HSS|PCRF) \w+ in="))
        value = told.steps[at].split()[2]
        return told.reworded(at, value, new.format(value, value.lower()))

    return change


def unregistered_group(draw: Draw, told: Told) -> Told:
    """A group in other letters is not registered."""
    at = _pick(draw, told.find(r"status (HSS|PCRF) \w+ in="))
    group = told.steps[at].split()[1]
    return told.reworded(at, group, group.lower())


def early_ok(draw: Draw, told: Told) -> Told:
    """OK is told as soon as an order is accepted."""
    _assume_no_redelivery(told)
    group = draw(st.sampled_from(sorted(told.groups)))
    at = _pick(draw, told.find(rf"order [^=]*\b({'|'.join(told.groups[group])})\b[^=]*$")[:1])
    return told.changed(at, told.steps[at], f"status {group} OK")


def other_group(draw: Draw, told: Told) -> Told:
    """All reports of a group's success go to the other group."""
    assume(len(told.groups) == 2)
    _assume_no_redelivery(told)
    owner, other = draw(st.permutations(sorted(told.groups)))
    assume(told.find(f"status {owner} OK"))
    steps = (step.replace(f"status {owner} OK", f"status {other} OK") for step in told.steps)
    return replace(told, steps=tuple(steps))


def failure_as_ok(draw: Draw, told: Told) -> Told:
    """The last report of a failure says OK."""
    last = {
        group: (told.find(rf"status {group} \w+ in="), told.find(rf"notice ({'|'.join(services)}) failed"))
        for group, services in told.groups.items()
        if told.outcome(group) == "FAILED"
    }
    at = _pick(draw, [said[-1] for said, news in last.values() if said and said[-1] > news[-1]])
    return told.reworded(at, "FAILED", "OK")


def missing_final(draw: Draw, told: Told) -> Told:
    """Nothing is told of a group's success, and no other success twice, which would look as if it were it."""
    group = _pick(draw, [group for group in told.groups if told.find(f"status {group} OK")])
    first = told.find(f"notice ({'|'.join(told.groups[group])}) ")[0]
    kept: list[str] = []
    for at, step in enumerate(told.steps):
        repeated = re.match(r"status \w+ OK", step) and step in kept
        if not repeated and not (at > first and step.startswith(f"status {group} ")):
            kept.append(step)
    return replace(told, steps=tuple(kept))


def second_reference(draw: Draw, told: Told) -> Told:
    """An order is placed again under another reference before the event comes again."""
    at = _pick(draw, told.find(r"order [^=]*$"))
    assume(not [event for event in told.find("event")[1:] if event < at])
    return told.changed(at, told.steps[at], f"{told.steps[at]} ref=second")


def missing_query(_draw: Draw, told: Told) -> Told:
    """Nothing is asked before the orders."""
    return replace(told, steps=tuple(step for step in told.steps if step != "query"))


def _marked(pattern: str, mark: str, *, first: bool = False) -> Change:
    def change(draw: Draw, told: Told) -> Told:
        found = told.find(pattern)
        at = _pick(draw, found[:1] if first else found)
        return told.changed(at, f"{told.steps[at]} {mark}")

    return change


def redelivery_refused(draw: Draw, told: Told) -> Told:
    """The event comes once more and is refused."""
    at = draw(st.integers(1, len(told.steps) - 1))
    return told.changed(at, told.steps[at], "event answer=409")


def other_url_form(draw: Draw, told: Told) -> Told:
    """One status is sent by the URL form that the target was not started with."""
    other = "id" if told.url_form == "i_account" else "i_account"
    return _marked(r"status (HSS|PCRF) \w+ in=", f"url={other}")(draw, told)


def no_account(_draw: Draw, told: Told) -> Told:
    """The URLs of all statuses name an account that is not there."""
    assume(told.find(r"status (HSS|PCRF)"))
    return replace(told, steps=tuple(re.sub("^(status .*)", r"\1 url=nobody", step) for step in told.steps))


def notification_refused(draw: Draw, told: Told) -> Told:
    """A notification is answered 500 although ESPF, the only neighbour that is asked then, is well."""
    well = replace(told, steps=tuple(step for step in told.steps if "answer=401" not in step))
    at = _pick(draw, [at for at in well.find("notice") if well.steps[at] not in well.steps[:at]])
    return well.changed(at, f"{well.steps[at]} answer=500")


CHANGES: Final[Mapping[str, tuple[str, Change]]] = {
    "blank behind a status": ("STATUS-VALUES", _other_value("'{0} '")),
    "other case": ("STATUS-VALUES", _other_value("{1}")),
    "group not registered": ("STATUS-GROUP", unregistered_group),
    "OK before completion": ("STATUS-NOT-EARLY", early_ok),
    "outcome under the other group": ("STATUS-GROUP", other_group),
    "failure told as OK": ("STATUS-MAPPING", failure_as_ok),
    "missing final status": ("NOTICE-DELAY", missing_final),
    "second reference": ("ORDER-ONCE", second_reference),
    "missing query": ("DATA-QUERY", missing_query),
    "another's imsi": ("DATA-FRESH", _marked(r"order [^=]*$", "imsi=001010000000190", first=True)),
    "imsi and iccid exchanged": ("ORDER-CONTENT", _marked(r"order [^=]*$", EXCHANGED)),
    "event answered 500": ("EVENT-ACK", _marked(r"event$", "answer=500", first=True)),
    "redelivery answered 409": ("EVENT-DUPLICATE", redelivery_refused),
    "notification answered 500": ("NOTICE-ACK", notification_refused),
    "wrong URL form": ("STATUS-URL", other_url_form),
    "URL that names no account": ("STATUS-URL", no_account),
    "unreadable body": ("STATUS-BODY", _marked(r"status (HSS|PCRF) \w+", "in=garbage")),
}


@st.composite
def one_account_stories(draw: Draw) -> Told:
    """The legal story of one account that needs all groups."""
    groups = draw(st.sampled_from(DECLARED))
    url_form = draw(st.sampled_from(("i_account", "id")))
    steps = draw(legal_accounts(groups).filter(lambda steps: steps[0] == "account"))
    return Told(steps=steps, groups=groups, url_form=url_form)


@pytest.mark.parametrize("name", CHANGES)
# Sixteen changes share the work; not every story has what a change is made to.
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_one_illegal_change_fails_under_its_own_requirement(
    graded: Graded, name: str, data: st.DataObject
) -> None:
    """A legal story with one illegal change fails there, and beside it only what follows from that."""
    own, change = CHANGES[name]

    @st.composite
    def illegal_stories(draw: Draw) -> Told:
        return change(draw, draw(one_account_stories()))

    told = data.draw(illegal_stories())
    own = (
        {"i_account": "STATUS-URL-I-ACCOUNT", "id": "STATUS-URL-ID"}[told.url_form]
        if own == "STATUS-URL"
        else own
    )
    failed = told.failed(graded)
    assert own in failed
    assert failed - {own} <= consequences([own], among=catalogue())
