"""A legal variant where any 2xx will do: it answers events with 204."""

from typing import Any

from flask import Flask, Response, request

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.app import create_app


def create_silent_app(**parts: Any) -> Flask:
    """The same application, which says nothing where it has nothing to say."""
    app = create_app(**parts)

    @app.after_request
    def silence(response: Response) -> Response:
        if request.path == "/events" and response.status_code == 200:
            response.status_code = 204
        return response

    return app


if __name__ == "__main__":
    vars(provisioner)["create_app"] = create_silent_app
    main()
