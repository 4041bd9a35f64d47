"""A faulty provisioner: it logs in once per call, although a session lasts (DATA-SESSION-REUSE)."""

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.session import ApiSession


class ShortSession(ApiSession):
    """Trusts no token twice."""

    def _is_old(self) -> bool:
        return True


if __name__ == "__main__":
    vars(provisioner)["ApiSession"] = ShortSession
    main()
