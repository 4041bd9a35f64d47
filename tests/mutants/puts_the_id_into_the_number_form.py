"""A faulty provisioner: it writes the account's ID where its number belongs (STATUS-URL-I-ACCOUNT)."""

from reference_provisioner import update_status
from reference_provisioner.__main__ import main
from reference_provisioner.models import StatusUpdate


def muddled_path(update: StatusUpdate, *, url_form: str) -> str:
    """The form that the settings name, with the ID in either."""
    form = "i/" if url_form == "i_account" else ""
    return f"/espf/v1/account/{form}{update.account_id}/status"


if __name__ == "__main__":
    vars(update_status)["status_path"] = muddled_path
    main()
