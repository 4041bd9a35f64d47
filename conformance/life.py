"""A life: accounts that come, change and go amid faults and restarts, as a Hypothesis state machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from conformance.about import Budget
from conformance.bench import Bench
from conformance.scenario import Scenario, conclude
from conformance.schedules import LOST
from conformance.story import MissedWaitError, NotDeclaredError, Story, play
from simulators.records import Account

REQUIREMENTS: Final = ("STATUS-FINAL",)
MOST_ACCOUNTS: Final = 3
# All is notified by then: in virtual minutes.
LONG_AFTER: Final = 3 * 24 * 60
# While lives are searched nothing is waited for longer than this, in real seconds; what fails is told once
# more with the target's own `[timeouts]`.
IMPATIENT: Final = 1.0
FAULTS: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("portabilling", {"effect": "answer", "status": 503}),
    ("portabilling", {"effect": "reset"}),
    ("oms/order", {"effect": "answer", "status": 503}),
    ("oms/order", {"effect": "reset"}),
    ("oms/order", LOST),
    ("oms/notification", {"effect": "drop"}),
    ("oms/notification", LOST),
    ("espf/status", {"effect": "answer", "status": 503}),
    ("espf/status", {"effect": "answer", "status": 401}),
    ("espf/status", LOST),
    ("emitter/event", {"effect": "duplicate"}),
    ("emitter/event", LOST),
)
PLANS: Final = st.fixed_dictionaries(
    {"outcome": st.sampled_from(["completed", "failed"]), "delay": st.sampled_from([600, 3600, 86_400])},
    optional={"retrying": st.just(1), "in_progress": st.just(1), "copies": st.just(2)},
)
WHICH: Final = st.integers(0, MOST_ACCOUNTS - 1)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How many lives are told, of how many steps, and how many more to make one that failed smaller."""

    lives: int
    steps: int
    smaller: int


PROFILES: Final[Mapping[Budget, Profile]] = {
    "normal": Profile(lives=3, steps=8, smaller=30),
    "thorough": Profile(lives=300, steps=20, smaller=300),
}


class LifeFailedError(AssertionError):
    """A life ended in what the facts do not allow."""


class EnoughError(BaseException):
    """The budget is used up: Hypothesis passes this on, as it does an interrupt."""


