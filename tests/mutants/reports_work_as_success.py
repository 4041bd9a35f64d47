"""A faulty provisioner: it reports OK as soon as the OMS says that it is at work (NOTICE-MISSING)."""

from types import MappingProxyType

from reference_provisioner import dialect
from reference_provisioner.__main__ import main
from reference_provisioner.dialect import STATUSES
from reference_provisioner.models import Status

MUDDLED = MappingProxyType({**STATUSES, "in_progress": Status.OK})


if __name__ == "__main__":
    vars(dialect)["STATUSES"] = MUDDLED
    main()
