"""The judge over https: a target that verifies what it speaks to is judged as any other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulators.bundled import find


def test_reference_is_conformant_over_https(tmp_path: Path, run_conformance: Callable[..., Any]) -> None:
    """With `tls = true` every address is https, and `{ca_file}` is all that a target needs to verify."""
    target = tmp_path / "target.toml"
    target.write_text(f"{find('targets', 'reference').read_text()}\n[simulators]\ntls = true\n")

    run = run_conformance(target, "-n", "2", "--profile", "core")

    assert run.code == 0, run.output + run.errors
    assert run.report["verdict"] == "conformant"


def test_target_that_does_not_trust_the_ca_fails(tmp_path: Path, run_conformance: Callable[..., Any]) -> None:
    """A target without the CA file reaches nothing: verification is real."""
    text = find("targets", "reference").read_text().replace('CA_FILE = "{ca_file}"\n', "")
    target = tmp_path / "target.toml"
    target.write_text(f"{text}\n[simulators]\ntls = true\n[timeouts]\nhang = 0.4\nconverge = 0.5\n")

    run = run_conformance(target, "--only", "DATA-QUERY")

    assert run.code == 1, run.output + run.errors
