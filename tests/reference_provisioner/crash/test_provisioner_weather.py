"""The provisioner killed at random moments in bad weather, and as one of two instances at one PostgreSQL."""

import logging
import os
import random
import threading
from collections.abc import Callable
from typing import Any, Final

from simulators.records import derived_account
from simulators.weather.faults import Answer, Duplicate, Hang, Reset

BuildTown = Callable[..., Any]
# The profiles of tests/conftest.py: the same few kills in every run, and many others when there is time.
THOROUGH: Final = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
KILLS: Final = 50 if THOROUGH else 4
SEED: Final = random.randrange(2**32) if THOROUGH else 20_260_101
FIRST: Final = 1_000_000
# Unstruck, a story of a new account is about so many exchanges long.
LONGEST: Final = 20
ACCOUNTS: Final = 200


def make_bad_weather(town: Any) -> None:
    """Let each neighbour fail now and then in each way, and let events and notifications come twice."""
    for place in ("portabilling", "oms", "espf"):
        for fault in (
            Answer(status=503),
            Reset(after=True),
            Hang(seconds=0.1),
            Hang(seconds=0.1, after=True),
        ):
            town.stack.weather.arm(place, fault, probability=0.05)
    for point in ("emitter/event", "oms/notification"):
        town.stack.weather.arm(point, Duplicate(), probability=0.2)
        town.stack.weather.arm(point, Reset(after=True), probability=0.1)


def kill_after(town: Any, exchanges: int, dead: threading.Event) -> None:
    """Kill the provisioner once the simulators have observed so many exchanges more."""
    until = town.stack.journal.last_seq + exchanges
    town.stack.journal.wait_until(lambda: town.stack.journal.last_seq >= until, timeout=20)
    town.instances[0].kill()
    dead.set()


def live_and_die(town: Any, i_account: int, chance: random.Random) -> None:
    """Begin a story, let time pass, and kill the provisioner somewhere in it; then start it again."""
    dead = threading.Event()
    killer = threading.Thread(target=kill_after, args=(town, chance.randint(1, LONGEST), dead))
    killer.start()
    town.stack.add_account(derived_account(i_account))
    town.emit(i_account)
    while not dead.wait(0.05):
        town.stack.clock.advance(minutes=chance.choice((1, 10, 60)))
    killer.join()
    town.instances[0].start()


def test_killed_at_random_moments_in_bad_weather_it_ends_right(build_town: BuildTown) -> None:
    """When the weather has cleared, every status is right, and no account has two orders."""
    # Shown with a failure.
    logging.getLogger(__name__).warning("seed %d, %d kills", SEED, KILLS)
    chance = random.Random(SEED)
    town = build_town(weather_seed=SEED)
    make_bad_weather(town)
    accounts = [FIRST + number for number in range(KILLS)]
    for i_account in accounts:
        live_and_die(town, i_account, chance)
    town.stack.weather.clear()
    town.live_through(accounts)
    town.must_be_right(accounts, early=True)


def test_two_instances_share_one_postgresql_and_one_is_killed(
    build_town: BuildTown, empty_postgresql: str
) -> None:
    """Each event goes to both; one dies half way; nothing is lost, and only what it was at is done twice."""
    env = {"DATABASE": empty_postgresql, "LEASE_SECONDS": "3"}
    town = build_town(instances=2, env=env)
    accounts = [FIRST + number for number in range(ACCOUNTS)]
    for i_account in accounts:
        town.stack.add_account(derived_account(i_account))
        town.emit(i_account)
    town.stack.journal.wait_until(lambda: len(town.asked("order")) >= ACCOUNTS / 2, timeout=60)
    town.instances[0].kill()
    town.wait_for_statuses(accounts, "IN_PROGRESS", "OK")
    town.live_through(accounts)
    town.must_be_right(accounts)
    # At most what each thread of the killed instance was at: four for orders, four for statuses.
    assert len(town.asked("order")) <= ACCOUNTS + 4
    assert len(town.asked("status")) <= 4 * ACCOUNTS + 4
    assert "order accepted" in town.instances[0].log.read_text()
