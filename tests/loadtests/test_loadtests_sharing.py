"""Who shares the schedule of a load, and what they can reach."""

from dataclasses import replace

import pytest

from conformance.target import load_target
from loadtests.errors import LoadOptionError
from loadtests.generator import Sharing, check_reach


def test_own_processes_meet_on_loopback() -> None:
    """Locust asks nobody for a secret, so that only this machine may come, at a port of this load's own."""
    options = Sharing(processes=2).options(21_001)
    assert options[:2] == ["--processes", "2"]
    assert options[2:] == [
        *("--master-bind-host", "127.0.0.1"),
        *("--master-bind-port", "21001"),
        *("--master-port", "21001"),
    ]
    assert Sharing().options(21_001) == []
    assert Sharing(master_port=5557).options(0)[:3] == ["--master", "--master-bind-host", "127.0.0.1"]


def test_workers_of_other_machines_must_reach_the_target() -> None:
    """An event for 127.0.0.1 would go to the worker's own machine."""
    _, file = load_target("reference")
    others = Sharing(processes=2, master_host="0.0.0.0", master_port=5557)  # noqa: S104 - nothing listens
    there = file.target.model_copy(update={"events_url": "http://10.0.0.1:{port}/events"})

    with pytest.raises(LoadOptionError, match=r"cannot send to http://127\.0\.0\.1:\{port\}/events"):
        check_reach(file, others)
    check_reach(file.model_copy(update={"target": there}), others)
    check_reach(file, replace(others, master_host="127.0.0.1"))
    check_reach(file, Sharing(processes=4))
