"""A faulty provisioner: it puts the account's ID into the URL as it is (STATUS-URL-ID)."""

from urllib.parse import quote

from reference_provisioner import update_status
from reference_provisioner.__main__ import main
from reference_provisioner.models import StatusUpdate


def bare_path(update: StatusUpdate, *, url_form: str) -> str:
    """Encode nothing that the line of a request can hold."""
    if url_form == "i_account":
        return f"/espf/v1/account/i/{update.i_account}/status"
    return f"/espf/v1/account/{quote(update.account_id, safe='#/?%:@+ ').replace(' ', '+')}/status"


if __name__ == "__main__":
    vars(update_status)["status_path"] = bare_path
    main()
