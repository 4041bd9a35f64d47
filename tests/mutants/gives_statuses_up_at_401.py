"""A faulty provisioner: it gives a status up when its session is dead (STATUS-AUTH)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.errors import RefusedError
from reference_provisioner.models import StatusUpdate
from reference_provisioner.neighbour import Answer
from reference_provisioner.update_status import UNAUTHORIZED, UpdateStatus


class StrictUpdate(UpdateStatus):
    """Asks once."""

    def _post(self, update: StatusUpdate, token: str) -> Answer:
        answer = super()._post(update, token)
        if answer.code == UNAUTHORIZED:
            self.session.token(refused=token)
            raise RefusedError("the session is dead")
        return answer


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = StrictUpdate
    main()
