"""A legal variant: what failed it tries again ten seconds later, and no sooner."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.back_off import BackOff


class TenSeconds(BackOff):
    """Is never in a hurry."""

    def seconds(self, _attempts: int) -> float:
        """Wait as long each time."""
        return 10.0


if __name__ == "__main__":
    vars(provisioner)["BackOff"] = TenSeconds
    main()
