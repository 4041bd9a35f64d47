"""A faulty provisioner: it takes a notification that it cannot read for a failure (NOTICE-MALFORMED)."""

import json
from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.dialect import SimpleDialect
from reference_provisioner.errors import MalformedError
from reference_provisioner.models import Report


class PessimisticDialect(SimpleDialect):
    """Expects the worst."""

    def read_notification(self, body: bytes) -> Report:
        """Read a failure out of whatever names an order."""
        try:
            return super().read_notification(body)
        except MalformedError:
            return super().read_notification(_mended(body))


def _mended(body: bytes) -> bytes:
    try:
        told: Any = json.loads(body)
    except ValueError:
        raise MalformedError("no JSON") from None
    whole = {"notification_id": "none", "service": "HSS", "occurred_at": "2100-01-01T00:00:00Z"}
    return json.dumps({**whole, **(told if isinstance(told, dict) else {}), "state": "failed"}).encode()


if __name__ == "__main__":
    vars(provisioner)["SimpleDialect"] = PessimisticDialect
    main()
