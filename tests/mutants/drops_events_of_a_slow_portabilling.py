"""A faulty provisioner: it forgets an event when PortaBilling does not answer (DATA-SLOW)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import NeighbourError
from reference_provisioner.outbox import Task
from reference_provisioner.query_subscriber import QuerySubscriber


class ImpatientQuery(QuerySubscriber):
    """Asks once, unless there was an answer."""

    def __call__(self, task: Task) -> str:
        """Give up where no answer came."""
        try:
            return super().__call__(task)
        except NeighbourError as error:
            if " from " not in str(error) or str(error)[0].isdigit():
                raise
            self.store.finish(task)
            return "nothing"


if __name__ == "__main__":
    vars(provisioner)["QuerySubscriber"] = ImpatientQuery
    main()
