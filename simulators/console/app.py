"""Serves the console's files; they hold no data, so that they need no token."""

from typing import TYPE_CHECKING, Final

from flask import Flask, Response, send_from_directory
from werkzeug.exceptions import HTTPException

from simulators.control.reading import refusal

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as PlainResponse

# Nothing is fetched from elsewhere, and no text of a journal can become a script.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A newer harness at the same address has other files.
    "Cache-Control": "no-cache",
}


def create_app() -> Flask:
    """Make the application: the page at `/`, and what it is made of below `/console`."""
    app = Flask("simulators.console", static_folder=None, root_path=None)

    @app.get("/")
    def page() -> Response:
        return send_from_directory("static", "index.html")

    @app.get("/console/<name>")
    def part(name: str) -> Response:
        return send_from_directory("static", name)

    @app.errorhandler(HTTPException)
    def elsewhere(error: HTTPException) -> "PlainResponse":
        told = "The console is at /, the control API below /_sim; /_sim/openapi.json describes it."
        return refusal(error.code or 500, told)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    return app
