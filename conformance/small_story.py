"""The small story: an account with two services, told by a schedule of deviations; many at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from conformance.schedules import Moment, Schedule
from conformance.story import Story
from simulators.emitter.core import Event
from simulators.records import Account

# The page: ten minutes for the first service, an hour for the others.
PLANS: Final[tuple[dict[str, Any], ...]] = (
    {"outcome": "completed", "delay": 600},
    {"outcome": "completed", "delay": 3600},
)
DAYS_LATER: Final = 3 * 24 * 60


def tell_small_story(story: Story, told: Sequence[Schedule]) -> None:
    """Tell the small story once for each schedule, all at the same time, each with an account of its own."""
    accounts = [story.create_account() for _ in told]
    for account, schedule in zip(accounts, told, strict=True):
        _arm(story, account, schedule)
    events = [story.send("activate", account) for account in accounts]
    acts = list(zip(events, told, strict=True))
    _act(story, acts, "told")
    story.until_decided(accounts)
    _act(story, acts, "ordered")
    story.advance(minutes=10)
    for account in accounts:
        story.give_time_to_report(account)
    _act(story, acts, "notified")
    story.advance(minutes=50)
    for account in accounts:
        story.until_reported(account)
    _act(story, acts, "reported")
    if any(deviation.plan and "delay" in deviation.plan for schedule in told for deviation in schedule):
        story.advance(minutes=DAYS_LATER)
        for account in accounts:
            story.until_reported(account)


def _arm(story: Story, account: Account, schedule: Schedule) -> None:
    for place, service in enumerate(story.services):
        plan = dict(PLANS[min(place, 1)])
        for deviation in schedule:
            if deviation.plan and deviation.place == place:
                plan |= deviation.plan
        story.plan_service(account, service, **plan)
    for deviation in schedule:
        if deviation.strike:
            story.strike(account=account, **deviation.strike)


def _act(story: Story, acts: Sequence[tuple[Event, Schedule]], moment: Moment) -> None:
    for event, schedule in acts:
        for deviation in schedule:
            if deviation.moment == moment and deviation.act:
                act = getattr(story, deviation.act)
                act(event) if deviation.act == "resend" else act()


def batches(told: Sequence[Schedule], *, size: int) -> Iterator[tuple[Schedule, ...]]:
    """Schedules that can be told at the same time; one that concerns all others is told alone."""
    together = [schedule for schedule in told if not any(one.concerns_all for one in schedule)]
    for first in range(0, len(together), size):
        yield tuple(together[first : first + size])
    yield from ((schedule,) for schedule in told if any(one.concerns_all for one in schedule))
