"""A legal variant: the reference with a group of its own, which it registers when it first reports for it."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.models import StatusUpdate
from reference_provisioner.update_status import UpdateStatus

OWN = "IMS"
REGISTERED: set[str] = set()


class RegisteringUpdate(UpdateStatus):
    """Registers before it reports; that the group is there already is as good."""

    def _report(self, update: StatusUpdate) -> None:
        if update.group == OWN and OWN not in REGISTERED:
            url = f"{self.espf_url}/espf/v1/group/create"
            answer = self.http.post(url, token=self.session.token(), json={"name": OWN})
            if answer.code in {200, 409}:
                REGISTERED.add(OWN)
        super()._report(update)


if __name__ == "__main__":
    vars(provisioner)["UpdateStatus"] = RegisteringUpdate
    main()
