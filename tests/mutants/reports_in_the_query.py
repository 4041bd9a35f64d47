"""A faulty provisioner: it puts status and group into the URL's query, and sends no body (STATUS-BODY)."""

from typing import Any
from urllib.parse import urlencode

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.neighbour import Answer, HttpClient


class QueryClient(HttpClient):
    """Sends no forms."""

    def post(self, url: str, **options: Any) -> Answer:
        """Move a form into the query."""
        if form := options.pop("form", None):
            return super().post(f"{url}?{urlencode(form)}", form={}, **options)
        return super().post(url, **options)


if __name__ == "__main__":
    vars(provisioner)["HttpClient"] = QueryClient
    main()
