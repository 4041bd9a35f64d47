"""A faulty provisioner: it writes `OK ` with a trailing blank, as the page prints it (STATUS-VALUES)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.neighbour import Answer, HttpClient


class SloppyClient(HttpClient):
    """Adds a blank to a status of OK."""

    def post(self, url: str, **options: Any) -> Answer:
        """Send a request, its status with the blank."""
        form = options.get("form")
        if form and form.get("status") == "OK":
            options["form"] = {**form, "status": "OK "}
        return super().post(url, **options)


if __name__ == "__main__":
    vars(provisioner)["HttpClient"] = SloppyClient
    main()
