"""Takes secrets out of what the journal keeps; equal secrets get equal marks, so they can be told."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

SECRET_FIELDS: Final = frozenset(
    {"password", "token", "api_token", "access_token", "refresh_token", "session_id", "h323_password"}
)
COOKIE_HEADERS: Final = frozenset({"cookie", "set-cookie"})
FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_SECRET: Final = re.compile(rf'("(?:{"|".join(SECRET_FIELDS)})"\s*:\s*")((?:[^"\\]|\\.)*)(")')
# Form fields of the JSON API whose values are JSON text (S9, S19).
JSON_FIELDS: Final = frozenset({"auth_info", "params"})


class Masker:
    """Replaces secrets by marks keyed with a secret of its own: they tell equality and nothing else."""

    def __init__(self, *, credential_header: str = "Authorization") -> None:
        self._key = secrets.token_bytes(16)
        self._credential_headers = {"authorization", credential_header.lower()}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Mask the values of headers that carry credentials, and keep their scheme word."""
        return {name: self._header(name.lower(), value) for name, value in headers.items()}

    def target(self, text: str) -> str:
        """Mask the secret fields of JSON in a request target, where old clients write it (S17, S24)."""
        if "{" not in text and "%7b" not in text.lower():
            return text
        return "/".join(self._segment(segment) for segment in text.split("/"))

    def body(self, text: str, *, content_type: str) -> str:
        """Mask the secret fields of a JSON or form body; any other text stays as it is, to the letter."""
        if content_type.startswith(FORM_TYPE) and not text.lstrip().startswith("{"):
            return self._form(text)
        return self._json(text)

    def _header(self, name: str, value: str) -> str:
        if name in COOKIE_HEADERS:
            return self._mark(value)
        if name not in self._credential_headers:
            return value
        scheme, _, credentials = value.partition(" ")
        return f"{scheme} {self._mark(credentials)}" if credentials else self._mark(value)

    def _segment(self, segment: str) -> str:
        text = unquote(segment)
        masked = self._json(text)
        return segment if masked == text else quote(masked)

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
            # Broken JSON, or JSON inside a multipart body: the rest of the text stays as it is.
            return JSON_SECRET.sub(lambda found: f"{found[1]}{self._mark(found[2])}{found[3]}", text)
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
