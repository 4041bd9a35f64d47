"""A faulty provisioner: it processes each notification, and answers 404 (NOTICE-ACK)."""

from typing import Any

from flask import Flask, Response, request

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.app import create_app


def create_denying_app(**parts: Any) -> Flask:
    """The same application, which denies what it has taken."""
    app = create_app(**parts)

    @app.after_request
    def deny(response: Response) -> Response:
        if request.path == "/notifications" and response.status_code == 200:
            response.status_code = 404
        return response

    return app


if __name__ == "__main__":
    vars(provisioner)["create_app"] = create_denying_app
    main()
