"""A throw-away certificate authority: clients of the simulators speak TLS and verify what they reach."""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.errors import CertificateError

# A simulator on this machine is reached by these, whatever it is called besides.
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What servers serve with, and the PEM file by which clients verify it."""

    context: ssl.SSLContext
    ca_file: Path


@contextmanager
def throw_away_authority(*names: str) -> Iterator[Authority]:
    """Make a certificate for loopback and for more names or addresses; the file lives as long as the block.

    Raises:
        CertificateError: a name cannot stand in a certificate.
    """
    import trustme  # noqa: PLC0415 - a tenth of the start-up, which only users of TLS should wait for

    authority = trustme.CA(organization_name="ESPF harness")
    try:
        certificate = authority.issue_cert(*dict.fromkeys((*LOOPBACK, *filter(None, names))))
    except ValueError as error:
        raise CertificateError(
            f"No certificate can be made for {' and '.join(names)} ({error}): use a plain name or address."
        ) from error
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="espf-ca-") as folder:
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        yield Authority(context=context, ca_file=ca_file)


def check_ca_file(path: str) -> None:
    """Make sure that a file holds certificates of authorities.

    Raises:
        CertificateError: it cannot be read, or holds none.
    """
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise CertificateError(
            f"{path} is no file of CA certificates ({error}): name a PEM file with at least one."
        ) from error
