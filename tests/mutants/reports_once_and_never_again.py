"""A faulty provisioner: it gives a status up that ESPF did not take (STATUS-RETRY)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import NeighbourError
from reference_provisioner.outbox import Task
from reference_provisioner.update_status import UpdateStatus


class ImpatientUpdate(UpdateStatus):
    """Tries once."""

    def __call__(self, task: Task) -> str:
        """Give up at the first failure."""
        try:
            return super().__call__(task)
        except NeighbourError:
            self.store.finish(task)
            return "nothing"


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = ImpatientUpdate
    main()
