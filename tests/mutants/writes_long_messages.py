"""A faulty provisioner: it sends a message of 5,000 characters with each status (STATUS-MESSAGE)."""

from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.neighbour import Answer, HttpClient


class TalkativeClient(HttpClient):
    """Has much to say."""

    def post(self, url: str, **options: Any) -> Answer:
        """Add a message to a status."""
        if form := options.get("form"):
            options["form"] = {**form, "message": "m" * 5000}
        return super().post(url, **options)


if __name__ == "__main__":
    vars(provisioner)["HttpClient"] = TalkativeClient
    main()
