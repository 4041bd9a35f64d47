"""A faulty provisioner: it takes ids as JSON numbers alone (EVENT-NUMBERS)."""

import json

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import MalformedError
from reference_provisioner.receive_events import EventReceiver


class NumericReceiver(EventReceiver):
    """Believes the type table, and not the documented example."""

    def receive(self, body: bytes) -> None:
        """Refuses ids that are texts."""
        variables = json.loads(body)["variables"]
        if isinstance(variables["i_account"], str) or isinstance(variables["i_event"], str):
            raise MalformedError("ids are numbers")
        super().receive(body)


if __name__ == "__main__":
    vars(provisioner)["EventReceiver"] = NumericReceiver
    main()
