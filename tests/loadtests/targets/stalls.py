"""A slow provisioner: every ten seconds it answers nobody for two (STALL_EVERY, STALL_FOR)."""

import os
import time
from typing import Any

from flask import Flask

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.app import create_app

EVERY = float(os.environ.get("STALL_EVERY", "10"))
FOR = float(os.environ.get("STALL_FOR", "2"))


def create_stalling_app(**parts: Any) -> Flask:
    """The same application, which stands still for a while, again and again."""
    app = create_app(**parts)
    begun = time.monotonic()

    @app.before_request
    def stall() -> None:
        phase = (time.monotonic() - begun) % EVERY
        if phase > EVERY - FOR:
            time.sleep(EVERY - phase)

    return app


if __name__ == "__main__":
    vars(provisioner)["create_app"] = create_stalling_app
    main()