class Life(RuleBasedStateMachine):
    """One life: each rule is a step of its story, and the oracle judges it when it ends."""

    def __init__(self, story: Story, *, end: Callable[[Story, MissedWaitError | None], None]) -> None:
        super().__init__()
        self._story = story
        self._end = end
        self._missed: MissedWaitError | None = None
        self._accounts: list[Account] = []
        self._closed: set[int] = set()

    @initialize(plan=PLANS)
    def begin(self, plan: Mapping[str, Any]) -> None:
        """Create the first account."""
        self._create(plan)

    @rule(plan=PLANS)
    def create(self, plan: Mapping[str, Any]) -> None:
        """Create another account, as long as there are few."""
        if len(self._accounts) < MOST_ACCOUNTS:
            self._create(plan)

    @rule(which=WHICH, plan=PLANS)
    def change(self, which: int, plan: Mapping[str, Any]) -> None:
        """Give an account another SIM card, and tell of it."""
        if account := self._open(which):
            self._do(self._change, account, plan)

    @rule(which=WHICH, plan=PLANS)
    def close(self, which: int, plan: Mapping[str, Any]) -> None:
        """Close an account, and tell of it."""
        if account := self._open(which):
            self._closed.add(account.i_account)
            self._do(self._close, account, plan)

    @rule(minutes=st.sampled_from([1, 10, 60, 24 * 60]))
    def wait(self, minutes: int) -> None:
        """Let virtual time pass."""
        self._do(self._story.advance, minutes=minutes)

    @rule(which=WHICH, fault=st.sampled_from(FAULTS), first=st.sampled_from([1, 2]))
    def strike(self, which: int, fault: tuple[str, Mapping[str, Any]], first: int) -> None:
        """Let a fault strike an account's next exchanges at a point."""
        account = self._accounts[which % len(self._accounts)]
        self._do(self._story.strike, *fault, account=account, first=first)

    @rule()
    def end_sessions(self) -> None:
        """End every session with PortaBilling."""
        self._do(self._story.kill_sessions)

    @rule()
    def kill(self) -> None:
        """Kill the target, and start it again."""
        self._do(self._story.kill)

    def teardown(self) -> None:
        """Let all come to its end, and judge."""
        self._do(self._conclude)
        self._end(self._story, self._missed)

    def _open(self, which: int) -> Account | None:
        account = self._accounts[which % len(self._accounts)]
        return None if account.i_account in self._closed else account

    def _create(self, plan: Mapping[str, Any]) -> None:
        account = self._story.create_account()
        self._accounts.append(account)
        self._do(self._tell, "activate", account, plan)

    def _change(self, account: Account, plan: Mapping[str, Any]) -> None:
        self._story.event_types("modify")
        changed = self._story.change_sim_card(account)
        self._accounts[self._accounts.index(account)] = changed
        self._tell("modify", changed, plan)

    def _close(self, account: Account, plan: Mapping[str, Any]) -> None:
        self._story.event_types("deactivate")
        self._story.close(account)
        self._tell("deactivate", account, plan)

    def _tell(self, action: Any, account: Account, plan: Mapping[str, Any]) -> None:
        for service in self._story.services:
            self._story.plan_service(account, service, **plan)
        self._story.send(action, account)
        self._story.until_quiet()

    def _conclude(self) -> None:
        self._story.clear_weather()
        self._story.advance(minutes=LONG_AFTER)
        for account in self._accounts:
            self._story.until_reported(account)

    def _do(self, step: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Take a step, unless a wait in vain ended the life before, or the target does not declare it."""
        if self._missed:
            return
        try:
            step(*args, **kwargs)
        except MissedWaitError as error:
            self._missed = error
        except NotDeclaredError:
            pass


class Lives:
    """Tells lives until one fails, makes that one smaller, and tells it once more.

    `name` is what they are called, each with a number of its own, `journal` the file of the bench's journal.
    """

    def __init__(self, bench: Bench, *, name: str, journal: str, profile: Profile) -> None:
        self._patient = bench
        timeouts = bench.file.timeouts
        hasty = timeouts.model_copy(update={"converge": min(timeouts.converge, IMPATIENT)})
        self._hasty = replace(bench, file=bench.file.model_copy(update={"timeouts": hasty}))
        self._name = name
        self._journal = journal
        self._profile = profile
        self._left = profile.smaller
        self._numbers = count(1)
        self._told: list[Scenario] = []
        self._failed: list[Scenario] = []

    def told(self) -> tuple[Scenario, ...]:
        """Tell as many as the profile says: those that went well, and one that did not."""
        profile = settings(
            max_examples=self._profile.lives,
            stateful_step_count=self._profile.steps,
            phases=(Phase.generate, Phase.shrink),
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        # A factory of its own each time: Hypothesis keeps the seed on it.
        factory: Any = seed(self._patient.seed)(lambda: Life(self._story(), end=self._ended))
        try:
            run_state_machine_as_test(factory, settings=profile)
        except (LifeFailedError, EnoughError, HypothesisException):
            self._told.append(self._smallest())
        return tuple(self._told)

    def _story(self) -> Story:
        if self._failed:
            self._left -= 1
        if self._left < 0:
            raise EnoughError
        bench = self._hasty
        if bench.target and bench.death():
            bench.target.restart()
        name = f"{self._name.removesuffix(']')}-{next(self._numbers)}]"
        return Story(bench, name=name, requirements=REQUIREMENTS)

    def _ended(self, story: Story, missed: MissedWaitError | None) -> None:
        scenario = conclude(story, journal=self._journal, missed=missed)
        if not scenario.went_wrong:
            if not self._failed:
                self._told.append(scenario)
            return
        if not self._failed:
            scenario = self._again(scenario)
            if not scenario.went_wrong:
                # It needs more time than was given: from here on it has it.
                self._hasty = self._patient
                self._told.append(scenario)
                return
        self._failed.append(scenario)
        raise LifeFailedError(f"{scenario.failed or scenario.result.unsure}")

    def _smallest(self) -> Scenario:
        """The smallest life that failed, told once more with all patience; else the first, which was."""
        first, *smaller = self._failed
        smallest = min(self._failed, key=lambda scenario: len(scenario.steps))
        again = self._again(smallest) if smaller else first
        return again if again.went_wrong else first

    def _again(self, told: Scenario) -> Scenario:
        story, missed = Story(self._patient, name=told.name, requirements=REQUIREMENTS), None
        try:
            play(story, told.steps)
        except MissedWaitError as error:
            missed = error
        return conclude(story, journal=self._journal, missed=missed)
