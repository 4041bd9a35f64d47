"""The web skin of the provisioner, called by the ESPF, the OMS and its operators: bytes in, codes out."""

import logging
from typing import Final

from flask import Flask, Response, json, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import HTTPException

from reference_provisioner.errors import (
    RequestError,
    StorageError,
    UnauthorizedError,
    UnsupportedTypeError,
)
from reference_provisioner.metrics import Metrics
from reference_provisioner.readiness import Readiness
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver

log = logging.getLogger(__name__)

# An event is some 0.2 KB (S12); nothing that comes here is much larger.
MAX_BODY: Final = 64 * 1024


def create_app(
    *, events: EventReceiver, notifications: NotificationReceiver, readiness: Readiness, metrics: Metrics
) -> Flask:
    """Return the application: `/events` for the ESPF, `/notifications` for the OMS, and for operators."""
    app = Flask("reference_provisioner", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.register_error_handler(RequestError, _refuse)
    app.register_error_handler(StorageError, _apologize)
    app.register_error_handler(HTTPException, _turn_away)

    @app.post("/events")
    def receive_event() -> ResponseReturnValue:
        shown = request.authorization
        if shown is None or shown.type != "basic":
            raise UnauthorizedError("no Basic credentials")
        events.authorize(shown.username, shown.password)
        events.receive(_json_body())
        return {"taken": True}

    @app.post("/notifications")
    def receive_notification() -> ResponseReturnValue:
        notifications.receive(_json_body())
        return {"taken": True}

    _add_operators_views(app, readiness=readiness, metrics=metrics)
    return app


def _add_operators_views(app: Flask, *, readiness: Readiness, metrics: Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        problems = readiness.problems()
        return {"ready": not problems, "problems": problems}, 503 if problems else 200

    @app.get("/metrics")
    def metrics_text() -> ResponseReturnValue:
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    @app.after_request
    def count(response: Response) -> Response:
        path = request.url_rule.rule if request.url_rule else "elsewhere"
        metrics.count_received(path, response.status_code)
        return response


def _json_body() -> bytes:
    # Nothing is said against a body whose type is not named; one that is named otherwise is something else.
    if request.mimetype and not request.is_json and request.mimetype != "text/json":
        raise UnsupportedTypeError(f"JSON is read here, and {request.mimetype} is not")
    return request.get_data()


def _refuse(error: RequestError) -> ResponseReturnValue:
    log.warning("%s %s refused: %s", request.method, request.path, error)
    headers = {"WWW-Authenticate": 'Basic realm="events"'} if isinstance(error, UnauthorizedError) else {}
    return {"error": str(error)}, error.code, headers


def _turn_away(error: HTTPException) -> ResponseReturnValue:
    # An event that is answered so is lost, by a wrong path or by its size: it must not go without a trace.
    log.warning("%s %s refused: %s %s", request.method, request.path, error.code, error.name)
    response = error.get_response()
    response.data = json.dumps({"error": error.name})
    response.content_type = "application/json"
    return response


def _apologize(error: StorageError) -> ResponseReturnValue:
    # EVENT-RESEND: any 4xx would have the event dropped for good, whereas 503 has it sent again.
    log.error("%s %s not taken: %s", request.method, request.path, error)
    return {"error": "the database does not work"}, 503
