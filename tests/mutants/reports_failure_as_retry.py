"""A faulty provisioner: it reports what failed for good as RETRY (STATUS-MAPPING)."""

from types import MappingProxyType

from reference_provisioner import dialect
from reference_provisioner.__main__ import main
from reference_provisioner.dialect import STATUSES
from reference_provisioner.models import Status

MUDDLED = MappingProxyType({**STATUSES, "failed": Status.RETRY})


if __name__ == "__main__":
    vars(dialect)["STATUSES"] = MUDDLED
    main()
