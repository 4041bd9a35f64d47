"""A faulty provisioner: it orders with the IMSI and the ICCID exchanged (ORDER-CONTENT)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.query_subscriber import PortaBilling, SimCardInfo


class MuddledPortaBilling(PortaBilling):
    """Reads one number for the other."""

    def sim_card(self, i_account: int) -> SimCardInfo:
        """Exchange two numbers."""
        card = super().sim_card(i_account)
        return card.model_copy(update={"imsi": card.iccid, "iccid": card.imsi})


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = MuddledPortaBilling
    main()
