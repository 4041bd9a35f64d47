"""Load tests: Locust scenarios that say at which rate a provisioner falls behind, and what it loses."""

from pathlib import Path


def locustfile_path() -> Path:
    """The file that `locust -f` takes."""
    return Path(__file__).parent / "locustfile.py"
