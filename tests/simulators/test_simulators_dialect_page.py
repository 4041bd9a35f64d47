"""The dialect that the documents print works as it stands: all five operations of one story."""

import re
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from simulators.oms.settings import OmsSettings
from simulators.stack import Stack

PAGE: Final = Path(__file__).parents[2] / "docs" / "write-an-oms-dialect.md"
TASK: Final = {"ref": "r1", "operation": "PROVISION", "subscriber": 189, "functions": ["HSS"]}


@pytest.fixture(name="acme_stack")
def _acme_stack(tmp_path: Path, make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose OMS speaks the dialect of the page."""
    (module,) = re.findall(
        r"^```python\n# acme_oms.py\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    (tmp_path / "acme_oms.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    return make_stack(oms=OmsSettings(dialect="acme_oms:AcmeDialect"))


def test_dialect_of_the_page_carries_a_whole_story(
    acme_stack: Stack,
    http: requests.Session,
    provisioner_url: str,
    received: list[tuple[Mapping[str, str], Any]],
    answers: deque[int],
) -> None:
    """A task is taken or refused in its own words, and told of until 204 takes the news."""
    answers.extend([200, 204])
    with acme_stack as stack:
        url, key = f"{stack.addresses.oms}/api/tasks", {"X-Api-Key": "offline-oms"}
        taken = http.post(url, json={**TASK, "callback": provisioner_url}, headers=key)
        conflict = http.post(url, json={**TASK, "callback": f"{provisioner_url}/2"}, headers=key)
        stack.clock.advance(hours=1)

        (order,) = stack.oms.orders()
        assert (taken.status_code, taken.json()) == (202, {"task": order.order_id, "ref": "r1"})
        assert (conflict.status_code, conflict.json()["error"]) == (409, "reference_conflict")
        (_, first), (_, again) = received
        assert first == again
        assert (first["function"], first["result"], first["at"]) == ("HSS", "DONE", "2026-01-01T00:10:00Z")


@pytest.mark.parametrize(
    ("path", "key", "refusal"),
    [
        ("/api/tasks", "wrong", (403, "BAD_KEY")),
        ("/elsewhere", "offline-oms", (404, "NO_SUCH_PATH")),
        ("/api/tasks", "offline-oms", (422, "BAD_TASK")),
    ],
)
def test_dialect_of_the_page_refuses(
    acme_stack: Stack, http: requests.Session, path: str, key: str, refusal: tuple[int, str]
) -> None:
    """Each refusal has a status and a word, and takes no order."""
    body = {**TASK, "operation": "PAINT", "callback": "http://127.0.0.1:1"}
    with acme_stack as stack:
        refused = http.post(f"{stack.addresses.oms}{path}", json=body, headers={"X-Api-Key": key})

        assert (refused.status_code, refused.json()["error"]) == refusal
        assert stack.oms.orders() == ()
