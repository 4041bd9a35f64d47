"""Takes secrets out of what the journal keeps; equal secrets get equal marks, so they can be told."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

SECRET_FIELDS: Final = frozenset(
    {"password", "token", "api_token", "access_token", "refresh_token", "session_id", "h323_password"}
)
SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "set-cookie"})
FORM_TYPE: Final = "application/x-www-form-urlencoded"
# Form fields of the JSON API whose values are JSON text (S9, S19).
JSON_FIELDS: Final = frozenset({"auth_info", "params"})


class Masker:
    """Replaces secrets by marks keyed with a secret of its own: they tell equality and nothing else."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Mask the values of headers that carry credentials, and keep their scheme word."""
        return {
            name: self._credentials(value) if name.lower() in SECRET_HEADERS else value
            for name, value in headers.items()
        }

    def body(self, text: str, *, content_type: str) -> str:
        """Mask the secret fields of a JSON or form body; any other text stays as it is, to the letter."""
        if content_type.startswith(FORM_TYPE) and not text.lstrip().startswith("{"):
            return self._form(text)
        return self._json(text)

    def _credentials(self, value: str) -> str:
        scheme, _, credentials = value.rpartition(" ")
        return f"{scheme} {self._mark(credentials)}".strip()

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        masked = [(name, self._form_value(name, value)) for name, value in pairs]
        return text if masked == pairs else urlencode(masked)

    def _form_value(self, name: str, value: str) -> str:
        if name in JSON_FIELDS:
            return self._json(value)
        return self._mark(value) if name in SECRET_FIELDS else value

    def _json(self, text: str) -> str:
        if not any(name in text for name in SECRET_FIELDS):
            return text
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return json.dumps(self._walk(value))

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: self._mark(item)
                if name in SECRET_FIELDS and isinstance(item, str)
                else self._walk(item)
                for name, item in value.items()
            }
        return [self._walk(item) for item in value] if isinstance(value, list) else value

    def _mark(self, secret: str) -> str:
        return f"***{hmac.new(self._key, secret.encode(errors='replace'), hashlib.sha256).hexdigest()[:8]}"
