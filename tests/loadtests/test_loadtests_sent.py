"""What the generator wrote down, as the judge of a load reads it."""

import json
from pathlib import Path
from typing import Any

from loadtests.sent import Sent, read_sent

LEFT: dict[str, Any] = {"i_account": 1, "attempt": 1, "intended": 10.0, "sent": 10.5}
OPEN: dict[str, Any] = {**LEFT, "ended": None, "status": None}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    """A file of some rows."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_attempt_counts_as_it_ended(tmp_path: Path) -> None:
    """Each is written when it leaves, and once more when its answer is there."""
    path = written(tmp_path / "sent", OPEN, {**LEFT, "ended": 11.0, "status": 200})
    assert read_sent(path, end=60.0) == [Sent(**{**LEFT, "ended": 11.0, "status": 200})]


def test_attempt_without_an_end_was_sent_all_the_same(tmp_path: Path) -> None:
    """Who never answers had the event, and is charged with the wait until the end."""
    again = {**LEFT, "attempt": 2, "sent": 9.0, "ended": 9.5, "status": 503}
    path = written(tmp_path / "sent", OPEN, again)
    found = read_sent(path, end=60.0)
    assert [(one.attempt, one.ended, one.status) for one in found] == [(2, 9.5, 503), (1, 60.0, 0)]
    assert read_sent(tmp_path / "nowhere", end=60.0) == []
