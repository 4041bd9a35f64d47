"""What operators see of the provisioner: readiness, metrics, logs, and answers of a broken database."""

import json
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from reference_provisioner.app import MAX_BODY
from reference_provisioner.database import Database
from reference_provisioner.errors import StorageError
from reference_provisioner.logs import JsonLines
from reference_provisioner.metrics import Metrics
from reference_provisioner.outbox import Backlog, Outbox
from reference_provisioner.store import Store

AUTH = ("espf", "offline-events")
EVENT = {"event_type": "Account/New", "variables": {"i_account": 189, "i_event": 5}}
Web = Callable[..., FlaskClient]


def figures(text: str) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and the values of its labels, in the order of their names."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health_is_answered(client: FlaskClient) -> None:
    """Whoever waits for the start asks /healthz, without credentials."""
    assert client.get("/healthz").status_code == 200


def test_a_neighbour_that_was_never_reached_makes_it_unready(web: Web, store: Store, outbox: Outbox) -> None:
    """Until each neighbour was reached once, /readyz says which is away; later it is not asked again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = web(store, outbox, oms=url)
    unready = client.get("/readyz")
    assert unready.status_code == 503
    assert url in unready.get_json()["problems"][0]
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))):
        assert client.get("/readyz").status_code == 200
    assert client.get("/readyz").get_json() == {"ready": True, "problems": []}


def test_a_database_that_disappears_makes_it_unready(client: FlaskClient, tmp_path: Path) -> None:
    """What would be lost with the process must not be acknowledged for long."""
    assert client.get("/readyz").status_code == 200
    (tmp_path / "ready.sqlite").unlink()
    unready = client.get("/readyz")
    assert unready.status_code == 503
    assert "disappeared" in unready.get_json()["problems"][0]


def test_nothing_is_stored_without_the_databases_file(
    open_database: Callable[[str], Database], tmp_path: Path
) -> None:
    """What would be written into a file that was taken away is refused, until the file is put back."""
    file, away = tmp_path / "store.sqlite", tmp_path / "away.sqlite"
    database = open_database(f"sqlite:///{file}")
    file.rename(away)
    with pytest.raises(StorageError, match="has disappeared"), database.transaction():
        pass
    assert not file.exists()
    away.rename(file)
    with database.transaction():
        pass


def test_a_database_that_breaks_makes_it_unready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that does not do what it is asked is named by /readyz, and never a traceback."""

    def broken(_self: object) -> None:
        raise StorageError("The database is full.")

    monkeypatch.setattr(Database, "transaction", broken)
    assert client.get("/readyz").get_json()["problems"] == ["The database is full."]
    # Not 4xx: the ESPF would drop the event for good.
    assert client.post("/events", json=EVENT, auth=AUTH).status_code == 503
    assert client.get("/metrics").status_code == 503


def test_a_broken_postgresql_is_told_in_a_sentence(
    open_database: Callable[[str], Database], empty_postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the database, and neither the statement nor what was to be stored."""
    database = open_database(empty_postgresql)
    monkeypatch.setattr(database, "_engine", database._engine.execution_options(isolation_level="NONSENSE"))
    assert database.problem() is not None
    monkeypatch.undo()
    assert database.problem() is None


def test_metrics_tell_the_backlog_and_what_was_received(client: FlaskClient, clock: Any) -> None:
    """/metrics counts requests by their answer, and unfinished steps with the age of the oldest."""
    client.post("/events", json=EVENT, auth=AUTH)
    client.post("/events", json=EVENT)
    clock.now += 30
    found = figures(client.get("/metrics").text)
    assert found["espf_provisioner_backlog", "query"] == 1
    assert found["espf_provisioner_backlog", "status"] == 0
    assert found["espf_provisioner_oldest_unfinished_seconds",] == 30
    assert found["espf_provisioner_received_total", "200", "/events"] == 1
    assert found["espf_provisioner_received_total", "401", "/events"] == 1


def test_metrics_tell_attempts_by_their_outcome() -> None:
    """Each attempt at a step is counted under its kind and how it ended."""
    metrics = Metrics(lambda: Backlog(tasks={}, oldest_seconds=0))
    for outcome in ("again", "again", "accepted"):
        metrics.count_attempt("order", outcome)
    found = figures(metrics.text().decode())
    assert found["espf_provisioner_attempts_total", "again", "order"] == 2
    assert found["espf_provisioner_attempts_total", "accepted", "order"] == 1


def test_a_log_line_is_json_with_what_it_is_about() -> None:
    """Each line can be searched by the names of the protocol, a traceback included."""
    try:
        raise KeyError("missing")  # noqa: TRY301 - a traceback is wanted
    except KeyError:
        record = logging.makeLogRecord(
            {"msg": "tried\nagain", "levelname": "ERROR", "i_account": 189, "order": "event-5"}
        )
        record.exc_info = sys.exc_info()
    line = json.loads(JsonLines().format(record))
    assert (line["message"], line["level"], line["i_account"], line["order"]) == (
        "tried\nagain",
        "error",
        189,
        "event-5",
    )
    assert "KeyError" in line["traceback"]
    assert "\n" not in JsonLines().format(record)


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/events", 405), ("POST", "/event", 404), ("POST", "/events", 413)]
)
def test_what_is_turned_away_leaves_a_trace(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, method: str, path: str, code: int
) -> None:
    """A wrong method, a wrong path and a body that is too large are answered as JSON, logged and counted."""
    answer = client.open(path, method=method, data=b" " * (MAX_BODY + 1), auth=AUTH)
    assert (answer.status_code, list(answer.get_json())) == (code, ["error"])
    assert ("Allow" in answer.headers) == (code == 405)
    assert f"{method} {path} refused: {code}" in caplog.text
    counted = "/events" if code == 413 else "elsewhere"
    text = client.get("/metrics").get_data(as_text=True)
    assert figures(text)["espf_provisioner_received_total", str(code), counted] == 1


def test_what_is_refused_is_logged_without_credentials(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused event is told of, and the password that was tried is not."""
    with caplog.at_level(logging.WARNING):
        client.post("/events", json=EVENT, auth=("espf", "s3cret"))
    assert "refused: wrong credentials" in caplog.text
    assert "s3cret" not in caplog.text
