"""A faulty provisioner: it gives an order up when the OMS is in trouble (ORDER-RETRY)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import NeighbourError
from reference_provisioner.outbox import Task
from reference_provisioner.send_order import SendOrder


class ImpatientOrder(SendOrder):
    """Tries once."""

    def __call__(self, task: Task) -> str:
        """Give up at the first failure."""
        try:
            return super().__call__(task)
        except NeighbourError:
            self.store.finish(task)
            return "nothing"


if __name__ == "__main__":
    vars(provisioner)["SendOrder"] = ImpatientOrder
    main()
