"""The web skin of the provisioner, called by the ESPF and by the OMS: it carries bytes in and codes out."""

from typing import Final

from flask import Flask, request
from flask.typing import ResponseReturnValue

from reference_provisioner.errors import RequestError, UnauthorizedError
from reference_provisioner.receive_events import EventReceiver
from reference_provisioner.receive_notifications import NotificationReceiver

# An event is some 0.2 KB (S12); nothing that comes here is much larger.
MAX_BODY: Final = 64 * 1024


def create_app(*, events: EventReceiver, notifications: NotificationReceiver) -> Flask:
    """Return the application: `/events` for the ESPF, `/notifications` for the OMS, and `/healthz`."""
    app = Flask("reference_provisioner", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.register_error_handler(RequestError, _refuse)

    @app.post("/events")
    def receive_event() -> ResponseReturnValue:
        shown = request.authorization
        if shown is None or shown.type != "basic":
            raise UnauthorizedError("no Basic credentials")
        events.authorize(shown.username, shown.password)
        events.receive(request.get_data())
        return {"taken": True}

    @app.post("/notifications")
    def receive_notification() -> ResponseReturnValue:
        notifications.receive(request.get_data())
        return {"taken": True}

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    return app


def _refuse(error: RequestError) -> ResponseReturnValue:
    headers = {"WWW-Authenticate": 'Basic realm="events"'} if isinstance(error, UnauthorizedError) else {}
    return {"error": str(error)}, error.code, headers
