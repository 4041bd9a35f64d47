"""A faulty provisioner: it orders for an account that PortaBilling does not know (DATA-NOT-FOUND)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.query_subscriber import AccountInfo, PortaBilling


class InventivePortaBilling(PortaBilling):
    """Has an answer to everything."""

    def account(self, i_account: int) -> AccountInfo | None:
        """Make up what is not there."""
        return super().account(i_account) or AccountInfo(id=str(i_account))


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = InventivePortaBilling
    main()
