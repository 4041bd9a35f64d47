"""A faulty provisioner: it takes each event, and answers 202 instead of 200 (EVENT-ACK)."""

from typing import Any

from flask import Flask, Response, request

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.app import create_app


def create_accepting_app(**parts: Any) -> Flask:
    """The same application, which says "accepted" where ESPF waits for 200."""
    app = create_app(**parts)

    @app.after_request
    def accept(response: Response) -> Response:
        if request.path == "/events" and response.status_code == 200:
            response.status_code = 202
        return response

    return app


if __name__ == "__main__":
    vars(provisioner)["create_app"] = create_accepting_app
    main()
