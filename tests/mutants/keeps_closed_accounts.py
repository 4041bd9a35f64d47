"""A faulty provisioner: it takes events of closed accounts, and keeps their services (ORDER-CLOSE)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Event
from reference_provisioner.query_subscriber import AccountInfo, QuerySubscriber


class NeverClosingQuery(QuerySubscriber):
    """Goes on with open accounts alone."""

    def _outdated(self, event: Event, account: AccountInfo) -> str | None:
        return "is closed" if event.action == "deactivate" else super()._outdated(event, account)


if __name__ == "__main__":
    vars(provisioner)["QuerySubscriber"] = NeverClosingQuery
    main()
