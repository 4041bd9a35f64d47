"""A faulty provisioner: it keeps what it acknowledged in a place of its own at each start (WHOLE-RESTART)."""

import tempfile
from typing import Any

from reference_provisioner import provisioner
from reference_provisioner.__main__ import main
from reference_provisioner.database import Database


class NewDatabase(Database):
    """Begins anew."""

    def __init__(self, url: Any) -> None:
        super().__init__(url.set(database=f"{tempfile.mkdtemp()}/provisioner.sqlite"))


if __name__ == "__main__":
    vars(provisioner)["Database"] = NewDatabase
    main()
