"""The pytest plugin of the suite: gives each scenario its story, and carries its result to the report."""

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any, Final, cast

import pytest

from conformance.about import About, Budget
from conformance.bench import Bench, open_bench
from conformance.errors import TargetError
from conformance.requirements import requirement
from conformance.scenario import Scenario, conclude
from conformance.schedules import Schedule, schedules
from conformance.search import Search, exchanges_of, tell_alone
from conformance.small_story import batches
from conformance.story import MissedWaitError, NotDeclaredError, Story
from conformance.target import TargetFile, UrlForm, load_target

SCENARIO: Final = "scenario"
TARGET_ERROR: Final = "target_error"
# The name of the open bench's journal.
JOURNAL: Final = pytest.StashKey[str]()
# What failed before in this worker; to be unsure counts as one more kind of failure.
CONFIRMED: Final = pytest.StashKey[set[str]]()
UNSURE: Final = "unsure"
# What was found in other parts of the search.
SEARCH: Final = pytest.StashKey[Search]()
# By the budget: how many deviations the schedules have, and how many are told at a time.
DEVIATIONS: Final[Mapping[Budget, tuple[int, ...]]] = {
    "small": (),
    "normal": (0, 1),
    "thorough": (0, 1, 2, 3),
}
AT_A_TIME: Final = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that `espf-conformance run` passes on."""
    group = parser.getgroup("espf", "ESPF conformance")
    group.addoption("--espf-target", help="target file, or the name of a bundled one")
    group.addoption("--espf-report-dir", help="folder for reports and logs")
    group.addoption("--espf-about", help="what the run is, as JSON, its seed among other things")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of the suite."""
    config.addinivalue_line("markers", "proves(*ids): the requirements that a scenario is written for")
    config.addinivalue_line("markers", "faulty: trouble, restarts or load, which the profile core leaves out")
    config.addinivalue_line("markers", "url_form(form): the one URL form that a scenario is for")
    config.addinivalue_line("markers", "first_form: a long scenario that is about no URL, for one form alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell each story once with each URL form that the target declares."""
    if "bench" not in metafunc.fixturenames:
        return
    forms = declared_forms(_load(metafunc.config)[1])
    marker = metafunc.definition.get_closest_marker("url_form")
    chosen = [form for form in forms if marker is None or form in marker.args]
    is_search = "told" in metafunc.fixturenames
    if is_search or not _is_about_urls(metafunc):
        # Trouble that concerns no status looks alike with either form, and the search need not be doubled.
        chosen = chosen[:1]
    metafunc.parametrize("bench", chosen, indirect=True, scope="session")
    if is_search:
        parts = _batches(metafunc.config)
        metafunc.parametrize("told", parts, ids=[f"part {number}" for number, _ in enumerate(parts, 1)])


def _batches(config: pytest.Config) -> list[tuple[Schedule, ...]]:
    """The schedules that a run's budget allows, in parts that are told at the same time."""
    found = exchanges_of(_load(config)[1].features)
    told = (schedules(found, deviations=number) for number in DEVIATIONS[_about(config).budget])
    return [batch for some in told for batch in batches(tuple(some), size=AT_A_TIME)]


def _is_about_urls(metafunc: pytest.Metafunc) -> bool:
    """Whether a scenario is to be told with each URL form: without trouble all, else those about statuses."""
    item: Any = metafunc.definition
    if item.get_closest_marker("first_form") or "lives" in metafunc.fixturenames:
        return False
    is_about_statuses = any(id_.startswith("STATUS") for id_ in proved_by(item))
    return is_about_statuses or not item.get_closest_marker("faulty")


def declared_forms(file: TargetFile) -> tuple[UrlForm, ...]:
    """The URL forms to run: a target that already runs has been set up with its first one."""
    return file.features.url if file.target.command else file.features.url[:1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the ids that scenarios name, and keep those for the wanted requirements."""
    about = _about(config)
    only = set(about.only)
    for item in items:
        for id_ in proved_by(item):
            requirement(id_)
    if about.profile == "core":
        items[:] = [item for item in items if not item.get_closest_marker("faulty")]
    if only:
        items[:] = [item for item in items if only & set(proved_by(item))]


def proved_by(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a scenario is written for."""
    marker = item.get_closest_marker("proves")
    return marker.args if marker else ()


@pytest.fixture(scope="session")
def about(request: pytest.FixtureRequest) -> About:
    """What the run is; its seed is the root of all that a scenario leaves to chance."""
    return _about(request.config)


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest, about: About) -> Iterator[Bench]:
    """A stack and a target, started once per worker and URL form."""
    path, file = _load(request.config)
    report_dir = Path(request.config.getoption("--espf-report-dir"))
    form: UrlForm = request.param
    with open_bench(file, folder=path.parent, url_form=form, report_dir=report_dir) as opened:
        request.config.stash[JOURNAL] = name = _new_journal(report_dir, form)
        note_run(opened, about)
        yield replace(opened, seed=about.seed)
        save_journal(opened, about, report_dir / name)


def note_run(bench: Bench, about: About) -> None:
    """Write into the journal what the run is, so that the saved file tells it too."""
    bench.stack.journal.fact("run", data=about.model_dump(mode="json"))


def save_journal(bench: Bench, about: About, path: Path) -> None:
    """Save the journal; one that dropped its beginning says once more what it is about."""
    if bench.stack.journal.dropped:
        bench.stack.journal.fact("target", data=bench.declared.model_dump(mode="json"))
        note_run(bench, about)
    bench.stack.journal.save(path)


@pytest.fixture
def story(bench: Bench, request: pytest.FixtureRequest) -> Story:
    """A story of the test's own; a target that died in the one before is started again."""
    if bench.target and bench.death():
        bench.target.restart()
    return Story(bench, name=request.node.name, requirements=proved_by(request.node))


@pytest.fixture
def search(bench: Bench, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Search schedules for those that fail; each telling is a scenario of its own."""
    item = request.node

    def tell(told: Sequence[Schedule]) -> Scenario:
        if bench.target and bench.death():
            bench.target.restart()
        story, missed = tell_alone(partial(Story, bench), told)
        return conclude(story, journal=item.config.stash[JOURNAL], missed=missed)

    found = item.config.stash.setdefault(SEARCH, Search())

    def through(told: Sequence[Schedule]) -> None:
        tellings = list(found.through(told, tell=tell))
        item.user_properties += [(SCENARIO, telling.to_json()) for telling in tellings]
        if any(telling.went_wrong for telling in tellings):
            pytest.fail("the report says why", pytrace=False)

    return through


@pytest.fixture
def lives(bench: Bench, about: About, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Tell lives until one fails; each is a scenario of its own."""
    # Hypothesis costs every command's start a third of a second.
    from conformance.life import PROFILES, Lives  # noqa: PLC0415

    item = request.node

    def tell() -> None:
        if item.config.stash.get(CONFIRMED, None) or item.config.stash.setdefault(SEARCH, Search()).failed:
            pytest.skip("smaller stories have failed")
        if about.budget not in PROFILES:
            pytest.skip("the budget allows none")
        journal = item.config.stash[JOURNAL]
        tellings = Lives(bench, name=item.name, journal=journal, profile=PROFILES[about.budget]).told()
        item.user_properties += [(SCENARIO, telling.to_json()) for telling in tellings]
        if any(telling.went_wrong for telling in tellings):
            pytest.fail("the report says why", pytrace=False)

    return tell


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Judge a scenario when it has been told to its end, or as far as it got."""
    told, missed = pyfuncitem.funcargs.get("story"), None
    try:
        outcome: object = yield
    except MissedWaitError as error:
        outcome, missed = True, error
    except NotDeclaredError as error:
        if isinstance(told, Story):
            told.leave_out(str(error))
        pytest.skip(str(error))
    if isinstance(told, Story):
        _conclude(pyfuncitem, told, missed=missed)
    return outcome  # type: ignore[return-value]


def _conclude(item: pytest.Function, story: Story, *, missed: MissedWaitError | None) -> None:
    tellings = [conclude(story, journal=item.config.stash[JOURNAL], missed=missed)]
    if tellings[0].went_wrong and _is_news(item.config, tellings[0]):
        tellings.append(_told_again(item))
    item.user_properties += [(SCENARIO, telling.to_json()) for telling in tellings]
    if any(telling.went_wrong for telling in tellings):
        pytest.fail("the report says why", pytrace=False)


def _is_news(config: pytest.Config, scenario: Scenario) -> bool:
    """Whether a failure is worth another telling: the first of its kind, which may be a matter of chance."""
    known = config.stash.setdefault(CONFIRMED, set())
    found = scenario.failed or {UNSURE}
    is_news = not found <= known and _about(config).budget != "small"
    known |= found
    return is_news


def _told_again(item: pytest.Function) -> Scenario:
    """Tell the same story once more, with a target that runs and accounts of its own."""
    story = Story(cast("Bench", item.funcargs["bench"]), name=item.name, requirements=proved_by(item))
    arguments = {name: item.funcargs[name] for name in inspect.signature(item.obj).parameters}
    missed = None
    try:
        item.obj(**{**arguments, "story": story})
    except MissedWaitError as error:
        missed = error
    return conclude(story, journal=item.config.stash[JOURNAL], missed=missed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Any:
    """Mark the reports of targets that did not start, so that they are told from defects of the harness."""
    report = yield
    if call.excinfo and isinstance(call.excinfo.value, TargetError):
        report.user_properties.append((TARGET_ERROR, str(call.excinfo.value)))
    return report


def _new_journal(report_dir: Path, form: UrlForm) -> str:
    """A file of its own for each bench: a worker whose scenarios change the URL form opens several."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    names = (f"journal-{worker}-{form}{mark}.jsonl" for mark in chain([""], (f"-{n}" for n in count(2))))
    return next(name for name in names if not (report_dir / name).exists())


def _about(config: pytest.Config) -> About:
    return About.model_validate_json(config.getoption("--espf-about"))


def _load(config: pytest.Config) -> tuple[Path, TargetFile]:
    return load_target(config.getoption("--espf-target"))
