"""Access tokens of the single sign-on: RS256 JWTs with the claims of the public captures (S25)."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

ALGORITHM: Final = "RS256"
KEY_BITS: Final = 2048
PUBLIC_EXPONENT: Final = 65_537


class TokenError(ValueError):
    """A text is not an access token that this signer made."""


class TokenSigner:
    """Signs and reads access tokens with a throw-away key, made when the first one is needed.

    What signs is loaded then too: it would be a tenth of every start, also of those where nobody logs in.
    """

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Write claims as a token; its header holds `alg` alone, as in the capture: no `typ`, no `kid`."""
        import jwt  # noqa: PLC0415 - see the class

        return jwt.encode(dict(claims), self._key, algorithm=ALGORITHM, headers={"typ": ""})

    def read(self, token: str) -> Mapping[str, Any]:
        """Give a token's claims; expiry is for the caller to judge, by the clock that it was given.

        Raises:
            TokenError: the token is undecodable or was not signed here.
        """
        import jwt  # noqa: PLC0415 - see the class

        options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, self._key.public_key(), algorithms=[ALGORITHM], options=options
            )
        except jwt.InvalidTokenError as error:
            raise TokenError(f"The access token cannot be read: {error}") from error
        return claims

    @cached_property
    def _key(self) -> "rsa.RSAPrivateKey":
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - see the class

        return rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_BITS)
