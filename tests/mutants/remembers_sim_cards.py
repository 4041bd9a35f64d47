"""A faulty provisioner: it asks about each SIM card once and never again (DATA-FRESH)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.query_subscriber import PortaBilling, SimCardInfo

CARDS: dict[int, SimCardInfo] = {}


class RememberingPortaBilling(PortaBilling):
    """Believes that nobody changes a SIM card."""

    def sim_card(self, i_account: int) -> SimCardInfo:
        """Give the card that the account had first."""
        if i_account not in CARDS:
            CARDS[i_account] = super().sim_card(i_account)
        return CARDS[i_account]


if __name__ == "__main__":
    vars(provisioner)["PortaBilling"] = RememberingPortaBilling
    main()
