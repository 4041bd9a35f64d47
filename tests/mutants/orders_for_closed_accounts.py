"""A faulty provisioner: it activates what its own query showed to be closed (EVENT-REORDER)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import Event
from reference_provisioner.query_subscriber import AccountInfo, QuerySubscriber


class BlindQuery(QuerySubscriber):
    """Does not look whether an account is closed."""

    def _outdated(self, _event: Event, _account: AccountInfo) -> str | None:
        return None


if __name__ == "__main__":
    vars(provisioner)["QuerySubscriber"] = BlindQuery
    main()
