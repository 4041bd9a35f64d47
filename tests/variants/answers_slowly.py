"""A legal variant: it takes its time for each answer, to events and to notifications alike."""

import time
from typing import Any

from flask import Flask, Response, request

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.app import create_app

LATENESS = 0.3


def create_slow_app(**parts: Any) -> Flask:
    """The same application, in no hurry."""
    app = create_app(**parts)

    @app.after_request
    def hesitate(response: Response) -> Response:
        if request.method == "POST":
            time.sleep(LATENESS)
        return response

    return app


if __name__ == "__main__":
    vars(provisioner)["create_app"] = create_slow_app
    main()
