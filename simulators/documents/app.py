"""Serves the OpenAPI documents of PortaBilling's APIs below `/doc/api`, as the real host does (S33, S21)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, abort, jsonify, request

from simulators.journal import Exchange
from simulators.wire.recorder import EXCHANGE

# As the journal names whatever is asked here.
OPERATION: Final = "doc/api"


def create_app(documents: Mapping[str, Callable[[], Mapping[str, Any]]]) -> Flask:
    """Make the application; it is to be mounted at `/doc/api`.

    `documents` says by file name what makes each one, since few who start a web host ever read them.
    Assumed: anyone may read them, and the index, a page for people in the real system, lists them as JSON.
    """
    app = Flask("documents")
    # A surprise must reach the recorder around this application: Flask would make a plain 500 of it.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    # The order of a document is part of its meaning for whoever reads it.
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's own provider has it

    @app.before_request
    def note_operation() -> None:
        exchange: Exchange = request.environ[EXCHANGE]
        exchange.note(operation=OPERATION)

    @app.get("/", strict_slashes=False)
    def index() -> Response:
        return jsonify(documents=[f"{request.script_root}/{name}" for name in documents])

    @app.get("/<name>")
    def document(name: str) -> Response:
        if name not in documents:
            abort(404, f"There is no document {name!r}: {request.script_root}/ lists those that are.")
        return jsonify(documents[name]())

    return app
