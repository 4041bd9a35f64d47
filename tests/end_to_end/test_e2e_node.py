"""The provisioner in another language: nothing of the harness assumes Python."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from conformance.requirements import catalogue
from simulators.bundled import fixtures


@pytest.mark.skipif(shutil.which("node") is None, reason="Node 20 is not installed: see https://nodejs.org.")
def test_provisioner_in_node_is_conformant(run_conformance: Callable[..., Any]) -> None:
    """With both URL forms, changes and terminations, it passes all that is asked where nothing goes wrong."""
    target = fixtures() / "provisioners" / "node" / "espf.toml"

    run = run_conformance(target, "-n", "2", "--profile", "core")

    assert run.report["verdict"] == "conformant", run.output + run.errors
    beyond = {id_ for id_, entry in catalogue().items() if entry.profile == "full"}
    assert run.ids("pass") == set(catalogue()) - beyond - {"STATUS-GROUP-CUSTOM"}
