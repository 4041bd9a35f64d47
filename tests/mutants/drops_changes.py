"""A faulty provisioner: it takes events of changes, and does nothing about them (ORDER-CHANGE)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Event
from reference_provisioner.query_subscriber import AccountInfo, QuerySubscriber


class FirstTimeQuery(QuerySubscriber):
    """Goes on with new and closed accounts alone."""

    def _outdated(self, event: Event, account: AccountInfo) -> str | None:
        return "was ordered before" if event.action == "modify" else super()._outdated(event, account)


if __name__ == "__main__":
    vars(provisioner)["QuerySubscriber"] = FirstTimeQuery
    main()
