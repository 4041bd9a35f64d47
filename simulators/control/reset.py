"""The one control that outlives a simulation: `POST /_sim/reset` makes all anew."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

JSON: Final = "application/json"


def create_app(reset: Callable[[], int]) -> "WSGIApplication":
    """Make the application, to be mounted at `/_sim/reset`.

    `reset` gives the number after which the new journal begins.
    """

    @Request.application
    def make_anew(request: Request) -> Response:
        if request.method != "POST":
            error = json.dumps({"error": f"{request.method} does nothing here: POST resets the simulators."})
            return Response(error, 405, headers={"Allow": "POST"}, content_type=JSON)
        return Response(json.dumps({"since": reset()}), content_type=JSON)

    return make_anew
