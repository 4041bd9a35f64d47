"""The provisioner in another language: nothing of the harness assumes Python."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from conformance.requirements import catalogue
from simulators.bundled import fixtures


@pytest.mark.skipif(shutil.which("node") is None, reason="Node 20 is not installed: see https://nodejs.org.")
def test_provisioner_in_node_is_conformant(run_conformance: Callable[..., Any]) -> None:
    """With both URL forms, changes, terminations and kills, it passes all that is asked of one."""
    target = fixtures() / "provisioners" / "node" / "espf.toml"

    run = run_conformance(target, "-n", "2", "--budget", "small")

    assert run.report["verdict"] == "conformant", run.output + run.errors
    assert run.ids("pass") == set(catalogue()) - {"STATUS-GROUP-CUSTOM"}
